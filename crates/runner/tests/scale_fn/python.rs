//! Values that Python gives for the same texts, by its own reader and its `math`; `make.py` beside the table wrote it.

use serde_json::Value;

use super::value;

/// Python's functions are the system's, ours are libm's; each may miss the last bits.
const TOLERANCE: f64 = 1e-12;

#[test]
fn texts_have_the_values_that_python_gives() {
    let cases: Value = serde_json::from_str(include_str!("values.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() > 1000, "{}", cases.len());
    for case in cases {
        let (text, x, expected) = (case[0].as_str().unwrap(), case[1].as_f64().unwrap(), case[2].as_f64().unwrap());
        for text in [text.to_owned(), text.replace("**", "^")] {
            let found = value(&text, x);
            let error = (found - expected).abs();
            assert!(
                error <= TOLERANCE * expected.abs().max(1e-300),
                "{text} at {x}: {found:?}, Python says {expected:?}"
            );
        }
    }
}
