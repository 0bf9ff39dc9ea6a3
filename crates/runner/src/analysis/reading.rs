//! What a range test's curve shows: where the loss begins to fall, where most of the fall is behind, where the edge is.
//!
//! `loss[k]` was measured before the update with `lr[k]`, so a change from row k − 1 to row k is the work of `lr[k − 1]`:
//! every place found in the losses is translated to the rate one row before it.

use super::alignment::Aligned;
use super::noise::{Noise, SIGNIFICANT, lowest, start_level, start_rows};
use super::quadratic;
use super::smoothing::centred_smoothing;

/// Rows below which a curve is not read, and so updates below which a sweep is not worth its time.
pub const FEWEST: usize = 10;
/// The loss has left its floor where it is this many deviations of what noise smoothing leaves above its smallest value,
/// which itself lies about two below the floor's mean.
const LEFT_FLOOR: f64 = 4.0;
/// The loss has risen for certain where it is this many such deviations above its smallest value.
const RISEN: f64 = 6.0;
/// The fall begins when this share of it is behind.
const BEGUN: f64 = 0.02;
/// The share of the fall at which most of it is behind.
pub(super) const MOSTLY: f64 = 0.9;

/// A fall by less than this share of the starting level may be the rounding of losses kept in 32 bits.
const ROUNDING: f64 = 1e-6;
/// A loss that stands still below this share of the first one may have run out of digits.
const TINY: f64 = 1e-30;

/// What a curve shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    /// The rate at which the loss begins to fall.
    pub first_descent_lr: f64,
    /// The rate at which [`MOSTLY`] of the fall is behind.
    pub mostly_fallen_lr: f64,
    /// The last rate before the loss leaves its floor for good.
    pub edge_lr: f64,
    /// Whether the loss leaves its floor within the sweep.
    pub reached: bool,
    /// Whether the loss falls already at the first rates, so that the true begin may lie below them.
    pub early: bool,
    /// Rates between which the loss did not change by a single bit at its floor, and so hides the edge.
    pub frozen: Option<(f64, f64)>,
    /// Whether the edge was computed from the curvature rather than seen.
    pub computed: bool,
}

/// Why nothing can be read off a curve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{found} usable steps are too few, at least {FEWEST} are needed; sweep more steps, or {remedy}")]
    TooFew { found: usize, remedy: &'static str },
    #[error(
        "the loss rises or breaks down from learning rate {at:.1e} on, without a fall before it that stands out of its noise; start the sweep lower"
    )]
    RisesAtOnce { at: f64 },
    #[error(
        "the loss rises or breaks down from learning rate {at:.1e} on, without a fall before it that stands out of its noise; sweep more slowly, or over more seeds"
    )]
    RisesWithoutFall { at: f64 },
    #[error(
        "the loss never falls by more than its noise up to {last:.1e}; sweep to higher rates, or more slowly, or over more seeds"
    )]
    NeverFalls { last: f64 },
    #[error(
        "max_lr would be {max:.1e}, and the sweep's first rate {first:.1e} leaves no room for base_lr below it; start the sweep lower"
    )]
    StartsTooHigh { max: f64, first: f64 },
    #[error(
        "most of the fall is behind with the first update, from rate 0 to {second:.1e}; end the sweep lower, or sweep more steps"
    )]
    FallsInOneStep { second: f64 },
}

impl Reading {
    /// Reads a curve whose noise is known.
    pub fn of(curve: &Aligned, noise: &Noise) -> Result<Self, Refusal> {
        let rows = curve.loss.len();
        if rows < FEWEST {
            return Err(Refusal::TooFew { found: rows, remedy: remedy(&curve.lr) });
        }
        let smoothed = Smoothed::of(curve, noise);
        smoothed.check_fall(curve)?;
        let (edge, risen) = smoothed.edge_row(curve.ended);
        let begun = smoothed.first_below(BEGUN);
        let mut reading = Self {
            first_descent_lr: rate_before(&curve.lr, begun as f64),
            mostly_fallen_lr: rate_before(&curve.lr, smoothed.crossing(MOSTLY)),
            edge_lr: rate_before(&curve.lr, edge as f64),
            reached: curve.ended || risen,
            early: begun < 2 * start_rows(rows),
            frozen: None,
            computed: false,
        };
        reading.look_past_the_floor(curve, edge);
        Ok(reading)
    }

    /// Where the loss stands still to the bit from `edge` on, the edge may lie anywhere within that stretch, and the rate
    /// before it is kept. Where it is so small that it has lost its digits, the curvature that a quadratic showed on the
    /// way down tells the edge.
    fn look_past_the_floor(&mut self, curve: &Aligned, edge: usize) {
        let floor = curve.loss.get(edge).copied();
        let still = curve.loss.iter().skip(edge).take_while(|loss| Some(**loss) == floor).count();
        let until = curve.lr.get(edge + still.saturating_sub(1)).filter(|_| still > 1);
        self.frozen = until.map(|until| (self.edge_lr, *until));
        let first = curve.loss.first().copied().unwrap_or(f64::NAN);
        let limit = if still > 1 { quadratic::EXACT.max(TINY * first) } else { quadratic::EXACT };
        let tiny = floor.is_some_and(|loss| (0.0..limit).contains(&loss));
        let swept = rate_before(&curve.lr, (curve.lr.len() - 1) as f64);
        match quadratic::edge(&curve.lr, &curve.loss).filter(|_| tiny) {
            Some(computed) if computed <= swept => {
                self.edge_lr = computed;
                self.computed = true;
                self.reached = true;
            }
            Some(_) => self.edge_lr = swept,
            None => {}
        }
    }
}

