//! The range test's page.

use lrscope_runner::analysis::{Pick, RangeTest, Rule};
use lrscope_runner::picks::WHICH_RATE;

use super::{PICTURE, RangeTestReport};
use crate::markdown::{
    Inline, Page,
    Side::{Left, Right},
    link, strong, text,
};
use crate::numbers::{count, counted, listed, rate, significant};
use crate::sections;
use crate::series_stats::ending_words;

/// The page; `missing` says why the picture is not there, where it cannot be drawn.
pub(super) fn page(report: &RangeTestReport, missing: &[String]) -> String {
    let test = &report.analysis;
    let mut page = Page::titled(&report.facts.title);
    sections::unfinished(&mut page, &report.facts);
    verdict(&mut page, test, &report.multipliers);
    match missing {
        [] => page.picture(&meaning(test), PICTURE),
        reasons => reasons.iter().for_each(|reason| page.paragraph(&text(reason))),
    }
    trust(&mut page, test);
    rules(&mut page, test);
    sections::recipe(&mut page, &report.facts);
    sections::reproduce(&mut page, &report.facts);
    files(&mut page, missing.is_empty());
    page.finish()
}

fn verdict(page: &mut Page, test: &RangeTest, multipliers: &[(String, f64)]) {
    let seeds = counted(test.curves.len(), "seed", "seeds");
    let Some(pick) = &test.pick else {
        let reason = test.refusal.as_deref().unwrap_or("the curves do not support a range");
        page.paragraph(
            &strong(&Inline::own("No pick"))
                .then(&Inline::own(format!(" from the curves of {seeds}: ")))
                .then(&text(reason))
                .then(&Inline::own(".")),
        );
        return;
    };
    let bounds = format!("`base_lr` {}, `max_lr` {}", rate(pick.base_lr), rate(pick.max_lr));
    let from = if test.curves.len() == 1 { "one seed".into() } else { format!("the mean curve of {seeds}") };
    page.paragraph(
        &strong(&Inline::own(bounds)).then(&Inline::own(format!(", from {from}; {}.", edge_words(test, pick)))),
    );
    page.fenced("toml", &snippet(pick));
    page.paragraph(
        &Inline::own("With every digit, and each seed's own pick: ")
            .then(&link(&Inline::own("pick.json"), "pick.json"))
            .then(&Inline::own(".")),
    );
    page.list(&[
        Inline::own("`base_lr`: ").then(&text(&pick.base_rule)),
        Inline::own("`max_lr`: ").then(&text(&pick.max_rule)),
        Inline::own("Both are ").then(&text(WHICH_RATE)).then(&factors(multipliers)).then(&Inline::own(".")),
    ]);
}

/// `: biases × 0.1, weights × 1`; nothing where no group has a factor of its own.
fn factors(multipliers: &[(String, f64)]) -> Inline {
    let words: Vec<String> = multipliers.iter().map(|(group, factor)| format!("{group} × {factor}")).collect();
    if words.is_empty() { Inline::default() } else { Inline::own(": ").then(&text(&words.join(", "))) }
}

/// Where the loss is smallest and where it has left its floor for good: a floor is wide, so these are two places.
fn edge_words(test: &RangeTest, pick: &Pick) -> String {
    let edge = rate(pick.edge_lr);
    let loss = if test.window > 1 { "smoothed loss" } else { "loss" };
    let lowest_lr = test.lowest_lr().unwrap_or(pick.edge_lr);
    let lowest = rate(lowest_lr);
    if pick.edge_reached && lowest_lr > pick.edge_lr {
        // Without noise the edge is the very update that led to the smallest loss.
        format!("the {loss} falls up to {edge} (the edge) and leaves its floor for good beyond it")
    } else if pick.edge_reached {
        format!("the {loss} is lowest at {lowest} and leaves its floor for good beyond {edge} (the edge)")
    } else {
        format!(
            "the {loss} is lowest at {lowest} and has not left its floor by {edge}, where the sweep ends, so the edge lies higher"
        )
    }
}

/// What goes into a configuration. Three digits are more than a range test can tell.
fn snippet(pick: &Pick) -> String {
    format!(
        "[schedule.cyclic]\nbase_lr = {}\nmax_lr = {}\nstep_size_up = \"2ep\"  # Smith: 2 to 10 epochs\n",
        toml_float(pick.base_lr),
        toml_float(pick.max_lr)
    )
}

/// [`rate`] as a float of TOML, which needs a point or an exponent.
fn toml_float(value: f64) -> String {
    let digits = rate(value);
    if digits.contains(['.', 'e']) { digits } else { format!("{digits}.0") }
}

fn meaning(test: &RangeTest) -> String {
    match &test.pick {
        Some(pick) => format!(
            "Training loss against learning rate: base_lr is {}, max_lr {}; {}",
            rate(pick.base_lr),
            rate(pick.max_lr),
            edge_words(test, pick)
        ),
        None => "Training loss against learning rate, without a pick".into(),
    }
}

fn trust(page: &mut Page, test: &RangeTest) {
    page.section("How far to trust it");
    if test.warnings.is_empty() {
        page.paragraph(&Inline::own("The analysis has no warning."));
    } else {
        let warnings: Vec<_> = test.warnings.iter().map(|warning| text(warning)).collect();
        page.list(&warnings);
    }
    spread_table(page, test);
    page.paragraph(&Inline::own("How each sweep ended:"));
    let rows: Vec<_> = test
        .curves
        .iter()
        .map(|curve| {
            vec![
                Inline::own(curve.seed.to_string()),
                Inline::own(ending_words(curve.ending)),
                Inline::own(count(curve.loss.len() as u64)),
                Inline::own(curve.lr.last().map(|lr| rate(*lr)).unwrap_or_default()),
            ]
        })
        .collect();
    page.table(&[("seed", Left), ("how its sweep ended", Left), ("steps", Right), ("last rate", Right)], &rows);
}

