//! Text from outside (configurations, data files, records, names of files and machines, what children say) made fit for a
//! terminal: no character of it can move the cursor, change colours or turn the direction of writing.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Text of several lines. What a terminal would obey stands as `\u001b`, which in JSON means the same character as before.
pub fn text(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && c != '\t' && is_obeyed(c))
}

/// A name or the like, which has no lines.
pub fn word(text: &str) -> Cow<'_, str> {
    escaped(text, is_obeyed)
}

/// Columns that a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text with blanks after it, so that it takes this many columns at least.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// A label of at most this many columns: one that is longer loses its middle, since its end (`seed 3`) tells it from others.
pub fn fitted(label: &str, columns: usize) -> String {
    if width(label) <= columns {
        return label.to_owned();
    }
    let end = taken(label.chars().rev(), columns / 2);
    let start = taken(label.chars(), columns.saturating_sub(1 + width(&end)));
    start + "…" + &end.chars().rev().collect::<String>()
}

/// As many of the characters as have room.
fn taken(chars: impl Iterator<Item = char>, columns: usize) -> String {
    let mut room = columns;
    chars
        .take_while(|c| {
            let left = room.checked_sub(c.width().unwrap_or(0));
            room = left.unwrap_or(0);
            left.is_some()
        })
        .collect()
}

fn escaped(text: &str, is_unfit: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unfit(c) {
            // Writing to a string cannot fail. All of these have four digits.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Control characters (C0 with ESC, DEL, C1), other line ends, and the marks that turn the direction of writing (UAX #9).
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What no terminal may get from a name. The lists are Unicode's: general category Cc, and `Bidi_Control`.
    fn unfit(c: char) -> bool {
        let code = u32::from(c);
        let control = code < 0x20 || (0x7f..0xa0).contains(&code);
        let bidi = [0x61c, 0x200e, 0x200f].contains(&code) || (0x202a..0x202f).contains(&code);
        control || bidi || (0x2066..0x206a).contains(&code)
    }

    #[test]
    fn names_that_terminals_would_obey() {
        assert_eq!(word("a\u{1b}[31mb\u{7}\r\nc"), "a\\u001b[31mb\\u0007\\u000d\\u000ac");
        assert_eq!(word("8-bit \u{9b}31m"), "8-bit \\u009b31m");
        assert_eq!(word("\u{202e}txt.exe"), "\\u202etxt.exe");
        assert_eq!(text("one\ntwo\u{1b}]0;title\u{7}"), "one\ntwo\\u001b]0;title\\u0007");
        assert!(matches!(word("größe, 学習率 ✓"), Cow::Borrowed("größe, 学習率 ✓")));
    }

    proptest! {
        #[test]
        fn nothing_unfit_is_left(given in any::<String>()) {
            prop_assert!(!word(&given).chars().any(unfit));
            prop_assert!(!text(&given).chars().any(|c| unfit(c) && c != '\n' && c != '\t'));
        }

        /// In JSON only strings hold such characters, and there the escape is the character.
        #[test]
        fn json_keeps_its_value(given in any::<String>()) {
            let json = serde_json::to_string_pretty(&serde_json::json!({ "name": given })).expect("written");
            let read: serde_json::Value = serde_json::from_str(&text(&json)).expect("read");
            prop_assert_eq!(read["name"].as_str(), Some(given.as_str()));
        }

        #[test]
        fn a_fitted_label_keeps_both_ends(name in "[a-zé学]{0,60}", columns in 12_usize..40) {
            let label = format!("{name}, seed 7");
            let fitted = fitted(&label, columns);
            prop_assert!(width(&fitted) <= columns, "{}", fitted);
            prop_assert!(fitted.ends_with("eed 7"));
            prop_assert_eq!(fitted == label, width(&label) <= columns);
        }
    }

    #[test]
    fn columns_are_counted_as_terminals_do() {
        assert_eq!((width("größe"), width("学習率")), (5, 6));
        assert_eq!(padded("学", 4), "学  ");
        assert_eq!(padded("longer", 4), "longer");
    }
}
