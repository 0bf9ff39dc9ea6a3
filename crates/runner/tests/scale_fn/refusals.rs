//! What is refused, where, and what it says to write instead.

use lrscope_runner::resolve::compile_scale_fn;
use proptest::prelude::*;

#[track_caller]
fn refused(text: &str) -> String {
    match compile_scale_fn(text) {
        Ok(function) => panic!("{text:?} is read, as {} at 2", function.call(2.0)),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn all(cases: &[(&str, usize, &str)]) {
    for (text, character, said) in cases {
        let error = refused(text);
        assert!(error.starts_with(&format!("at character {character}")), "{text}: {error}");
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn names_of_libraries_are_told_by_their_own() {
    all(&[
        ("np.sin(x)", 1, "write sin for \"np.sin\""),
        ("1 + numpy.sqrt(x)", 5, "write sqrt for \"numpy.sqrt\""),
        ("math.exp(-x)", 1, "write exp for"),
        ("torch.cos(x)", 1, "write cos for"),
        ("torch.special.expm1(x)", 1, "write expm1 for"),
        ("x * np.pi", 5, "write pi for \"np.pi\""),
        ("math.e", 1, "write e for"),
        ("np.power(x, 2)", 1, "write pow"),
        ("np.minimum(x, 2)", 1, "write min"),
        ("np.arctan2(x, 2)", 1, "write atan2"),
        ("torch.sigmoid(x)", 1, "write 1 / (1 + exp(-x))"),
        ("torch.tensor(x)", 1, "the expression alone"),
        ("np.clip(x, 0, 1)", 1, "write min(high, max(low, x))"),
        ("Math.sin(x)", 1, "write sin"),
        ("x.sqrt()", 1, "there are no methods; write sqrt(x)"),
        ("x.pow(2)", 1, "there are no methods; write pow(x"),
        ("(x+1).sqrt()", 6, "there are no methods"),
        ("np.sinn(x)", 1, "did you mean sin?"),
        ("float(x)", 1, "the expression alone"),
    ]);
}

#[test]
fn programs_are_told_to_be_an_expression() {
    all(&[
        (
            "lambda x: 1/(2.**(x-1))",
            1,
            "write the expression alone, with x as its variable, and without \"lambda\": \"1/(2.**(x-1))\"",
        ),
        ("def f(x): return x", 1, "write the expression alone"),
        ("x if x < 1 else 0", 3, "no conditions"),
        ("x and 1", 3, "no conditions"),
        ("x < 1", 3, "no comparisons"),
        ("(x >= 1) * 2", 4, "no comparisons"),
        ("x == 1", 3, "no comparisons"),
        ("x ? 1 : 0", 3, "no comparisons"),
        ("y = x", 3, "write the expression alone"),
        ("x = 1", 3, "write the expression alone"),
        ("x; x", 2, "write the expression alone"),
        ("f(x) = x", 6, "write the expression alone"),
        ("print(x)", 1, "\"print\" is not known"),
        ("\"x\"", 1, "text has no place"),
        ("x # half", 3, "a comment has no place"),
        ("[x]", 1, "write ( and )"),
        ("max([x, 1])", 5, "write ( and )"),
        ("{x}", 1, "write ( and )"),
        ("x!", 2, "no factorial"),
        ("!x", 1, "no factorial"),
    ]);
}

#[test]
fn products_and_calls_are_written_out() {
    all(&[
        ("2x", 2, "write 2*x"),
        ("2 + 3pi", 6, "write 3*pi"),
        ("2exp(x)", 2, "write 2*exp"),
        ("2(x + 1)", 2, "write * for a product"),
        ("(x)(x)", 4, "write * for a product"),
        ("x (x)", 1, "x is the variable, not a function"),
        ("x(2)", 1, "x is the variable, not a function"),
        ("x x", 3, "write * for a product"),
        ("x 2", 3, "write * for a product"),
        ("pi()", 1, "pi is a number: write it without parentheses"),
        ("e()", 1, "e is a number"),
        ("sin", 1, "sin is a function: write sin(x)"),
        ("sin x", 5, "write sin(x)"),
        ("x min 1", 3, "write min(a, b)"),
        ("sin()", 1, "sin takes 1 argument, not 0"),
        ("sin(x, 2)", 1, "sin takes 1 argument, not 2"),
        ("1 + pow(x)", 5, "pow takes 2 arguments, not 1"),
        ("pow(x, 2, 3)", 1, "pow takes 2 arguments, not 3"),
        ("log(x, 2, 3)", 1, "log takes 1 argument or 2, not 3"),
        ("min(x)", 1, "min takes 2 arguments or more, not 1"),
    ]);
}

#[test]
fn numbers_are_written_out() {
    all(&[
        ("1k", 2, "\"k\" behind a number is not known: write the number out"),
        ("1k * x", 2, "write the number out"),
        ("5m*x", 2, "write the number out"),
        ("1_000", 2, "write numbers without _"),
        ("0x10", 2, "behind a number is not known"),
        ("2e", 2, "write 2*e for 2 times e"),
        ("2e*x", 2, "write 2*e for 2 times e"),
        ("1.2.3", 4, "has a point already"),
        ("1j*x", 2, "write the number out"),
        ("0,5 * x", 2, "a decimal point is written ."),
        ("(x, 1)", 3, "a comma stands only between a function's arguments"),
        ("1e999 * x", 1, "1e999 is too large a number"),
        (".", 1, "has no meaning here"),
        ("x^²", 3, "write ^2"),
        ("x²", 2, "write ^2 for a square"),
        ("2·x", 2, "write * for"),
        ("2 × x", 3, "write * for"),
        ("1 − x", 3, "write - for"),
        ("50%", 4, "(the end): a number, x or a function is missing"),
    ]);
}

#[test]
fn names_that_are_not_known() {
    all(&[
        ("y + 1", 1, "\"y\" is not known; the variable is x"),
        ("1 / step", 5, "the variable is x"),
        ("0.5 ^ epoch", 7, "the variable is x"),
        ("1 + X", 5, "write x"),
        ("Sin(x)", 1, "write sin"),
        ("sine(x)", 1, "did you mean sin?"),
        ("sqr(x)", 1, "did you mean sqrt?"),
        ("flor(x)", 1, "did you mean floor?"),
        ("gamma(x)", 1, "use x, pi, e, tau and the functions abs, acos"),
        ("inf", 1, "is not known"),
        ("nan", 1, "is not known"),
        ("größe", 1, "\"größe\" is not known"),
    ]);
}

#[test]
fn unfinished_texts() {
    all(&[
        ("", 1, "nothing is written"),
        ("  ", 3, "nothing is written"),
        ("x +", 4, "(the end): a number, x or a function is missing"),
        ("(", 2, "a number, x or a function is missing"),
        ("1 / (x + (2)", 13, "the parenthesis of character 5 is not closed"),
        ("sin(x", 6, "the parenthesis of character 4 is not closed"),
        ("x)", 2, "this parenthesis closes nothing"),
        ("()", 2, "is missing before ')'"),
        ("x + * 2", 5, "is missing before '*'"),
        ("2***x", 4, "is missing before '*'"),
        ("* x", 1, "is missing before '*'"),
        ("max(1, , 2)", 8, "is missing before ','"),
        ("max(1, 2,)", 10, "is missing before ')'"),
        ("x ** ", 6, "is missing"),
    ]);
}

/// Texts that nobody writes by hand: no stack is used up, in a thread that has little.
#[test]
fn long_and_deep_texts_end_in_a_refusal() {
    let nest = |times: usize| format!("{}x{}", "(".repeat(times), ")".repeat(times));
    let deep = [nest(498), "-".repeat(998) + "x", "2^".repeat(499) + "x", "sin(".repeat(200) + "x"];
    let search = move || {
        for text in &deep {
            assert!(refused(text).contains("more than 100 parentheses, signs and powers"), "{}", refused(text));
        }
        assert_eq!(compile_scale_fn(&nest(100)).unwrap().call(3.0), 3.0);
        let sum = "x".to_owned() + &"+1".repeat(499);
        assert_eq!(compile_scale_fn(&sum).unwrap().call(1.0), 500.0);
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(search).unwrap().join().unwrap();
    assert!(refused(&"1".repeat(1001)).contains("it has 1001 characters; at most 1000 are read"));
    assert_eq!(compile_scale_fn(&("π".to_owned() + &" ".repeat(999))).unwrap().call(2.0), std::f64::consts::PI);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    /// Any text is read or refused with a character in it; a panic is neither.
    #[test]
    fn any_text_is_read_or_refused(text in "[-+*/^%(),.0-9exsinpa \u{221a}ß²]{0,30}|\\PC{0,20}") {
        if let Err(error) = compile_scale_fn(&text) {
            let error = error.to_string();
            let number = error.strip_prefix("at character ").and_then(|rest| rest.split([':', ' ']).next()?.parse::<usize>().ok());
            let last = text.chars().count() + 1;
            prop_assert!(number.is_some_and(|number| (1..=last).contains(&number)), "{text:?}: {error}");
        }
    }
}
