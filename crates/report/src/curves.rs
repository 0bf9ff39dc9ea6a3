//! What the charts of an arm's runs are drawn from, gathered update by update, so that memory goes by what is drawn.
//!
//! Runs of up to [`EXACT`] updates and up to [`LINES`] thin lines are drawn from every value. Beyond that a thin line keeps the
//! lowest and the highest loss of equal stretches, the mean is taken over stretches, and limits of axes go by every n-th loss.

mod line;
mod mean;
mod rates;
mod sample;
mod table;

use lrscope_runner::analysis::Ending;

pub(crate) use mean::MeanLine;
pub use rates::RateLine;
pub use table::{CURVES, CurvesTable};

use line::Line;
use mean::Means;
use sample::Sample;

/// Updates up to which means are taken at every update, and rates looked at one by one.
pub(crate) const EXACT: usize = 1 << 17;
/// The most thin lines that a chart has.
pub(crate) const LINES: usize = 200;
/// Points that all thin lines of a chart may have together.
const POINTS: usize = 1 << 20;

/// The curves of one arm, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArmCurves {
    /// Updates of its longest run.
    pub(crate) steps: u64,
    /// Thin lines of the first runs: (update, loss).
    pub(crate) lines: Vec<Vec<(f64, f64)>>,
    /// The mean over its runs.
    pub(crate) mean: MeanLine,
    /// The last finite loss, with its update, of each run that did not come to its end.
    pub(crate) stops: Vec<(f64, f64)>,
    /// Losses of all its runs, every one or every n-th.
    pub(crate) sample: Vec<f64>,
    /// The learning rate.
    pub(crate) rates: RateLine,
}

/// Gathers the curves of one arm, run by run.
#[derive(Debug)]
pub struct CurvesBuilder {
    steps: u64,
    lines: Vec<Vec<(f64, f64)>>,
    most: LineLimits,
    means: Means,
    stops: Vec<(f64, f64)>,
    sample: Sample,
}

/// How much of each arm's runs is drawn as thin lines.
#[derive(Debug, Clone, Copy)]
struct LineLimits {
    lines: usize,
    points: usize,
}

/// Thin lines of each of so many arms.
pub(crate) fn lines_per_arm(arms: usize) -> usize {
    (LINES / arms.max(1)).max(1)
}

impl CurvesBuilder {
    /// For one of `arms` arms that have `runs` runs in all.
    pub fn new(arms: usize, runs: usize) -> Self {
        let lines = lines_per_arm(arms);
        let drawn = runs.min(lines.saturating_mul(arms)).max(1);
        let most = LineLimits { lines, points: POINTS / drawn };
        Self {
            steps: 0,
            lines: Vec::new(),
            most,
            means: Means::default(),
            stops: Vec::new(),
            sample: Sample::default(),
        }
    }

    /// Takes up a run of `steps` updates, whose losses come one by one.
    ///
    /// # Errors
    /// The first one that comes instead of a loss.
    pub fn run<E>(
        &mut self,
        ending: Ending,
        steps: u64,
        losses: impl Iterator<Item = Result<f64, E>>,
    ) -> Result<(), E> {
        let mut line = (self.lines.len() < self.most.lines).then(|| Line::new(steps, self.most.points));
        let mut means = mean::Run::default();
        let mut last = None;
        for (step, loss) in (0_u64..).zip(losses) {
            let loss = loss?;
            means.push(loss);
            self.sample.push(loss);
            if loss.is_finite() {
                last = Some((step as f64, loss));
            }
            if let Some(line) = &mut line {
                line.push(step, loss);
            }
        }
        self.steps = self.steps.max(steps);
        self.lines.extend(line.map(Line::finish));
        self.stops.extend(last.filter(|_| ending != Ending::Completed));
        self.means.add(means, ending == Ending::Completed);
        Ok(())
    }

    /// The arm's curves, with its learning rate.
    pub fn finish(self, rates: RateLine) -> ArmCurves {
        let Self { steps, lines, means, stops, sample, .. } = self;
        ArmCurves { steps, lines, mean: means.finish(), stops, sample: sample.finish(), rates }
    }
}
