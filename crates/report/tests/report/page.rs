//! What a test wants to know of a page, read by a Markdown parser.

use lrscope_report::ReportFile;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

fn parser(markdown: &str) -> Parser<'_> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH | Options::ENABLE_FOOTNOTES;
    Parser::new_ext(markdown, options)
}

/// All tables as rows of plain cells, the header first.
pub fn tables(markdown: &str) -> Vec<Vec<Vec<String>>> {
    let mut tables: Vec<Vec<Vec<String>>> = Vec::new();
    let mut cell: Option<String> = None;
    for event in parser(markdown) {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Vec::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => tables.last_mut().expect("a table").push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) => {
                let row = tables.last_mut().and_then(|table| table.last_mut()).expect("a row");
                row.push(cell.take().expect("a cell"));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(cell) = &mut cell {
                    cell.push_str(&text);
                }
            }
            _ => {}
        }
    }
    tables
}

/// Targets of links and pictures.
pub fn targets(markdown: &str) -> Vec<String> {
    parser(markdown)
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
            _ => None,
        })
        .collect()
}

/// Fenced blocks as (language, content).
pub fn fenced(markdown: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open = false;
    for event in parser(markdown) {
        match event {
            Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Fenced(language))) => {
                blocks.push((language.to_string(), String::new()));
                open = true;
            }
            Event::End(TagEnd::CodeBlock) => open = false,
            Event::Text(text) if open => blocks.last_mut().expect("a block").1.push_str(&text),
            _ => {}
        }
    }
    blocks
}

/// Everything that a reader sees as words outside code blocks, one string a block.
pub fn prose(markdown: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for event in parser(markdown) {
        match event {
            Event::Text(text) | Event::Code(text) => blocks.last_mut().expect("a block").push_str(&text),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_)) => blocks.push(String::new()),
            _ => {}
        }
    }
    blocks
}

/// Fails where the page holds raw HTML, formulas or footnotes, or links to what was not written with it.
pub fn check(files: &[ReportFile]) {
    let markdown = readme(files);
    for event in parser(&markdown) {
        let foreign = matches!(
            event,
            Event::Html(_)
                | Event::InlineHtml(_)
                | Event::InlineMath(_)
                | Event::DisplayMath(_)
                | Event::FootnoteReference(_)
        );
        assert!(!foreign, "{event:?}");
    }
    for target in targets(&markdown) {
        assert!(files.iter().any(|file| file.name == target), "{target} was not written");
    }
    for file in files.iter().filter(|file| file.name != "README.md") {
        let linked = targets(&markdown).contains(&file.name);
        assert!(linked, "{} is written but not mentioned", file.name);
    }
    for table in tables(&markdown) {
        assert!(table.iter().all(|row| row.len() == table[0].len()), "{table:?}");
    }
}

pub fn readme(files: &[ReportFile]) -> String {
    content(files, "README.md")
}

pub fn content(files: &[ReportFile], name: &str) -> String {
    let file = files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("{name} is missing"));
    String::from_utf8(file.bytes.clone()).expect("text")
}
