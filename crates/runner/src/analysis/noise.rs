//! How noisy a loss curve is, and the smoothing that this asks for.

use super::smoothing::{centred_smoothing, noise_left};
use super::statistics::median;

/// Share of rows at which the loss turns, below which a curve counts as free of noise. White noise turns at two rows in
/// three; a smooth curve turns a handful of times in all.
const SMOOTH_TURNS: f64 = 0.2;
/// Smoothing goes on until the noise that is left is at most this share of the loss's whole fall.
const WANTED: f64 = 0.02;
/// Window that finds the bottom roughly, before the noise is known.
const ROUGH: usize = 5;
/// Rows, at least, that the noise near the bottom is read from.
const FLOOR_ROWS: usize = 16;
/// A loss has changed where it did so by this many deviations of what noise smoothing leaves.
pub(super) const SIGNIFICANT: f64 = 5.0;
/// A window is at most this share of the rows, and at most [`WIDEST`].
const LARGEST_SHARE: usize = 10;
const WIDEST: usize = 1001;

/// The noise of a curve, as standard deviations of single rows, and the window that tames it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    /// On the plateau before the loss falls.
    pub start: f64,
    /// Near the smallest loss, where it is usually largest.
    pub floor: f64,
    /// Points in the smoothing window: 1 for a curve without noise.
    pub window: usize,
}

impl Noise {
    /// Reads the noise off a curve of finite losses.
    pub fn of(loss: &[f64]) -> Self {
        if turns(loss) < SMOOTH_TURNS {
            return Self { start: 0.0, floor: 0.0, window: 1 };
        }
        let rough = centred_smoothing(loss, ROUGH);
        let level = start_level(loss);
        let bottom = lowest(&rough);
        let depth = level - rough.get(bottom).copied().unwrap_or(level);
        let half = rough.iter().position(|loss| *loss <= level - depth / 2.0).unwrap_or(bottom);
        let first = half.min((bottom + 1).saturating_sub(FLOOR_ROWS));
        let floor = deviation(loss.get(first..=bottom).unwrap_or(loss), loss);
        let plateau = loss.get(..half.max(FLOOR_ROWS)).unwrap_or(loss);
        let enough = narrowest(loss.len(), floor, WANTED * depth);
        Self { start: deviation(plateau, loss), floor, window: enough.unwrap_or_else(|| clearest(loss, level)) }
    }

    /// Standard deviation on the plateau after smoothing.
    pub fn smoothed_start(&self) -> f64 {
        self.start * noise_left(self.window).sqrt()
    }

    /// How far a smoothed loss at `row` of `rows` must be from the starting level to count as changed.
    pub fn significant(&self, row: usize, rows: usize) -> f64 {
        let worst = Self { floor: self.floor.max(self.start), ..*self };
        // The starting level is a median of m values, whose variance is π/2 · σ²/m.
        let start = worst.floor * (std::f64::consts::FRAC_PI_2 / start_rows(rows) as f64).sqrt();
        SIGNIFICANT * worst.smoothed_floor(row, rows).hypot(start)
    }

    /// Standard deviation near the floor after smoothing, `row` of `rows` being where the window may have shrunk.
    pub fn smoothed_floor(&self, row: usize, rows: usize) -> f64 {
        let reach = row.min(rows.saturating_sub(row + 1)).min(self.window / 2);
        self.floor * noise_left(2 * reach + 1).sqrt()
    }
}

/// The loss before it falls: median of the first twentieth of the rows.
pub(super) fn start_level(loss: &[f64]) -> f64 {
    let first = loss.get(..start_rows(loss.len())).unwrap_or(loss);
    median(first).unwrap_or(f64::NAN)
}

/// Rows that [`start_level`] reads.
pub(super) fn start_rows(rows: usize) -> usize {
    (rows / 20).clamp(3, 101)
}

/// First row of the smallest value.
pub(super) fn lowest(loss: &[f64]) -> usize {
    let smaller = |a: &(usize, &f64), b: &(usize, &f64)| a.1.total_cmp(b.1);
    loss.iter().enumerate().min_by(smaller).map_or(0, |(row, _)| row)
}

/// Turning points as a share of the rows between which the loss changes at all.
fn turns(loss: &[f64]) -> f64 {
    let steps = loss.windows(2).map(|pair| pair[1] - pair[0]);
    let rises: Vec<bool> = steps.filter(|step| *step != 0.0).map(|step| step > 0.0).collect();
    let turns = rises.windows(2).filter(|pair| pair[0] != pair[1]).count();
    turns as f64 / rises.len().saturating_sub(1).max(1) as f64
}

/// Deviation of independent noise on a smooth curve, from the median size of the second differences, whose variance is
/// 6σ²: spikes and the slope of the curve hardly count. `fallback` is read where `rows` are too few.
fn deviation(rows: &[f64], fallback: &[f64]) -> f64 {
    const NORMAL: f64 = 1.482_602_218_505_602;
    let rows = if rows.len() < FLOOR_ROWS / 2 { fallback } else { rows };
    let bends: Vec<f64> = rows.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).collect();
    NORMAL * median(&bends).unwrap_or(0.0) / 6.0_f64.sqrt()
}

/// The narrowest window after which noise of deviation `deviation` is at most `wanted`, if any may be as wide.
fn narrowest(rows: usize, deviation: f64, wanted: f64) -> Option<usize> {
    let enough = |window: &usize| deviation * noise_left(*window).sqrt() <= wanted;
    (1..=widest(rows)).step_by(2).find(enough)
}

/// The window in which the fall stands highest above the noise that is left. For a fall that is small against the noise,
/// a window as wide as the fall itself; wider ones would flatten it.
fn clearest(loss: &[f64], level: f64) -> usize {
    let clearness = |window: usize| {
        let smoothed = centred_smoothing(loss, window);
        let bottom = smoothed.iter().copied().fold(f64::INFINITY, f64::min);
        (level - bottom) / noise_left(window).sqrt()
    };
    let widths = std::iter::successors(Some(ROUGH), |width| Some((width * 3 / 2) | 1));
    let widths = widths.take_while(|width| *width <= widest(loss.len()).max(ROUGH));
    let better = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1);
    widths.map(|width| (width, clearness(width))).max_by(better).map_or(1, |(width, _)| width)
}

/// The widest window that a curve of `rows` rows may be smoothed with.
fn widest(rows: usize) -> usize {
    (rows / LARGEST_SHARE).clamp(1, WIDEST)
}
