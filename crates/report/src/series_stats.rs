//! Mean lines over seeds, for the eye; the figures in tables come from the analysis.

use lrscope_runner::analysis::{Ending, SeedResult, centred_smoothing};

use crate::curves::MeanLine as LossMean;

/// The mean over seeds of a quantity recorded at places along a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MeanLine {
    /// The mean at each place, from the first on.
    pub(crate) values: Vec<f64>,
    /// Seeds that went into it.
    pub(crate) seeds: usize,
    /// Whether these seeds did all their steps.
    pub(crate) completed: bool,
}

/// The mean over the seeds that completed or, where none did, over all of them as far as every one got with finite values.
pub(crate) fn mean_line(seeds: &[SeedResult], values: impl Fn(&SeedResult) -> Vec<f64>) -> MeanLine {
    let finished: Vec<_> = seeds.iter().filter(|seed| seed.ending == Ending::Completed).collect();
    let completed = !finished.is_empty();
    let used = if completed { finished } else { seeds.iter().collect() };
    let rows: Vec<Vec<f64>> = used.into_iter().map(values).filter(|row| !row.is_empty()).collect();
    let finite = |row: &Vec<f64>| row.iter().take_while(|v| v.is_finite()).count();
    let length = rows.iter().map(finite).min().unwrap_or(0);
    let mean = |k: usize| rows.iter().map(|row| row[k]).sum::<f64>() / rows.len() as f64;
    MeanLine { values: (0..length).map(mean).collect(), seeds: rows.len(), completed }
}

/// Steps in the smoothing window of a run of this length: about a sixtieth, odd, so that it has a middle.
pub(crate) fn smoothing_window(steps: usize) -> usize {
    (steps / 60).min(2000) | 1
}

/// `line` smoothed over [`smoothing_window`] steps of a run of `steps`, as points (step, value).
///
/// Towards both ends the window shrinks and the noise comes back. At the start that shows the steep fall; at the end it would
/// let one batch decide where a line seems to arrive, so the last half window is left out.
pub(crate) fn smoothed(line: &LossMean, steps: usize) -> Vec<(f64, f64)> {
    let window = (smoothing_window(steps) / line.stretch.max(1)) | 1;
    let smooth = centred_smoothing(&line.values, window);
    let kept = smooth.len().saturating_sub(window / 2).max(1);
    smooth.into_iter().take(kept).enumerate().map(|(index, value)| (line.place(index), value)).collect()
}

/// How a run ended, in words.
pub(crate) fn ending_words(ending: Ending) -> String {
    match ending {
        Ending::Completed => "completed".into(),
        Ending::Diverged { step } => format!("diverged at step {}", crate::numbers::count(step)),
        Ending::NonFinite { step } => format!("loss not finite at step {}", crate::numbers::count(step)),
    }
}

/// How a run ended as a word and the step for CSV; the step is absent where all were done.
pub(crate) fn ending_fields(ending: Ending) -> (&'static str, Option<u64>) {
    match ending {
        Ending::Completed => ("completed", None),
        Ending::Diverged { step } => ("diverged", Some(step)),
        Ending::NonFinite { step } => ("non_finite", Some(step)),
    }
}

#[cfg(test)]
mod tests {
    use lrscope_runner::learner::Evaluation;

    use super::*;

    fn seed(number: u64, ending: Ending, curve: &[f64]) -> SeedResult {
        SeedResult {
            seed: number,
            ending,
            test_accuracy: None,
            validation_accuracy: None,
            test_loss: None,
            validation_loss: None,
            evaluations: (0..)
                .zip(curve.iter().map(|loss| Evaluation { loss: *loss, correct: 0, examples: 1 }))
                .collect(),
        }
    }

    fn evaluated(seed: &SeedResult) -> Vec<f64> {
        seed.evaluations.iter().map(|(_, at)| at.loss).collect()
    }

    #[test]
    fn a_diverged_seed_stays_out_of_the_mean_while_others_completed() {
        let seeds = [
            seed(0, Ending::Completed, &[2.0, 1.0]),
            seed(1, Ending::Completed, &[4.0, 3.0]),
            seed(2, Ending::NonFinite { step: 1 }, &[9.0, f64::NAN]),
        ];
        let mean = mean_line(&seeds, evaluated);
        assert_eq!(mean, MeanLine { values: vec![3.0, 2.0], seeds: 2, completed: true });
        let alone = mean_line(&seeds[2..], evaluated);
        assert_eq!(alone, MeanLine { values: vec![9.0], seeds: 1, completed: false });
    }

    #[test]
    fn no_seeds_give_no_line() {
        assert!(mean_line(&[], evaluated).values.is_empty());
    }
}
