//! The comparison's page.

use lrscope_runner::analysis::{ArmResult, Ending, Outcome, PairedDifference};
use lrscope_runner::learner::Subset;

use super::{
    ComparisonReport, Metric, NOTHING_TO_COMPARE, evaluated_on, evaluated_words, evaluation_files, metric, pair_words,
    share_words,
};
use crate::curves::CURVES;
use crate::fact::ReportFile;
use crate::markdown::{
    Inline, Page,
    Side::{Left, Right},
    strong, text, text_after,
};
use crate::numbers::{alike, capitalised, interval, level, loss, percent, points, probability};
use crate::sections;
use crate::series_stats::ending_words;

/// The page; `missing` says of each picture that cannot be drawn why.
pub(super) fn page(report: &ComparisonReport, files: &[ReportFile], missing: Vec<String>) -> String {
    let comparison = &report.analysis;
    let metric = metric(&comparison.arms);
    let has = |name: &str| name == CURVES || files.iter().any(|file| file.name == name);
    let mut page = Page::titled(&report.facts.title);
    sections::unfinished(&mut page, &report.facts);
    verdict(&mut page, report, metric);
    if has("final.svg") {
        page.picture(&format!("Where every run ended: {}", report.headline()), "final.svg");
    }
    if let Some(note) = &report.pick_note {
        sections::range(&mut page, note);
    }
    arms(&mut page, &comparison.arms, metric);
    differences(&mut page, &comparison.differences, metric);
    let on = evaluated_on(&comparison.arms);
    curves(&mut page, on, &has);
    sections::warnings(&mut page, &[comparison.warnings.clone(), missing].concat());
    sections::recipe(&mut page, &report.facts);
    sections::reproduce(&mut page, &report.facts);
    list_files(&mut page, on, &has);
    page.finish()
}

/// The outcome in a sentence or two.
fn verdict(page: &mut Page, report: &ComparisonReport, metric: Option<Metric>) {
    let comparison = &report.analysis;
    let Some(metric) = metric else {
        page.paragraph(&strong(&Inline::own("No run has a final accuracy, so nothing can be compared.")));
        return;
    };
    let same = comparison.same_runs();
    if comparison.differences.is_empty() {
        nothing_compared(page, &comparison.arms, metric, same);
        return;
    }
    let lines: Vec<_> = comparison.differences.iter().map(verdict_line).collect();
    match lines.as_slice() {
        [only] => page.paragraph(only),
        several => page.list(several),
    }
    for sentence in same {
        page.paragraph(&text(&format!("{}.", capitalised(&sentence))));
    }
}

/// What the first arm reached, and why it is compared with none.
fn nothing_compared(page: &mut Page, arms: &[ArmResult], metric: Metric, same: Vec<String>) {
    let reached = arms.first().and_then(|arm| Some((arm, (metric.estimate)(arm)?)));
    let why = if arms.len() == 1 { vec![NOTHING_TO_COMPARE.to_owned()] } else { same };
    let why = if why.is_empty() { vec!["there is nothing to compare".to_owned()] } else { why };
    let claims = why.iter().map(|why| strong(&text(&format!("{}.", capitalised(why)))));
    let space = Inline::own(" ");
    let claims = claims.reduce(|all, claim| all.then(&space).then(&claim)).unwrap_or_default();
    page.paragraph(&match reached {
        Some((arm, estimate)) => {
            let reached = Inline::own(format!(": {} {}.", metric.name, share_words(&estimate)));
            claims.then(&space).then(&text(&arm.name)).then(&reached)
        }
        None => claims,
    });
}

/// The verdict, and the difference where the verdict's words do not state it.
fn verdict_line(pair: &PairedDifference) -> Inline {
    let reason = pair.verdict.strip_prefix(&pair.claim).unwrap_or_default();
    let verdict = strong(&text(&pair.claim)).then(&text_after(reason)).then(&Inline::own("."));
    if pair.outcome != Outcome::TooFewSeeds {
        return verdict;
    }
    let observed = Inline::own(" Observed: ").then(&text(&pair_words(pair))).then(&Inline::own("."));
    verdict.then(&observed)
}

fn arms(page: &mut Page, arms: &[ArmResult], metric: Option<Metric>) {
    page.section("Arms");
    let name = metric.map_or("test accuracy", |metric| metric.name);
    let rows: Vec<_> = arms.iter().map(|arm| arm_row(arm, metric)).collect();
    let estimates = arms.iter().filter_map(|arm| (metric?.estimate)(arm));
    let levels = estimates.filter(|estimate| estimate.low.is_some()).map(|estimate| level(&estimate));
    let mean = match levels.max() {
        Some(level) => format!("mean {name} (%) and its {level} interval"),
        None => format!("mean {name} (%)"),
    };
    let header = [
        ("arm", Left),
        ("schedule", Left),
        (mean.as_str(), Right),
        ("n", Right),
        ("each seed (%)", Right),
        ("mean test loss (nats)", Right),
        ("runs", Left),
    ];
    page.table(&header, &rows);
    let stopped: Vec<_> = arms.iter().filter(|arm| arm.same_as.is_none()).flat_map(stopped).collect();
    page.list(&stopped);
}

