//! A schedule's rates as far as a chart needs them.

use super::EXACT;

/// Places at which a long schedule is looked at.
const GRID: u64 = 1 << 16;

/// Learning rates over a run's updates: every one or, of very many, those of a grid and the lowest and the highest beside it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RateLine {
    /// Updates planned.
    pub(crate) steps: u64,
    /// (update, rate).
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether they follow the evaluations of one seed.
    pub(crate) of_one_seed: bool,
}

impl RateLine {
    /// Looks at a schedule over `steps` updates; `of_one_seed` says that other seeds' rates may be others.
    ///
    /// # Errors
    /// The first one that a rate gives.
    pub fn new<E>(steps: u64, of_one_seed: bool, mut rate: impl FnMut(u64) -> Result<f64, E>) -> Result<Self, E> {
        let mut at = |step: u64| Ok((step, rate(step)?));
        let exact = steps <= EXACT as u64;
        let stride = if exact { 1 } else { steps.div_ceil(GRID) };
        let mut found: Vec<(u64, f64)> = (0..steps).step_by(stride as usize).map(&mut at).collect::<Result<_, E>>()?;
        if !exact {
            found.push(at(steps - 1)?);
            let by_rate = |a: &&(u64, f64), b: &&(u64, f64)| a.1.total_cmp(&b.1);
            let ends = [found.iter().min_by(by_rate), found.iter().max_by(by_rate)];
            for (step, _) in ends.map(|end| end.copied().unwrap_or_default()) {
                let near = step.saturating_sub(stride)..(step + stride).min(steps);
                let near = near.map(&mut at).collect::<Result<Vec<_>, E>>()?;
                found.extend(near.iter().min_by(by_rate));
                found.extend(near.iter().max_by(by_rate));
            }
            found.sort_by_key(|(step, _)| *step);
            found.dedup_by_key(|(step, _)| *step);
        }
        let points = found.into_iter().map(|(step, rate)| (step as f64, rate)).collect();
        Ok(Self { steps, points, of_one_seed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn line(steps: u64, rate: impl Fn(u64) -> f64) -> Vec<(f64, f64)> {
        RateLine::new(steps, false, |step| Ok::<_, Infallible>(rate(step))).map(|line| line.points).unwrap_or_default()
    }

    #[test]
    fn a_short_schedule_is_looked_at_update_by_update() {
        let points = line(1000, |step| step as f64);
        assert_eq!(points, (0..1000).map(|step| (f64::from(step), f64::from(step))).collect::<Vec<_>>());
        assert_eq!(line(0, |_| 1.0), []);
    }

    /// A triangle's peak and foot lie at known updates, wherever the grid's places are.
    #[test]
    fn a_long_schedule_keeps_its_extremes_and_its_ends() {
        for (steps, peak) in [(50_000_000_u64, 1_234_567_u64), (1_000_000_000, 999_999_998), (131_073, 70_001)] {
            let points = line(steps, |step| 1.0 / (1.0 + step.abs_diff(peak) as f64));
            assert!(points.len() <= GRID as usize + 8, "{}", points.len());
            assert!(points.contains(&(peak as f64, 1.0)), "{steps} {peak}");
            assert_eq!((points[0].0, points[points.len() - 1].0), (0.0, (steps - 1) as f64));
            assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }
}