/// One of a pick's rates.
type Bound = fn(&Pick) -> f64;

/// What each seed alone would have picked.
fn spread_table(page: &mut Page, test: &RangeTest) {
    let alone: Vec<&Pick> = test.seed_picks.iter().map(|(_, pick)| pick).collect();
    if test.curves.len() < 2 {
        page.paragraph(&Inline::own(
            "There is one seed, so nothing tells how much the pick depends on chance. Run three or more.",
        ));
        return;
    }
    page.paragraph(&Inline::own(format!(
        "What each seed's curve alone would have picked ({} of {} gave a pick). Spread is the distance from the lowest to the \
         highest, in decades (1 decade = a factor of 10):",
        alone.len(),
        counted(test.curves.len(), "seed", "seeds")
    )));
    let bounds: [(&str, Bound); 4] = [
        ("`base_lr`", |pick| pick.base_lr),
        ("`max_lr`", |pick| pick.max_lr),
        ("edge", |pick| pick.edge_lr),
        ("first descent", |pick| pick.first_descent_lr),
    ];
    let rows: Vec<_> = bounds
        .into_iter()
        .map(|(name, bound)| {
            let values: Vec<f64> = alone.iter().map(|pick| bound(pick)).collect();
            let picked = test.pick.as_ref().map(|pick| rate(bound(pick))).unwrap_or_default();
            let mut row = vec![Inline::own(name), Inline::own(picked)];
            row.extend(summary(&values));
            row
        })
        .collect();
    let mut header = vec![("bound", Left), ("pick", Right)];
    header.extend(SUMMARY);
    page.table(&header, &rows);
    let open = alone.iter().filter(|pick| !pick.edge_reached).count();
    if open > 0 {
        page.paragraph(&Inline::own(format!(
            "In {open} of {} the sweep ended before the loss had left its floor: their edge is where the sweep ends, and the true one lies higher.",
            counted(alone.len(), "seed", "seeds")
        )));
    }
}

const SUMMARY: [(&str, crate::markdown::Side); 5] = [
    ("lowest seed", Right),
    ("median seed", Right),
    ("highest seed", Right),
    ("spread (decades)", Right),
    ("n", Right),
];

/// Lowest, median, highest, spread in decades, n; all but n absent where there is no value.
fn summary(values: &[f64]) -> [Inline; 5] {
    let sorted = sorted(values);
    let shown = |value: Option<f64>| Inline::own(value.map(rate).unwrap_or_default());
    let (low, high) = (sorted.first().copied(), sorted.last().copied());
    let spread = low.zip(high).filter(|(low, _)| *low > 0.0 && sorted.len() > 1);
    [
        shown(low),
        shown(median(&sorted)),
        shown(high),
        Inline::own(spread.map(|(low, high)| significant((high / low).log10(), 2)).unwrap_or_default()),
        Inline::own(values.len().to_string()),
    ]
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The middle value; of an even number, the geometric mean of the two in the middle, since rates compare by ratio.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(middle.checked_sub(1)?)?;
    Some((lower * upper).sqrt())
}

fn rules(page: &mut Page, test: &RangeTest) {
    page.section("What the published rules say");
    if test.rules.is_empty() {
        page.paragraph(&Inline::own("No published rule was applied."));
        return;
    }
    page.paragraph(&Inline::own(
        "Each rule with its own smoothing and trimming, on the same raw curves. They suggest one rate, not a range.",
    ));
    let rows: Vec<_> = Rule::ALL
        .into_iter()
        .filter_map(|rule| {
            let outcomes: Vec<_> = test.rules.iter().filter(|outcome| outcome.rule == rule).collect();
            let values: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome.lr).collect();
            let silent: Vec<(u64, &str)> = outcomes
                .iter()
                .filter(|outcome| outcome.lr.is_none())
                .map(|outcome| (outcome.seed, outcome.reason.as_deref().unwrap_or("no reason given")))
                .collect();
            let mut row = vec![text(rule.name())];
            row.extend(summary(&values));
            row.push(why_silent(&silent));
            (!outcomes.is_empty()).then_some(row)
        })
        .collect();
    let mut header = vec![("rule", Left)];
    header.extend(SUMMARY);
    header.push(("no answer", Left));
    page.table(&header, &rows);
    if let Some(note) = &test.rules_note {
        page.paragraph(&text(note).then(&Inline::own(".")));
    }
}

/// Seeds grouped by their reason.
fn why_silent(silent: &[(u64, &str)]) -> Inline {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for (seed, reason) in silent {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, seeds)) => seeds.push(seed.to_string()),
            None => reasons.push((reason, vec![seed.to_string()])),
        }
    }
    let parts: Vec<String> = reasons
        .iter()
        .map(|(reason, seeds)| {
            let word = if seeds.len() == 1 { "seed" } else { "seeds" };
            format!("{word} {}: {reason}", listed(seeds))
        })
        .collect();
    text(&parts.join("; "))
}

fn files(page: &mut Page, drawn: bool) {
    let tables = [
        ("pick.json", "the pick and each seed's own, with every digit"),
        ("curves.csv", "every raw value: seed, step, learning rate, loss before that step's update (nats)"),
        ("mean_curve.csv", "the mean over the seeds, raw and smoothed"),
        ("rules.csv", "what each published rule says about each seed's curve, or why it has no answer"),
    ];
    let picture = drawn.then_some((PICTURE, "the picture above"));
    sections::files(page, &picture.into_iter().chain(tables).collect::<Vec<_>>());
}