fn arm_row(arm: &ArmResult, metric: Option<Metric>) -> Vec<Inline> {
    let estimate = metric.and_then(|metric| (metric.estimate)(arm));
    let mean = estimate.map(|estimate| match interval(&estimate, percent).or_else(|| alike(&estimate)) {
        Some(ends) => format!("{} ({ends})", percent(estimate.mean)),
        None => percent(estimate.mean),
    });
    let each: Vec<String> =
        metric.map(|metric| arm.seeds.iter().filter_map(metric.value).map(percent).collect()).unwrap_or_default();
    let losses: Vec<f64> = arm.seeds.iter().filter_map(|seed| seed.test_loss).collect();
    let mean_loss = losses.iter().sum::<f64>() / losses.len() as f64;
    vec![
        text(&arm.name),
        text(&arm.schedule),
        Inline::own(mean.unwrap_or_default()),
        Inline::own(estimate.map(|estimate| estimate.n.to_string()).unwrap_or_default()),
        Inline::own(each.join(", ")),
        Inline::own(if losses.is_empty() { String::new() } else { loss(mean_loss) }),
        outcomes(arm),
    ]
}

/// `4 completed, 1 diverged`; of which arm, where they are another's runs too.
fn outcomes(arm: &ArmResult) -> Inline {
    let completed = arm.seeds.iter().filter(|seed| seed.ending == Ending::Completed).count();
    let counts = [(completed, "completed"), (arm.seeds.len() - completed, "diverged"), (arm.failed.len(), "failed")];
    let words = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
    let counts = Inline::own(words.collect::<Vec<_>>().join(", "));
    match &arm.same_as {
        Some(first) => counts.then(&Inline::own(" (the runs of ")).then(&text(first)).then(&Inline::own(")")),
        None => counts,
    }
}

/// A line for each run that did not come to its end.
fn stopped(arm: &ArmResult) -> Vec<Inline> {
    let named = |seed: u64| text(&arm.name).then(&Inline::own(format!(", seed {seed}: ")));
    let diverged = arm
        .seeds
        .iter()
        .filter(|seed| seed.ending != Ending::Completed)
        .map(|seed| named(seed.seed).then(&Inline::own(ending_words(seed.ending))));
    let failed =
        arm.failed.iter().map(|(seed, reason)| named(*seed).then(&Inline::own("failed: ")).then(&text(reason)));
    diverged.chain(failed).collect()
}

fn differences(page: &mut Page, differences: &[PairedDifference], metric: Option<Metric>) {
    if differences.is_empty() {
        return;
    }
    page.section("Paired differences");
    let name = metric.map_or("test accuracy", |metric| metric.name);
    page.paragraph(&Inline::own(format!(
        "Difference in {name} of runs with the same seed (same initial weights, same order of examples), in percentage points. \
         p: two-sided exact sign-flip test, and the same after Holm's correction for the number of comparisons, by which the \
         verdict goes; next to them the smallest p that so many seeds can give."
    )));
    let rows: Vec<_> = differences
        .iter()
        .map(|pair| {
            let difference = &pair.difference;
            let ends = interval(difference, points).map(|ends| format!("{ends} ({})", level(difference)));
            vec![
                text(&pair.arm),
                text(&pair.against),
                Inline::own(points(pair.difference.mean)),
                Inline::own(ends.or_else(|| alike(difference)).unwrap_or_default()),
                Inline::own(pair.difference.n.to_string()),
                Inline::own(pair.p.map(probability).unwrap_or_default()),
                Inline::own(pair.p_holm.map(probability).unwrap_or_default()),
                Inline::own(probability(pair.smallest_p)),
            ]
        })
        .collect();
    let header = [
        ("arm", Left),
        ("against", Left),
        ("difference (points)", Right),
        ("interval (points)", Right),
        ("n", Right),
        ("p", Right),
        ("p (Holm)", Right),
        ("smallest p", Right),
    ];
    page.table(&header, &rows);
}

fn curves(page: &mut Page, on: Subset, has: &dyn Fn(&str) -> bool) {
    let shown: Vec<_> = pictures(on).into_iter().filter(|(name, _)| has(name)).collect();
    if !shown.is_empty() {
        page.section("On the way");
    }
    for (name, meaning) in shown {
        page.picture(&meaning, name);
    }
}

/// The pictures of what happened on the way, each with its meaning.
fn pictures(on: Subset) -> [(&'static str, String); 4] {
    let lines = "over the updates, a thin line for each seed, a bold one for each arm's";
    let of = capitalised(evaluated_words(on));
    [
        ("accuracy.svg", format!("{of} accuracy {lines} mean")),
        ("evaluation-loss.svg", format!("{of} loss {lines} mean")),
        ("loss.svg", format!("Training loss {lines} smoothed mean")),
        ("schedules.svg", "Learning rate of each arm over the updates".into()),
    ]
}

fn list_files(page: &mut Page, on: Subset, has: &dyn Fn(&str) -> bool) {
    let [accuracy, loss, evaluations] = evaluation_files(on);
    let own = |name, holds: &str| (name, holds.to_owned());
    let all = [
        own("final.svg", "final accuracy of every run"),
        accuracy,
        loss,
        own("loss.svg", "training loss over the updates"),
        own("schedules.svg", "learning rate over the updates"),
        own("runs.csv", "a row for each run: how it ended and what it reached (accuracies in [0, 1], losses in nats)"),
        own(
            "curves.csv",
            "every update of every run: the schedule's learning rate (before any lr_mult), loss before the update (nats)",
        ),
        evaluations,
    ];
    let there: Vec<_> = all.into_iter().filter(|(name, _)| has(name)).collect();
    sections::files(page, &there);
}
