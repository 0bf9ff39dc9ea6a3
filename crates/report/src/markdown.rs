//! GitHub-flavoured Markdown, escaped by construction: a page takes [`Inline`] pieces only, and text becomes one by
//! [`text`] or [`code`] alone.

use std::fmt::Write as _;

/// A piece of a line in which everything that came from outside is escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inline(String);

impl Inline {
    /// A sentence of this crate's own, in Markdown, with no name from outside in it.
    pub(crate) fn own(markdown: impl Into<String>) -> Self {
        Self(markdown.into())
    }

    /// This piece followed by another.
    pub(crate) fn then(mut self, next: &Inline) -> Self {
        self.0.push_str(&next.0);
        self
    }
}

/// Plain text: shows as it is, whatever Markdown or HTML it looks like.
pub(crate) fn text(raw: &str) -> Inline {
    let raw: Vec<char> = one_line(raw).trim().chars().collect();
    let mut out = String::with_capacity(raw.len() + 8);
    for (i, &c) in raw.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|j| raw.get(j)).copied();
        let after = raw.get(i + 1).copied();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' => out.push_str("&#124;"),
            '\\' => out.push_str("&#92;"),
            '_' if within_word(before, after) => out.push(c),
            '`' | '*' | '_' | '[' | ']' | '!' | '~' | '$' | '#' | '@' => push_escaped(&mut out, c),
            // Bare addresses would become links.
            ':' if after == Some('/') => push_escaped(&mut out, c),
            '.' if ends_in_www(&raw[..i]) => push_escaped(&mut out, c),
            // At the start these would begin a list or a heading's underline.
            '-' | '+' | '=' if i == 0 => push_escaped(&mut out, c),
            '.' | ')' if numbers_a_list(&raw[..i], after) => push_escaped(&mut out, c),
            _ => out.push(c),
        }
    }
    Inline(out)
}

/// Plain text that goes on after other text, with the spaces at its start.
pub(crate) fn text_after(raw: &str) -> Inline {
    let space = if raw.starts_with(char::is_whitespace) { " " } else { "" };
    Inline::own(space).then(&text(raw))
}

fn push_escaped(out: &mut String, c: char) {
    out.push('\\');
    out.push(c);
}

fn ends_in_www(before: &[char]) -> bool {
    before.len() >= 3 && before[before.len() - 3..].iter().all(|c| c.eq_ignore_ascii_case(&'w'))
}

fn numbers_a_list(before: &[char], after: Option<char>) -> bool {
    before.iter().all(char::is_ascii_digit) && after.is_none_or(char::is_whitespace)
}

fn within_word(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
}

/// A code span that shows `raw`, backticks included.
pub(crate) fn code(raw: &str) -> Inline {
    let raw = one_line(raw);
    if raw.trim().is_empty() {
        return Inline::default();
    }
    let fence = "`".repeat(longest_run(&raw) + 1);
    let pad = if raw.starts_with(['`', ' ']) || raw.ends_with(['`', ' ']) { " " } else { "" };
    Inline(format!("{fence}{pad}{raw}{pad}{fence}"))
}

/// Bold.
pub(crate) fn strong(inside: &Inline) -> Inline {
    Inline(format!("**{}**", inside.0))
}

/// A link to a file or page, given as a relative path.
pub(crate) fn link(label: &Inline, path: &str) -> Inline {
    link_bytes(label, path.as_bytes())
}

/// The same where the path need not be text.
pub(crate) fn link_bytes(label: &Inline, path: &[u8]) -> Inline {
    Inline(format!("[{}]({})", label.0, percent_encoded(path)))
}

/// Everything but letters, digits and `-._~/` of a path as `%XX`, so that no path can end the link or leave the site.
fn percent_encoded(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Line breaks and other control characters as spaces; what reorders a line's characters is dropped.
pub(crate) fn one_line(raw: &str) -> String {
    raw.chars()
        .filter(|c| !reorders(*c))
        .map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c })
        .collect()
}

/// Whether a character changes the direction of the text after it, by which a name could rewrite its line.
pub(crate) fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn longest_run(raw: &str) -> usize {
    raw.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// To which side a table's column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A page under construction.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// A page with its title.
    pub(crate) fn titled(title: &str) -> Self {
        let mut page = Self::default();
        page.block(&format!("# {}", text(title).0));
        page
    }

    /// A section's heading.
    pub(crate) fn section(&mut self, title: &str) {
        self.block(&format!("## {}", text(title).0));
    }

    /// A paragraph.
    pub(crate) fn paragraph(&mut self, content: &Inline) {
        self.block(&content.0);
    }

    /// A bulleted list; nothing where it has no items.
    pub(crate) fn list(&mut self, items: &[Inline]) {
        if !items.is_empty() {
            let lines: Vec<_> = items.iter().map(|item| format!("- {}", item.0)).collect();
            self.block(&lines.join("\n"));
        }
    }

    /// A picture of the same report, with its meaning for those who cannot see it.
    pub(crate) fn picture(&mut self, meaning: &str, file: &str) {
        self.block(&format!("![{}]({})", text(meaning).0, percent_encoded(file.as_bytes())));
    }

    /// A fenced block that shows `content` as it is.
    pub(crate) fn fenced(&mut self, language: &str, content: &str) {
        let fence = "`".repeat(longest_run(content).max(2) + 1);
        let content = content.trim_end_matches('\n');
        self.block(&format!("{fence}{language}\n{content}\n{fence}"));
    }

    /// A table; `header` holds each column's name and side.
    pub(crate) fn table(&mut self, header: &[(&str, Side)], rows: &[Vec<Inline>]) {
        let mut lines = vec![line(header.iter().map(|(name, _)| text(name).0))];
        lines.push(line(header.iter().map(|(_, side)| match side {
            Side::Left => "---".into(),
            Side::Right => "---:".into(),
        })));
        lines.extend(rows.iter().map(|row| line(row.iter().map(cell))));
        self.block(&lines.join("\n"));
    }

    /// The page as text.
    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn block(&mut self, markdown: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(markdown);
        self.0.push('\n');
    }
}

/// A bar can stand in a code span only (text has none left), and splits cells even there.
fn cell(content: &Inline) -> String {
    content.0.replace('|', "\\|")
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<_> = cells.collect();
    format!("| {} |", cells.join(" | "))
}
