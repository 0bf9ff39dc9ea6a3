//! What to write instead of a text that cannot be read.

use super::function;
use super::grammar::{DEEPEST, Misread, is_in_name};

/// What can stand where something is missing.
const OPERAND: &str = "a number, x or a function";

/// Words of programs that no formula has.
const CONDITIONS: [&str; 12] = ["if", "else", "elif", "and", "or", "not", "is", "in", "for", "while", "where", "match"];
const STATEMENTS: [&str; 5] = ["lambda", "def", "fn", "return", "let"];

/// A message about a byte of the text, by its character's number from 1.
pub(super) fn at(text: &str, byte: usize, message: &str) -> String {
    let character = text[..byte].chars().count() + 1;
    let end = if byte == text.len() { " (the end)" } else { "" };
    format!("at character {character}{end}: {message}")
}

/// Refuses a text without anything in it, and words of programs, which would be taken for names.
pub(super) fn refuse_statements(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(at(text, text.len(), "nothing is written; write a formula of x, such as 1 / x"));
    }
    for (byte, word) in words(text) {
        if STATEMENTS.contains(&word) {
            return Err(at(text, byte, &formula_alone(text, word)));
        }
        if CONDITIONS.contains(&word) {
            let message = format!("{word:?}: there are no conditions or loops; use min, max, floor or sign");
            return Err(at(text, byte, &message));
        }
    }
    Ok(())
}

/// Every run of letters and digits that starts with a letter, and where it starts.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let pieces = text.split(|c| !is_in_name(c)).filter(|piece| piece.starts_with(|c: char| !c.is_ascii_digit()));
    pieces.map(|piece| (piece.as_ptr().addr() - text.as_ptr().addr(), piece))
}

fn formula_alone(text: &str, word: &str) -> String {
    match text.split_once(':') {
        Some((_, formula)) if word == "lambda" => {
            format!("write the expression alone, with x as its variable, and without {word:?}: {:?}", formula.trim())
        }
        _ => format!("write the expression alone, with x as its variable, and without {word:?}"),
    }
}

/// What is wrong where a text is no expression any more.
pub(super) fn misread(text: &str, misread: &Misread) -> String {
    let byte = match misread {
        Misread::TooDeep(byte) => {
            let message = format!("more than {DEEPEST} parentheses, signs and powers stand inside one another");
            return at(text, *byte, &message);
        }
        Misread::At(byte) => *byte,
    };
    let rest = text[byte..].trim_start();
    let byte = text.len() - rest.len();
    let before = text[..byte].trim_end();
    let complete = before.ends_with(|c: char| is_in_name(c) || c == ')' || c == '.');
    let message = match rest.chars().next() {
        None if complete => unclosed(text),
        None => format!("{OPERAND} is missing"),
        Some(first) => symbol(before, rest, first)
            .or_else(|| complete.then(|| after_operand(&text[..byte], rest)).flatten())
            .unwrap_or_else(|| wanting(first, complete)),
    };
    at(text, byte, &message)
}

fn unclosed(text: &str) -> String {
    let mut open = Vec::new();
    for (index, c) in text.chars().enumerate() {
        match c {
            '(' => open.push(index + 1),
            ')' => drop(open.pop()),
            _ => {}
        }
    }
    let from = open.last().copied().unwrap_or_default();
    format!("the parenthesis of character {from} is not closed")
}

/// Where nothing better is known of a character.
fn wanting(first: char, complete: bool) -> String {
    match first {
        '*' | '/' | '^' | '%' | ')' | ',' if !complete => format!("{OPERAND} is missing before {first:?}"),
        ')' => "this parenthesis closes nothing".to_owned(),
        _ => format!("{first:?} has no meaning here"),
    }
}

/// Symbols that are not known, and what is written for them.
fn symbol(before: &str, rest: &str, first: char) -> Option<String> {
    let two: String = rest.chars().take(2).collect();
    let message = match (first, two.as_str()) {
        (_, "==" | "!=" | "<=" | ">=" | "&&" | "||" | "<<" | ">>")
        | ('<' | '>' | '?' | '&' | '|' | '~' | '≤' | '≥', _) => {
            "there are no comparisons or conditions; use min, max, floor or sign".to_owned()
        }
        ('=' | ':' | ';', _) => "write the expression alone, with x as its variable".to_owned(),
        ('!', _) => "there is no factorial and no \"not\"".to_owned(),
        ('[' | ']' | '{' | '}', _) => format!("write ( and ) for {first:?}"),
        ('"' | '\'', _) => "text has no place in a formula".to_owned(),
        ('#', _) => "a comment has no place in a formula".to_owned(),
        ('²', _) => "write ^2 for a square".to_owned(),
        ('³', _) => "write ^3 for a cube".to_owned(),
        ('×' | '·' | '⋅' | '∙' | '∗', _) => format!("write * for {first:?}"),
        ('÷' | '∕', _) => format!("write / for {first:?}"),
        ('−' | '–' | '—', _) => format!("write - for {first:?}"),
        ('√', _) => "write sqrt( ) for a root".to_owned(),
        (',', _) if before.ends_with(|c: char| c.is_ascii_digit()) => {
            "a comma stands only between a function's arguments; a decimal point is written .".to_owned()
        }
        (',', _) if before.ends_with(|c: char| is_in_name(c) || c == ')') => {
            "a comma stands only between a function's arguments".to_owned()
        }
        _ => return None,
    };
    Some(message)
}

/// What follows a number, a name or a closing parenthesis, and is no operator.
fn after_operand(before: &str, rest: &str) -> Option<String> {
    let word = before.trim_end().rsplit(|c| !(is_in_name(c) || c == '.')).next().unwrap_or_default();
    let follows: String = rest.chars().take_while(|c| is_in_name(*c)).collect();
    let is_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if is_number && before.ends_with(word) && !rest.starts_with('(') {
        return Some(suffix(word, &follows));
    }
    if function::function(word).is_some() {
        return Some(format!("write {word}({follows}): a function's argument stands in parentheses"));
    }
    if rest.starts_with('.') {
        return Some("there are no methods: write sqrt(x) for x.sqrt()".to_owned());
    }
    if function::function(&follows).is_some_and(|function| function.takes().starts_with('2')) {
        return Some(format!("write {follows}(a, b) for \"a {follows} b\", or an operator before it"));
    }
    (rest.starts_with('(') || !follows.is_empty())
        .then(|| "an operator is missing here: write * for a product".to_owned())
}

/// What stands right behind a number.
fn suffix(number: &str, follows: &str) -> String {
    let known = follows == "x" || function::constant(follows).is_some() || function::function(follows).is_some();
    match follows.chars().next() {
        None => format!("{number:?} has a point already"),
        Some('_') => "write numbers without _".to_owned(),
        Some('e' | 'E') if follows.len() == 1 => {
            format!("write {number}*e for {number} times e, or an exponent as in {number}e-3")
        }
        Some(_) if known => format!("write {number}*{follows} for a product"),
        Some(_) => format!("{follows:?} behind a number is not known: write the number out, as 1000 or 1e3"),
    }
}
