//! What a range test's curve shows: where the loss begins to fall, where most of the fall is behind, where the edge is.
//!
//! `loss[k]` was measured before the update with `lr[k]`, so a change from row k − 1 to row k is the work of `lr[k − 1]`:
//! every place found in the losses is translated to the rate one row before it.

use super::alignment::Aligned;
use super::noise::{Noise, lowest, start_level, start_rows};
use super::quadratic;
use super::smoothing::{centred_smoothing, noise_left};

/// Rows below which a curve is not read.
pub(super) const FEWEST: usize = 10;
/// A fall counts from this many deviations of what noise smoothing leaves.
const SIGNIFICANT: f64 = 5.0;
/// The loss has left its floor where it is this many such deviations above its smallest value, which itself lies about two
/// below the floor's mean.
const ABOVE_FLOOR: f64 = 4.0;
/// The fall begins when this share of it is behind.
const BEGUN: f64 = 0.02;
/// The share of the fall at which most of it is behind.
pub(super) const MOSTLY: f64 = 0.9;

/// What a curve shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    /// The rate at which the loss begins to fall.
    pub first_descent_lr: f64,
    /// The rate at which [`MOSTLY`] of the fall is behind.
    pub mostly_fallen_lr: f64,
    /// The largest rate at which the loss still fell, or did not yet leave its floor.
    pub edge_lr: f64,
    /// Whether the loss rises beyond the edge within the sweep.
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
    #[error("{found} usable steps are too few, at least {FEWEST} are needed; sweep more steps, or start at a lower rate")]
    TooFew { found: usize },
    #[error("the loss rises from learning rate {at:.1e} on, without a fall before it that stands out of its noise; start the sweep lower")]
    RisesAtOnce { at: f64 },
    #[error(
        "the loss rises from learning rate {at:.1e} on, without a fall before it that stands out of its noise; sweep more slowly, or over more seeds"
    )]
    RisesWithoutFall { at: f64 },
    #[error(
        "the loss never falls by more than its noise up to {last:.1e}; sweep to higher rates, or more slowly, or over more seeds"
    )]
    NeverFalls { last: f64 },
    #[error("max_lr would be {max:.1e}, which is not above the sweep's first rate {first:.1e}; start the sweep lower")]
    StartsTooHigh { max: f64, first: f64 },
}

impl Reading {
    /// Reads a curve whose noise is known.
    pub fn of(curve: &Aligned, noise: &Noise) -> Result<Self, Refusal> {
        let rows = curve.loss.len();
        if rows < FEWEST {
            return Err(Refusal::TooFew { found: rows });
        }
        let smoothed = Smoothed::of(curve, noise);
        smoothed.check_fall(curve)?;
        let edge = smoothed.edge_row();
        let begun = smoothed.first_below(BEGUN, SIGNIFICANT * noise.start * noise_left(noise.window).sqrt());
        let mut reading = Self {
            first_descent_lr: rate_before(&curve.lr, begun as f64),
            mostly_fallen_lr: rate_before(&curve.lr, smoothed.crossing(MOSTLY)),
            edge_lr: rate_before(&curve.lr, edge as f64),
            reached: curve.ended || smoothed.rises_after(edge),
            early: begun < start_rows(rows),
            frozen: None,
            computed: false,
        };
        reading.look_through_frozen(curve, edge);
        Ok(reading)
    }

    /// Where the loss stands still to the bit from `edge` on, the edge may lie anywhere within that stretch: the rate
    /// before it is kept, unless the curvature that a quadratic showed before tells the edge.
    fn look_through_frozen(&mut self, curve: &Aligned, edge: usize) {
        let floor = curve.loss.get(edge).copied();
        let still = curve.loss.iter().skip(edge).take_while(|loss| Some(**loss) == floor).count();
        let last = edge + still.saturating_sub(1);
        let Some(&until) = curve.lr.get(last).filter(|_| still > 1) else {
            return;
        };
        self.frozen = Some((self.edge_lr, until));
        let computed = quadratic::edge(&curve.lr, &curve.loss).filter(|_| floor == Some(0.0));
        let Some(computed) = computed.filter(|&computed| computed > self.edge_lr) else {
            return;
        };
        let swept = rate_before(&curve.lr, (curve.lr.len() - 1) as f64);
        self.computed = computed <= swept;
        self.reached |= self.computed;
        self.edge_lr = computed.min(swept);
    }
}

/// A curve after smoothing, with what the reading needs at hand.
struct Smoothed<'a> {
    loss: Vec<f64>,
    noise: &'a Noise,
    /// Loss before the fall.
    level: f64,
    /// First row of the smallest loss.
    bottom: usize,
    /// From `level` to the smallest loss.
    depth: f64,
}

impl<'a> Smoothed<'a> {
    fn of(curve: &Aligned, noise: &'a Noise) -> Self {
        let loss = centred_smoothing(&curve.loss, noise.window);
        let bottom = lowest(&loss);
        let first = loss.first().copied().unwrap_or(f64::NAN);
        let level = if noise.floor > 0.0 { start_level(&curve.loss) } else { first };
        let depth = level - loss.get(bottom).copied().unwrap_or(level);
        Self { loss, noise, level, bottom, depth }
    }

    /// Whether the fall stands out of the noise of both its ends.
    fn check_fall(&self, curve: &Aligned) -> Result<(), Refusal> {
        let worst = self.noise.floor.max(self.noise.start);
        // A median of m values has the variance π/2 · σ²/m.
        let start = std::f64::consts::FRAC_PI_2 / start_rows(curve.loss.len()) as f64;
        let noise = SIGNIFICANT * worst * (noise_left(self.noise.window) + start).sqrt();
        if self.bottom > 0 && self.depth > noise {
            return Ok(());
        }
        let rises = |loss: &f64| *loss > self.level && loss - self.level > noise;
        let risen = self.loss.iter().position(rises);
        let Some(row) = risen.or(curve.ended.then_some(curve.lr.len())) else {
            let last = rate_before(&curve.lr, curve.lr.len() as f64);
            return Err(Refusal::NeverFalls { last });
        };
        let at = rate_before(&curve.lr, row as f64);
        let at_once = row <= start_rows(curve.lr.len());
        Err(if at_once { Refusal::RisesAtOnce { at } } else { Refusal::RisesWithoutFall { at } })
    }

    /// The last row on the floor: without noise the first of the smallest losses, with noise the last one that the noise
    /// does not tell from it before the loss is back at its starting level.
    fn edge_row(&self) -> usize {
        if self.noise.floor == 0.0 {
            return self.bottom;
        }
        let lowest = self.level - self.depth;
        let on_floor = |(row, loss): &(usize, &f64)| {
            **loss <= lowest + ABOVE_FLOOR * self.noise.smoothed_floor(*row, self.loss.len())
        };
        let rest = self.loss.iter().enumerate().skip(self.bottom);
        let before_collapse = rest.take_while(|(_, loss)| **loss < self.level);
        before_collapse.filter(on_floor).last().map_or(self.bottom, |(row, _)| row)
    }

    /// Whether the loss rises after the edge. Where there is noise, the row after the edge has left the floor already.
    fn rises_after(&self, edge: usize) -> bool {
        let floor = self.loss.get(edge).copied().unwrap_or(f64::NAN);
        self.loss.iter().skip(edge + 1).any(|loss| *loss > floor)
    }

    /// First row from which the loss stays below `share` of the fall, and at least `margin` below the starting level, for as
    /// long as a window.
    fn first_below(&self, share: f64, margin: f64) -> usize {
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
