//! Random expressions against an evaluator of the test's own, which walks the tree that the text was written from.

use proptest::prelude::*;

use super::value;

/// `LRSCOPE_FORMULAS` asks for more than a change needs.
fn cases() -> u32 {
    std::env::var("LRSCOPE_FORMULAS").ok().and_then(|count| count.parse().ok()).unwrap_or(4000)
}

#[derive(Debug, Clone)]
enum Tree {
    X,
    /// A number as it is spelt, and its value.
    Number(String, f64),
    Minus(Box<Tree>),
    Plus(Box<Tree>),
    Between(Operator, Box<[Tree; 2]>),
    Call(&'static str, Vec<Tree>),
    /// Parentheses that are not needed.
    Enclosed(Box<Tree>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    FloorDivide,
    Power,
}

use Operator::{Add, Divide, FloorDivide, Modulo, Multiply, Power, Subtract};

/// The value of a tree, in the order in which it was written. The functions are libm's, so that equal is equal to the bit.
fn evaluate(tree: &Tree, x: f64) -> f64 {
    match tree {
        Tree::X => x,
        Tree::Number(_, value) => *value,
        Tree::Minus(inside) => -evaluate(inside, x),
        Tree::Plus(inside) | Tree::Enclosed(inside) => evaluate(inside, x),
        Tree::Between(operator, sides) => {
            let (left, right) = (evaluate(&sides[0], x), evaluate(&sides[1], x));
            match operator {
                Add => left + right,
                Subtract => left - right,
                Multiply => left * right,
                Divide => left / right,
                Modulo => modulo(left, right),
                FloorDivide => floor_divide(left, right),
                Power => libm::pow(left, right),
            }
        }
        Tree::Call(name, arguments) => {
            let arguments: Vec<f64> = arguments.iter().map(|argument| evaluate(argument, x)).collect();
            call(name, &arguments)
        }
    }
}

/// As `float_rem` in Python's `floatobject.c`.
fn modulo(value: f64, divisor: f64) -> f64 {
    let rest = value % divisor;
    if rest == 0.0 {
        return 0.0_f64.copysign(divisor);
    }
    if (divisor < 0.0) == (rest < 0.0) { rest } else { rest + divisor }
}

/// As `float_floor_div` there.
fn floor_divide(value: f64, divisor: f64) -> f64 {
    let quotient = (value - modulo(value, divisor)) / divisor;
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

/// NaN stays NaN, whatever it is compared with.
fn extreme(arguments: &[f64], largest: bool) -> f64 {
    if arguments.iter().any(|argument| argument.is_nan()) {
        return f64::NAN;
    }
    let mut found = arguments[0];
    for argument in arguments {
        if (largest && *argument > found) || (!largest && *argument < found) {
            found = *argument;
        }
    }
    found
}

fn call(name: &str, arguments: &[f64]) -> f64 {
    let a = arguments[0];
    match (name, arguments.len()) {
        ("min", _) => extreme(arguments, false),
        ("max", _) => extreme(arguments, true),
        ("sin", 1) => libm::sin(a),
        ("cos", 1) => libm::cos(a),
        ("tanh", 1) => libm::tanh(a),
        ("atan", 1) => libm::atan(a),
        ("exp", 1) => libm::exp(a),
        ("sqrt", 1) => a.sqrt(),
        ("cbrt", 1) => libm::cbrt(a),
        ("log" | "ln", 1) => libm::log(a),
        ("log2", 1) => libm::log2(a),
        ("log10", 1) => libm::log10(a),
        ("abs", 1) => a.abs(),
        ("floor", 1) => a.floor(),
        ("ceil", 1) => a.ceil(),
        ("pow", 2) => libm::pow(a, arguments[1]),
        ("atan2", 2) => libm::atan2(a, arguments[1]),
        ("hypot", 2) => libm::hypot(a, arguments[1]),
        ("log", 2) => libm::log(a) / libm::log(arguments[1]),
        other => panic!("{other:?} is not among the functions of this test"),
    }
}

/// How tightly the outermost operator of a tree binds: what is looser than its place needs parentheses.
fn binding(tree: &Tree) -> u8 {
    match tree {
        Tree::Between(Add | Subtract, _) => 1,
        Tree::Between(Multiply | Divide | Modulo | FloorDivide, _) => 2,
        Tree::Minus(_) | Tree::Plus(_) => 3,
        Tree::Between(Power, _) => 4,
        _ => 5,
    }
}

/// Writes a tree with the parentheses that it needs; `draw` chooses between spellings and spaces.
fn write(tree: &Tree, least: u8, draw: &mut u64, text: &mut String) {
    let enclosed = binding(tree) < least;
    if enclosed {
        text.push('(');
    }
    match tree {
        Tree::X => text.push('x'),
        Tree::Number(spelt, _) => text.push_str(spelt),
        Tree::Minus(inside) => {
            text.push_str(["-", "- "][choose(draw)]);
            write(inside, 3, draw, text);
        }
        Tree::Plus(inside) => {
            text.push('+');
            write(inside, 3, draw, text);
        }
        Tree::Between(operator, sides) => between(*operator, sides, draw, text),
        Tree::Call(name, arguments) => {
            text.push_str(name);
            text.push('(');
            for (index, argument) in arguments.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { [", ", ","][choose(draw)] });
                write(argument, 0, draw, text);
            }
            text.push(')');
        }
        Tree::Enclosed(inside) => {
            text.push('(');
            write(inside, 0, draw, text);
            text.push(')');
        }
    }
    if enclosed {
        text.push(')');
    }
}

/// Sums and products lean to the left, powers to the right; a sign may stand on the right of anything.
fn between(operator: Operator, sides: &[Tree; 2], draw: &mut u64, text: &mut String) {
    let (left, right, signs) = match operator {
        Add => (1, 2, ["+", " + "]),
        Subtract => (1, 2, ["-", " - "]),
        Multiply => (2, 3, ["*", " * "]),
        Divide => (2, 3, ["/", " / "]),
        Modulo => (2, 3, ["%", " % "]),
        FloorDivide => (2, 3, ["//", " // "]),
        Power => (5, 3, ["**", " ^ "]),
    };
    write(&sides[0], left, draw, text);
    text.push_str(signs[choose(draw)]);
    write(&sides[1], right, draw, text);
}

/// One bit of the draw.
fn choose(draw: &mut u64) -> usize {
    *draw = draw.rotate_right(1);
    (*draw & 1) as usize
}

/// Numbers as people write them: whole, with a point anywhere, with an exponent. The value is that of `mantissa · 10^exponent`.
fn number() -> impl Strategy<Value = Tree> {
    let whole = (0..1000_u32).prop_map(|digits| (digits.to_string(), f64::from(digits)));
    let spelt = |text: String, plain: String| (text, plain.parse::<f64>().unwrap());
    let pointed = (0..100_u32, 0..1000_u32)
        .prop_map(move |(before, behind)| spelt(format!("{before}.{behind}"), format!("{before}.{behind}e0")));
    let bare = (0..1000_u32).prop_map(move |behind| spelt(format!(".{behind}"), format!("0.{behind}")));
    let open = (0..100_u32).prop_map(|before| (format!("{before}."), f64::from(before)));
    let exponent = (1..100_u32, -9..9_i32, prop::bool::ANY).prop_map(move |(digits, power, large)| {
        let e = if large { "E" } else { "e" };
        spelt(format!("{digits}{e}{power}"), format!("{digits}.0e{power}"))
    });
    let constant = prop::sample::select(vec![
        ("pi", std::f64::consts::PI),
        ("e", std::f64::consts::E),
        ("tau", std::f64::consts::TAU),
        ("π", std::f64::consts::PI),
    ]);
    let constant = constant.prop_map(|(name, value)| (name.to_owned(), value));
    prop_oneof![whole, pointed, bare, open, exponent, constant].prop_map(|(text, value)| Tree::Number(text, value))
}

fn operator() -> impl Strategy<Value = Operator> {
    prop::sample::select(vec![Add, Subtract, Multiply, Multiply, Divide, Power, Power, Modulo, FloorDivide])
}

const ONE: [&str; 14] =
    ["sin", "cos", "tanh", "atan", "exp", "sqrt", "cbrt", "log", "ln", "log2", "log10", "abs", "floor", "ceil"];
const TWO: [&str; 4] = ["pow", "atan2", "hypot", "log"];

/// Trees with many constants: beside one another, at ends and inside functions, where a folding would find them.
fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![2 => Just(Tree::X), 3 => number()];
    leaf.prop_recursive(5, 40, 3, |inside| {
        let between = |operator, left, right| Tree::Between(operator, Box::new([left, right]));
        let pair =
            (operator(), inside.clone(), inside.clone()).prop_map(move |(operator, a, b)| between(operator, a, b));
        let chain =
            (operator(), operator(), inside.clone(), number(), number()).prop_map(move |(one, two, start, a, b)| {
                let inner = between(one, start, a);
                between(two, inner, b)
            });
        let one = (prop::sample::select(ONE.to_vec()), inside.clone()).prop_map(|(name, a)| Tree::Call(name, vec![a]));
        let two = (prop::sample::select(TWO.to_vec()), inside.clone(), inside.clone())
            .prop_map(|(name, a, b)| Tree::Call(name, vec![a, b]));
        let extremes = (prop::sample::select(vec!["min", "max"]), prop::collection::vec(inside.clone(), 2..4));
        let extremes = extremes.prop_map(|(name, arguments)| Tree::Call(name, arguments));
        prop_oneof![
            4 => pair,
            3 => chain,
            3 => one,
            1 => two,
            2 => extremes,
            2 => inside.clone().prop_map(|a| Tree::Minus(Box::new(a))),
            1 => inside.clone().prop_map(|a| Tree::Plus(Box::new(a))),
            1 => inside.prop_map(|a| Tree::Enclosed(Box::new(a))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn random_expressions_have_the_values_of_their_trees(tree in tree(), mut draw in any::<u64>()) {
        let mut text = String::new();
        write(&tree, 0, &mut draw, &mut text);
        prop_assume!(text.chars().count() <= 1000);
        for x in [0.0, 1.0, 2.0, 3.0, 17.0, 4999.0] {
            let (found, expected) = (value(&text, x), evaluate(&tree, x));
            let same = found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
            prop_assert!(same, "{text} at {x}: {found:?}, not {expected:?}");
        }
    }
}
