"""Writes values.json beside this file: expressions as Python reads them, with their values by Python's own `math`.

A row is [text, x, value]. Left out is what Python refuses (a division by zero, a root of a negative number, an overflow), and what
hangs on the last bits of a function, which no two libraries share: where changes of 2^-50 in every function's value show.
Needs Python 3.11 or newer. Run: python3 make.py
"""

import ast
import json
import math
import pathlib
import random
import re

FIXED = [
    "sqrt(x*0.5*2)", "exp(x*0.1*0.1)", "0.5*(1+sin(x*0.5*3.14159))", "0.99994**x", "1/(2.**(x-1))", "exp(-1e-4*x)",
    "min(1, max(0, x))", "-x**2", "2**-x", "2**3**2", "2 * -x**2", "2**-x**2", "-2**-x", "x - 1 - 1", "x / 2 / 2", "x - 2 + 3",
    "6 / 2 * x", "2 * 7 % 4", "7 % 4 * x", "7 // 2 * x", "-x // 3", "-x % 3", "x % -3", "1 / 5 ** (x * 0.0001)", "--x", "+-x",
    "x*3%2/4//5", "0.1 ** (x // 3)", "0.5 * (1 + cos(pi * (x % 10) / 10))", "log(x, 3)", "pow(x, 0.5)", "atan2(x, -2)",
    "hypot(x, 1.5)", "round(x / 2)", "round(x * 0.5 + 1)", "max(0.0, (1.0-x/100))", "1/(5**(x*0.0001))", "exp2(-x)",
]
ONE = {
    "abs": abs, "acos": math.acos, "acosh": math.acosh, "asin": math.asin, "asinh": math.asinh, "atan": math.atan,
    "atanh": math.atanh, "cbrt": math.cbrt, "ceil": lambda v: float(math.ceil(v)), "cos": math.cos, "cosh": math.cosh,
    "exp": math.exp, "exp2": math.exp2, "expm1": math.expm1, "floor": lambda v: float(math.floor(v)),
    "fract": lambda v: math.fmod(v, 1.0), "ln": math.log, "log": math.log, "log10": math.log10, "log1p": math.log1p,
    "log2": math.log2, "round": lambda v: float(round(v)), "sign": lambda v: float((v > 0) - (v < 0)),
    "signum": lambda v: float((v > 0) - (v < 0)), "sin": math.sin, "sinh": math.sinh, "sqrt": math.sqrt, "tan": math.tan,
    "tanh": math.tanh, "trunc": lambda v: float(math.trunc(v)),
}
TWO = {"atan2": math.atan2, "fmod": math.fmod, "hypot": math.hypot, "pow": math.pow, "log": math.log}
CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}
NUMBERS = ["0", "1", "2", "3", "10", "0.5", ".25", "2.", "1e-4", "1E2", "3.14159", "0.99994", "7.5e-1", "100"]


def nudged(function, factor):
    return lambda *arguments: float(function(*map(float, arguments))) * factor


class Powers(ast.NodeTransformer):
    """Makes every `**` a call, so that its value can be nudged as a function's."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        name = ast.Name("power", ast.Load())
        return ast.copy_location(ast.Call(name, [node.left, node.right], []), node)


def value(text, x, factor=1.0):
    """The value, or None where Python has none; `factor` is put on the value of every function and power."""
    names = {name: nudged(function, factor) for name, function in ONE.items()}
    names |= {name: nudged(function, factor) for name, function in TWO.items() if name != "log"}
    names["log"] = lambda v, *base: math.log(v, *base) * factor
    names["power"] = lambda base, exponent: base**exponent * factor
    names |= {"min": min, "max": max} | CONSTANTS | {"x": float(x), "__builtins__": {}}
    tree = ast.parse(text, mode="eval")
    if factor != 1:
        tree = ast.fix_missing_locations(Powers().visit(tree))
    try:
        found = eval(compile(tree, "formula", "eval"), names)
    except (ArithmeticError, ValueError, TypeError):
        return None
    return float(found) if isinstance(found, (int, float)) and math.isfinite(found) else None


def expression(draw, depth):
    """A random text. Constants are frequent, in chains and at ends: that is where foldings go wrong."""
    kind = draw.random()
    if depth == 0 or kind < 0.12:
        return draw.choice(["x"] * 6 + list(CONSTANTS) + NUMBERS)
    inside = lambda: expression(draw, depth - 1)
    if kind < 0.24:
        return f"{draw.choice(list(ONE))}({inside()})"
    if kind < 0.32:
        name = draw.choice(list(TWO) + ["min", "max"] * 2)
        return f"{name}({inside()}, {inside()})"
    if kind < 0.36:
        return f"{draw.choice(['min', 'max'])}({inside()}, {inside()}, {inside()})"
    if kind < 0.42:
        return f"({inside()})"
    if kind < 0.48:
        return f"{draw.choice('-+')}{inside()}"
    if kind < 0.6:
        operators = draw.choices(["*", "*", "+", "-", "/"], k=2)
        return f"{inside()}{operators[0]}{draw.choice(NUMBERS)}{operators[1]}{draw.choice(NUMBERS)}"
    operator = draw.choice([" + ", "-", "*", " * ", "/", " / ", "**", " ** ", " % ", "//"])
    return f"{inside()}{operator}{inside()}"


def rows():
    draw = random.Random(13)
    texts = FIXED + [expression(draw, draw.randint(1, 4)) for _ in range(3000)]
    for text in dict.fromkeys(texts):
        for x in draw.sample([0, 1, 2, 3, 5, 17, 100, 4999], 2) if text not in FIXED else [1, 2, 3, 5, 100]:
            found = value(text, x)
            if found is None or len(text) > 120 or not re.search(r"\bx\b", text):
                continue
            others = [value(text, x, 1 + step * 2**-50) for step in (-1, 1)]
            if all(other is not None and abs(other - found) <= 1e-13 * abs(found) for other in others):
                yield [text, x, found]


if __name__ == "__main__":
    table = ",\n".join(json.dumps(row) for row in rows())
    (pathlib.Path(__file__).parent / "values.json").write_text(f"[\n{table}\n]\n")
