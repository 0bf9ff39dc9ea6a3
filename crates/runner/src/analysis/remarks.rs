//! What a reader must know before trusting a range test.

use super::alignment::finite_rows;
use super::pick::Found;
use super::reading::{FEWEST, Refusal, remedy};
use super::statistics::median;
use super::{Curve, Ending, Rule};

/// Seeds disagree where their bounds differ by more than this factor.
const DISAGREEMENT: f64 = 2.0;
/// Fall and edge lie close together below this factor.
const NARROW: f64 = 10.0;

/// What speaks against the pick of the mean curve, or is wrong with the curves that gave none.
pub(super) fn of_test(
    curves: &[Curve],
    found: &Result<Found, Refusal>,
    each: &[(u64, Result<Found, Refusal>)],
) -> Vec<String> {
    let mut remarks: Vec<String> = curves.iter().filter_map(early_end).collect();
    if let Ok(found) = found {
        let stopped = curves.iter().any(|curve| matches!(curve.ending, Ending::Diverged { .. }));
        of_pick(found, stopped, &mut remarks);
        of_seeds(each, &mut remarks);
    }
    remarks
}

/// What is to be known of the published suggestions: how many come from a curve that was cut short.
pub(super) fn of_rules(curves: &[Curve], cut: usize) -> Option<String> {
    let answers = curves.len() * Rule::ALL.len();
    (cut > 0).then(|| {
        format!(
            "{cut} of {answers} published suggestions come from a curve that was stopped before the tool would have stopped itself, and may differ from what it would say"
        )
    })
}

/// A seed that broke down before there was anything to read.
fn early_end(curve: &Curve) -> Option<String> {
    let row = finite_rows(curve);
    let lr = curve.lr.get(row).filter(|_| row < FEWEST && row < curve.loss.len())?;
    Some(format!(
        "the loss of seed {} is not finite at step {row} already, at learning rate {lr:.1e}; check data, loss and initial weights, or {}",
        curve.seed,
        remedy(&curve.lr)
    ))
}

fn of_pick(found: &Found, stopped: bool, remarks: &mut Vec<String>) {
    let (pick, reading) = (&found.pick, &found.reading);
    if !pick.edge_reached {
        let how = if stopped {
            "the sweep was stopped as diverged before the mean loss had clearly left its floor"
        } else {
            "the loss does not leave its floor before the sweep ends"
        };
        let remedy = if stopped { "raise the factor that stops it" } else { "sweep to higher rates" };
        remarks
            .push(format!("{how}: edge_lr {:.1e} is a lower bound, and max_lr may be too low; {remedy}", pick.edge_lr));
    }
    if reading.early {
        remarks.push(format!(
            "the loss falls from the first rates on: it may begin to fall below first_descent_lr {:.1e}; start the sweep lower to see where",
            pick.first_descent_lr
        ));
    } else if pick.edge_reached && pick.edge_lr < NARROW * pick.first_descent_lr {
        remarks.push(format!(
            "the loss begins to fall at {:.1e} and has left its floor beyond {:.1e}, less than a factor of {NARROW} apart: the sweep may be too fast for this network; sweep over more steps",
            pick.first_descent_lr, pick.edge_lr
        ));
    }
    if reading.computed {
        remarks.push(
            "the loss shrinks below what a number can hold: edge_lr is computed from the curvature that it showed before".into(),
        );
    } else if let Some((from, until)) = reading.frozen {
        remarks.push(format!(
            "the loss stands still to the bit from {from:.1e} to {until:.1e}: the edge may lie anywhere between, and edge_lr is the lower end"
        ));
    }
}

fn of_seeds(each: &[(u64, Result<Found, Refusal>)], remarks: &mut Vec<String>) {
    if each.len() == 1 {
        remarks.push("one seed alone does not show how far the pick depends on the seed; sweep three or more".into());
        return;
    }
    let refused = |(seed, found): &(u64, Result<Found, Refusal>)| {
        found.as_ref().err().map(|refusal| format!("seed {seed}: {refusal}"))
    };
    let refused: Vec<String> = each.iter().filter_map(refused).collect();
    if let Some(first) = refused.first() {
        let (count, all) = (refused.len(), each.len());
        remarks.push(format!(
            "{count} of {all} seeds alone support no pick ({first}), so the spread is that of the others"
        ));
    }
    let picks = each.iter().filter_map(|(_, found)| Some(found.as_ref().ok()?.pick.max_lr));
    let mut max: Vec<f64> = picks.collect();
    max.sort_unstable_by(f64::total_cmp);
    if let (Some(low), Some(high), Some(middle)) = (max.first(), max.last(), median(&max))
        && *high > DISAGREEMENT * low
    {
        remarks.push(format!(
            "the seeds' own max_lr range from {low:.1e} to {high:.1e}, median {middle:.1e}, more than a factor of {DISAGREEMENT} apart; sweep more seeds or more slowly"
        ));
    }
}
