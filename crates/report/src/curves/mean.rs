//! The mean over an arm's runs at every update or, where runs are long, over stretches of updates.

use super::EXACT;

/// The mean over seeds of a quantity recorded at places along a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct MeanLine {
    /// The mean over each stretch of updates, from the first on.
    pub(crate) values: Vec<f64>,
    /// Updates in a stretch; 0 counts as 1.
    pub(crate) stretch: usize,
    /// Whether these seeds did all their steps.
    pub(crate) completed: bool,
}

impl MeanLine {
    /// The place of a stretch's middle.
    pub(crate) fn place(&self, index: usize) -> f64 {
        let stretch = self.stretch.max(1) as f64;
        index as f64 * stretch + (stretch - 1.0) / 2.0
    }
}

/// Sums of one run's losses over stretches, up to its first loss that is not finite.
#[derive(Debug)]
pub(super) struct Run {
    sums: Vec<f64>,
    stretch: u64,
    /// Losses in the last sum.
    in_last: u64,
    any: bool,
    ended: bool,
}

impl Default for Run {
    fn default() -> Self {
        Self { sums: Vec::new(), stretch: 1, in_last: 1, any: false, ended: false }
    }
}

impl Run {
    pub(super) fn push(&mut self, loss: f64) {
        self.any = true;
        self.ended |= !loss.is_finite();
        if self.ended {
            return;
        }
        match self.sums.last_mut() {
            Some(last) if self.in_last < self.stretch => {
                *last += loss;
                self.in_last += 1;
            }
            _ => {
                if self.sums.len() == EXACT {
                    halve(&mut self.sums);
                    self.stretch *= 2;
                }
                self.sums.push(loss);
                self.in_last = 1;
            }
        }
    }

    /// Sums of whole stretches alone.
    fn whole(mut self) -> (Vec<f64>, u64) {
        if self.in_last < self.stretch {
            self.sums.pop();
        }
        (self.sums, self.stretch)
    }
}

/// Adds up neighbours; one without a neighbour goes.
fn halve(sums: &mut Vec<f64>) {
    let half = sums.len() / 2;
    for index in 0..half {
        sums[index] = sums[2 * index] + sums[2 * index + 1];
    }
    sums.truncate(half);
}

/// Sums over runs, as far as every one of them got.
#[derive(Debug, Default)]
struct Sums {
    values: Vec<f64>,
    stretch: u64,
    runs: u64,
}

impl Sums {
    fn add(&mut self, (sums, stretch): &(Vec<f64>, u64)) {
        let (mut sums, mut stretch) = (sums.clone(), *stretch);
        if self.runs == 0 {
            *self = Self { values: sums, stretch, runs: 1 };
            return;
        }
        while stretch < self.stretch {
            halve(&mut sums);
            stretch *= 2;
        }
        while self.stretch < stretch {
            halve(&mut self.values);
            self.stretch *= 2;
        }
        self.values.truncate(sums.len());
        self.values.iter_mut().zip(&sums).for_each(|(all, one)| *all += one);
        self.runs += 1;
    }

    fn finish(self, completed: bool) -> MeanLine {
        let count = (self.runs * self.stretch) as f64;
        let values = self.values.iter().map(|sum| sum / count).collect();
        MeanLine { values, stretch: self.stretch as usize, completed }
    }
}

/// The mean over the runs that completed or, where none did, over all of them.
#[derive(Debug, Default)]
pub(super) struct Means {
    completed: Sums,
    /// As long as none has completed.
    others: Sums,
    any_completed: bool,
}

impl Means {
    pub(super) fn add(&mut self, run: Run, completed: bool) {
        self.any_completed |= completed;
        if !run.any {
            return;
        }
        let sums = run.whole();
        if completed {
            self.completed.add(&sums);
        } else if !self.any_completed {
            self.others.add(&sums);
        }
    }

    pub(super) fn finish(self) -> MeanLine {
        if self.any_completed { self.completed.finish(true) } else { self.others.finish(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(runs: &[(bool, &[f64])]) -> MeanLine {
        let mut means = Means::default();
        for (completed, losses) in runs {
            let mut run = Run::default();
            losses.iter().for_each(|loss| run.push(*loss));
            means.add(run, *completed);
        }
        means.finish()
    }

    #[test]
    fn a_diverged_seed_stays_out_of_the_mean_while_others_completed() {
        let diverged: (bool, &[f64]) = (false, &[9.0, f64::NAN, 3.0]);
        let line = mean(&[(true, &[2.0, 1.0]), diverged, (true, &[4.0, 3.0])]);
        assert_eq!(line, MeanLine { values: vec![3.0, 2.0], stretch: 1, completed: true });
        assert_eq!(mean(&[diverged]), MeanLine { values: vec![9.0], stretch: 1, completed: false });
        let both = mean(&[diverged, (false, &[1.0, 1.0, 1.0])]);
        assert_eq!(both, MeanLine { values: vec![5.0], stretch: 1, completed: false });
        assert!(mean(&[]).values.is_empty());
        assert!(mean(&[(true, &[])]).values.is_empty());
    }

    /// The mean of the losses 0, 1, 2 … over a stretch is its middle.
    #[test]
    fn a_long_run_is_averaged_over_stretches() {
        let long: Vec<f64> = (0..5 * EXACT + 3).map(|step| step as f64).collect();
        let short: Vec<f64> = long[..EXACT].to_vec();
        let line = mean(&[(true, &long), (true, &long)]);
        assert_eq!((line.stretch, line.values.len()), (8, 5 * EXACT / 8));
        for index in [0, 7, line.values.len() - 1] {
            assert!((line.values[index] - line.place(index)).abs() < 1e-6, "{index}");
        }
        for both in [mean(&[(true, &long), (true, &short)]), mean(&[(true, &short), (true, &long)])] {
            assert_eq!((both.stretch, both.values.len()), (8, EXACT / 8));
            assert!((both.values[9] - both.place(9)).abs() < 1e-6);
        }
    }
}
