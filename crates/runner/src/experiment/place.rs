//! From a key like `optimizer.sgd.momentum` to the file, line and column where its value stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Source;

/// A key's place in the words of an error message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(pub String);

impl Source {
    /// Where `key` stands: `file:line:column: key`; the nearest enclosing table where the key itself is not written.
    ///
    /// Elements of arrays of tables are written `arm.0.schedule`.
    pub fn place(&self, key: &str) -> Place {
        let Ok(table) = DeTable::parse(&self.text) else {
            return Place(format!("{}: {key}", self.origin));
        };
        let offset = offset_of(table.get_ref(), key);
        Place(match offset {
            Some(offset) => {
                let (line, column) = line_and_column(&self.text, offset);
                format!("{}:{line}:{column}: {key}", self.origin)
            }
            None => format!("{}: {key}", self.origin),
        })
    }
}

/// Byte offset of the deepest part of `key` that is written in the document.
fn offset_of(root: &DeTable<'_>, key: &str) -> Option<usize> {
    let mut found = None;
    let mut parts = key.split('.');
    let mut value: &Spanned<DeValue<'_>> = root.get(parts.next()?)?;
    found = Some(value.span().start).or(found);
    for part in parts {
        let next = match value.get_ref() {
            DeValue::Table(table) => table.get(part),
            DeValue::Array(array) => part.parse().ok().and_then(|index: usize| array.get(index)),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => break,
        }
        found = Some(value.span().start);
    }
    found
}

/// Line and column of a byte offset, both from 1; columns count characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}
