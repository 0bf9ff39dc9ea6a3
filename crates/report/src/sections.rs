//! Sections that every report ends with.

use std::fmt::Display;

use crate::fact::Fact;
use crate::markdown::{Inline, Page, Side, code, link, strong, text, text_after};
use crate::study_facts::StudyFacts;

/// Where the rates of a range test came from.
pub(crate) fn range(page: &mut Page, note: &str) {
    page.paragraph(&strong(&Inline::own("Range")).then(&Inline::own(": ")).then(&text(note)));
}

const FACTS: [(&str, Side); 2] = [("what", Side::Left), ("value", Side::Left)];

/// What was run, and what was measured about the running.
pub(crate) fn recipe(page: &mut Page, facts: &StudyFacts) {
    let StudyFacts { date, time, recipe, measured, .. } = facts;
    page.section("Recipe");
    let mut rows: Vec<_> = recipe.iter().map(row).collect();
    if !date.is_empty() {
        let zone = if time.is_empty() { "" } else { " UTC" };
        rows.push(row(&Fact::new("begun", format!("{date} {time}{zone}"))));
    }
    if rows.is_empty() {
        page.paragraph(&Inline::own("Nothing was recorded."));
    } else {
        page.table(&FACTS, &rows);
    }
    if !measured.is_empty() {
        page.paragraph(&Inline::own("Measured, and not expected to repeat:"));
        let rows: Vec<_> = measured.iter().map(row).collect();
        page.table(&FACTS, &rows);
    }
}

fn row(fact: &Fact) -> Vec<Inline> {
    vec![text(&fact.name), text(&fact.value)]
}

/// Says of an unfinished study, before any figure, what the figures are about.
pub(crate) fn unfinished(page: &mut Page, facts: &StudyFacts) {
    let Some(unfinished) = &facts.unfinished else { return };
    let words = unfinished.words();
    let (word, rest) = words.split_at("unfinished".len());
    let mut capital = word.to_owned();
    capital.replace_range(..1, "U");
    page.paragraph(
        &strong(&Inline::own(capital))
            .then(&text_after(rest))
            .then(&Inline::own(
                ". Every figure below is of those runs alone, and may change with the others. Still to do: ",
            ))
            .then(&text(&unfinished.missing))
            .then(&Inline::own(". This goes on:")),
    );
    page.fenced("sh", &unfinished.command);
}

/// The command that makes the report again.
pub(crate) fn reproduce(page: &mut Page, facts: &StudyFacts) {
    page.section("Reproduce");
    page.fenced("sh", &facts.command);
}

/// The report's files with what they hold.
pub(crate) fn files<W: Display>(page: &mut Page, files: &[(&str, W)]) {
    page.section("Files");
    let items: Vec<_> = files
        .iter()
        .map(|(name, content)| link(&code(name), name).then(&Inline::own(format!(": {content}"))))
        .collect();
    page.list(&items);
    page.paragraph(&Inline::own(
        "In CSV files an absent value is an empty field; a loss that was not finite reads `NaN`, `inf` or `-inf`.",
    ));
}

/// What a reader must know, under its own heading; nothing where there is nothing.
pub(crate) fn warnings(page: &mut Page, warnings: &[String]) {
    if !warnings.is_empty() {
        page.section("What to know before trusting it");
        let items: Vec<_> = warnings.iter().map(|warning| text(warning)).collect();
        page.list(&items);
    }
}
