//! Text in pages: a Markdown parser reads back what was put in.

use lrscope_report::{IndexEntry, IndexLine, ReportKind, render_index};
use proptest::prelude::*;

use crate::page::{tables, targets};

/// What a reader should see of a name: one line, without what reorders it.
fn shown(raw: &str) -> String {
    let reorders = |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let line: String = raw
        .chars()
        .filter(|c| !reorders(c))
        .map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c })
        .collect();
    line.trim().to_owned()
}

fn line(title: &str, result: &str, folder: &str) -> IndexLine {
    let entry = IndexEntry {
        kind: ReportKind::Training,
        title: title.into(),
        details: result.into(),
        data_set: result.into(),
        model: "m".into(),
        date: "d".into(),
        time: String::new(),
        unfinished: None,
        result: result.into(),
        folder: folder.into(),
    };
    IndexLine::Report { entry, folder: folder.into() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_text_in_a_table_shows_as_it_is(
        title in "([-a-z0-9 .:/@|`*_~#!$&<>()\\\\\\[\\]\"'=+^]|&amp;|www\\.|http://|\\PC){1,24}",
        result in "([-a-z0-9 .:/@|`*_~#!$&<>()\\\\\\[\\]\"'=+^\n\t]|&lt;|</td>|\\PC){0,24}",
        folder in "[a-z][a-z |()<>\\\\é/]{0,12}[a-z]",
    ) {
        let page = render_index(&[line(&title, &result, &folder)]);
        let all = tables(&page);
        prop_assert_eq!(all.len(), 1, "{}", page);
        prop_assert_eq!(all[0].len(), 2, "{}", page);
        let row = &all[0][1];
        prop_assert_eq!(row.len(), 6, "{}", page);
        let name = if title.trim().is_empty() { shown(&folder) } else { shown(&title) };
        prop_assert_eq!(&row[1], &name, "{}", page);
        prop_assert_eq!(&row[2], &shown(&result), "{}", page);
        prop_assert_eq!(&row[3], &shown(&result), "{}", page);
        prop_assert_eq!(&row[5], &shown(&result), "{}", page);
        let links = targets(&page);
        prop_assert_eq!(links.len(), 1, "{}", page);
        prop_assert!(!links[0].contains(['(', ')', '<', '>', ' ', '|', '\\']));
        prop_assert!(links[0].ends_with("/README.md"));
    }
}
