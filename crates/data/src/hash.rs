//! The data hash, and the check that every source gives the known one.

use sha2::{Digest, Sha256};

use crate::error::{Error, HashMismatch};
use crate::images::{DataSet, Images};
use crate::name::Name;
use crate::progress::{Phase, Reporter};

/// Bytes hashed between two progress reports.
const STEP: usize = 8 << 20;

/// See [`DataSet::data_hash`] for the bytes that go in. `tick` is told the number of bytes done so far.
pub(crate) fn data_hash(name: Name, train: &Images, test: &Images, tick: &mut dyn FnMut(u64)) -> String {
    let mut hasher = Sha256::new();
    hasher.update((name.as_str().len() as u64).to_le_bytes());
    hasher.update(name.as_str());
    let mut done = 0;
    for part in [train, test] {
        for length in [part.count, part.channels, part.height, part.width] {
            hasher.update((length as u64).to_le_bytes());
        }
        for bytes in part.pixels.chunks(STEP).chain([part.labels.as_slice()]) {
            hasher.update(bytes);
            done += bytes.len() as u64;
            tick(done);
        }
    }
    hexadecimal(&hasher.finalize())
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The data set again, if its hash is the known one.
pub(crate) fn verify(set: DataSet, reporter: &mut Reporter<'_>) -> Result<DataSet, Error> {
    let total = [&set.train, &set.test].map(|part| (part.pixels.len() + part.labels.len()) as u64).iter().sum();
    let mut tick = reporter.phase(Phase::Checking, set.name.as_str(), Some(total));
    let found = data_hash(set.name, &set.train, &set.test, &mut tick);
    drop(tick);
    let known = set.name.facts().data_hash;
    if found == known {
        return Ok(set);
    }
    let looks_like = lookalike(&set);
    Err(HashMismatch { name: set.name, origin: set.source, found, known, looks_like }.into())
}

/// MNIST and Fashion-MNIST have the same file names and shapes, so one is easily taken for the other.
fn lookalike(set: &DataSet) -> Option<Name> {
    let other = match set.name {
        Name::Mnist => Name::FashionMnist,
        Name::FashionMnist => Name::Mnist,
        Name::Digits | Name::Cifar10 => return None,
    };
    let hash = data_hash(other, &set.train, &set.test, &mut |_| ());
    (hash == other.facts().data_hash).then_some(other)
}
