"""Writes streams.json: what `random::Stream` must yield, by ChaCha8 written out from its specification.

The core is checked first against RFC 8439 (20 rounds) and the ChaCha8 vector of draft-strombergson-chacha-test-vectors-01.
Run: python3 streams.py
"""

import json
import math
import pathlib
import struct

MASK = 0xFFFFFFFF


def quarter(s, a, b, c, d):
    for x, y, z, r in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & MASK
        t = s[z] ^ s[x]
        s[z] = ((t << r) | (t >> (32 - r))) & MASK


def block(key, tail, rounds):
    """One block of 64 bytes; `tail` are the last four words of the state (counter and nonce)."""
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8I", key), *tail]
    s = list(start)
    for _ in range(rounds // 2):
        for i in range(4):
            quarter(s, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((x + y) & MASK for x, y in zip(s, start)))


RFC_8439 = block(bytes(range(32)), (1, 0x09000000, 0x4A000000, 0), 20)
assert RFC_8439.hex().startswith("10f1e7e4d13b5915500fdd1fa32071c4"), RFC_8439.hex()
STROMBERGSON_TC1 = block(bytes(32), (0, 0, 0, 0), 8)
assert STROMBERGSON_TC1.hex().startswith("3e00ef2f895f40d67f5bb8e81f09a5a1"), STROMBERGSON_TC1.hex()

FAMILIES = {"range_test": 1, "training": 2, "data_set": 3, "statistics": 4}
PURPOSES = {"weights": 1, "order": 2, "dropout": 3, "augmentation": 4, "split": 5, "resampling": 6}


def bits(family, number, purpose, epoch, index):
    key = struct.pack("<4Q", FAMILIES[family] << 32 | PURPOSES[purpose], number, epoch, index)
    counter = 0
    while True:
        yield from struct.unpack("<8Q", block(key, (counter & MASK, counter >> 32, 0, 0), 8))
        counter += 1


def uniform(stream):
    return (next(stream) >> 11) * 2.0**-53


def below(stream, bound):
    """Uniform by rejection on the low half (Lemire, arXiv 1805.10941)."""
    while True:
        product = next(stream) * bound
        if product % 2**64 >= 2**64 % bound:
            return product >> 64


def normal(stream):
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(stream)))
    return radius * math.cos(math.tau * uniform(stream))


def shuffled(stream, count):
    items = list(range(count))
    for last in range(count - 1, 0, -1):
        other = below(stream, last + 1)
        items[last], items[other] = items[other], items[last]
    return items


KEYS = [
    ("range_test", 0, "weights", 0, 0),
    ("training", 0, "weights", 0, 0),
    ("training", 1, "order", 7, 0),
    ("training", 2**64 - 1, "dropout", 2**63, 12345678901234567890),
    ("data_set", 0, "split", 0, 0),
    ("statistics", 42, "resampling", 0, 3),
    ("training", 5, "augmentation", 1, 59999),
]
BOUNDS = [1, 2, 6, 10, 60000, 2**32 + 1, 3 * 2**62, 2**64 - 1]

cases = []
for key in KEYS:
    first = bits(*key)
    cases.append(
        {
            "key": list(key),
            # 20 words reach into the third block.
            "bits": [next(first) for _ in range(20)],
            "uniform": [uniform(s) for s in [bits(*key)] for _ in range(5)],
            "below": [[bound, below(s, bound)] for s in [bits(*key)] for bound in BOUNDS],
            "normal": [normal(s) for s in [bits(*key)] for _ in range(5)],
            "shuffled": shuffled(bits(*key), 20),
        }
    )
path = pathlib.Path(__file__).with_name("streams.json")
path.write_text(json.dumps(cases, indent=1) + "\n")