/// What helps a sweep whose few usable steps have these rates: where they leap over decades, a lower end makes the leaps smaller;
/// else it starts too high.
pub(super) fn remedy(lr: &[f64]) -> &'static str {
    const LEAP: f64 = 3.0;
    let leaps = lr.windows(2).any(|pair| pair[0] > 0.0 && pair[1] > LEAP * pair[0]);
    if leaps { "end at a lower rate" } else { "start at a lower rate" }
}

/// A curve after smoothing, with what the reading needs at hand.
struct Smoothed<'a> {
    loss: Vec<f64>,
    noise: &'a Noise,
    /// Loss before the fall.
    level: f64,
    /// First row of the smallest loss.
    bottom: usize,
    /// The smallest loss.
    lowest: f64,
    /// From `level` to `lowest`.
    depth: f64,
}

impl<'a> Smoothed<'a> {
    fn of(curve: &Aligned, noise: &'a Noise) -> Self {
        let loss = centred_smoothing(&curve.loss, noise.window);
        let bottom = lowest(&loss);
        let first = loss.first().copied().unwrap_or(f64::NAN);
        let level = if noise.floor > 0.0 { start_level(&curve.loss) } else { first };
        let lowest = loss.get(bottom).copied().unwrap_or(level);
        Self { loss, noise, level, bottom, lowest, depth: level - lowest }
    }

    /// Whether the fall stands out of the noise of both its ends.
    fn check_fall(&self, curve: &Aligned) -> Result<(), Refusal> {
        let rows = self.loss.len();
        let least = |row| self.noise.significant(row, rows).max(ROUNDING * self.level.abs());
        if self.bottom > 0 && self.depth > least(self.bottom) {
            return Ok(());
        }
        let rises = |(row, loss): (usize, &f64)| *loss > self.level && loss - self.level > least(row);
        let risen = self.loss.iter().enumerate().position(rises);
        let Some(row) = risen.or(curve.ended.then_some(rows)) else {
            let last = rate_before(&curve.lr, rows as f64);
            return Err(Refusal::NeverFalls { last });
        };
        let at = rate_before(&curve.lr, row as f64);
        let at_once = row <= start_rows(rows);
        Err(if at_once { Refusal::RisesAtOnce { at } } else { Refusal::RisesWithoutFall { at } })
    }

    /// The last row on the floor, and whether the loss rises after it.
    ///
    /// Without noise that is the first row of the smallest loss; with noise the last row that the noise does not tell from it
    /// before the loss is back at its starting level. Where the curve just ends, `ended` being false, and nothing after
    /// that row stands out, the floor lasts to the end.
    fn edge_row(&self, ended: bool) -> (usize, bool) {
        let above = |row: usize, deviations: f64| {
            let noise = deviations * self.noise.smoothed_floor(row, self.loss.len());
            self.loss.get(row).is_some_and(|loss| *loss > self.lowest + noise)
        };
        let rows = self.loss.len();
        if self.noise.floor == 0.0 {
            return (self.bottom, (self.bottom..rows).any(|row| above(row, 0.0)));
        }
        let uncollapsed = |row: &usize| self.loss.get(*row).is_some_and(|loss| *loss < self.level);
        let before_collapse = (self.bottom..rows).take_while(uncollapsed);
        let last = before_collapse.filter(|row| !above(*row, LEFT_FLOOR)).last().unwrap_or(self.bottom);
        // Two rows, since one alone may be a spike.
        let risen = (last + 1..rows).filter(|row| above(*row, RISEN)).nth(1).is_some();
        if risen || ended { (last, risen) } else { (rows - 1, false) }
    }

    /// First row from which the loss stays below `share` of the fall, and significantly below the starting level by the
    /// noise of the plateau, for as long as a window.
    fn first_below(&self, share: f64) -> usize {
        let margin = SIGNIFICANT * self.noise.smoothed_start();
        let limit = self.level - margin.max(share * self.depth).min(self.depth);
        let hold = self.noise.window.max(3);
        let stays = |row: &usize| {
            let end = (row + hold).min(self.bottom + 1);
            let held = self.loss.get(*row..end);
            held.is_some_and(|held| held.iter().all(|loss| *loss <= limit))
        };
        (1..=self.bottom).find(stays).unwrap_or(self.bottom)
    }

    /// Fractional row at which `share` of the fall is behind for the first time, straight between two rows.
    fn crossing(&self, share: f64) -> f64 {
        let limit = self.level - share * self.depth;
        let crosses = |pair: &[f64]| pair[1] <= limit;
        let Some(row) = self.loss.windows(2).position(crosses) else {
            return self.bottom as f64;
        };
        let (before, after) = (self.loss[row], self.loss[row + 1]);
        let part = if before > limit { (before - limit) / (before - after) } else { 0.0 };
        row as f64 + part
    }
}

/// The rate whose update led to `row`: one row before it, geometric between two rates.
fn rate_before(lr: &[f64], row: f64) -> f64 {
    let at = (row - 1.0).clamp(0.0, lr.len().saturating_sub(1) as f64);
    let (below, part) = (at.floor(), at - at.floor());
    let rate = |row: f64| lr.get(row as usize).copied();
    let Some(low) = rate(below) else { return f64::NAN };
    match rate(below + 1.0) {
        Some(high) if part > 0.0 && low > 0.0 => low * libm::pow(high / low, part),
        Some(high) if part > 0.0 => low + part * (high - low),
        _ => low,
    }
}
