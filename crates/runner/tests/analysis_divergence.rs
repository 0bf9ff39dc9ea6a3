//! The stop rule on losses whose end is known.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use lrscope_runner::analysis::{DivergenceMonitor, Ending};
use lrscope_runner::spec::StopRule;
use proptest::prelude::*;

fn ending(rule: StopRule, losses: &[f64]) -> Option<Ending> {
    let mut monitor = DivergenceMonitor::new(rule);
    losses.iter().find_map(|loss| monitor.push(*loss))
}

fn divergence(factor: f64, window: u64) -> StopRule {
    StopRule::Divergence { factor, window }
}

#[test]
fn the_first_non_finite_loss_ends_every_run() {
    for rule in [StopRule::NonFinite {}, divergence(4.0, 1), divergence(4.0, 9)] {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(ending(rule, &[1.0, 0.9, bad, 0.8]), Some(Ending::NonFinite { step: 2 }));
            assert_eq!(ending(rule, &[bad]), Some(Ending::NonFinite { step: 0 }));
        }
    }
    assert_eq!(ending(StopRule::NonFinite {}, &[1.0, 1e300, 0.0]), None);
    assert_eq!(ending(divergence(4.0, 3), &[]), None);
}

#[test]
fn a_window_of_one_takes_each_loss_as_it_is() {
    assert_eq!(ending(divergence(4.0, 1), &[2.0, 1.0, 4.0, 4.1]), Some(Ending::Diverged { step: 3 }));
    assert_eq!(ending(divergence(4.0, 0), &[2.0, 1.0, 4.0, 4.1]), Some(Ending::Diverged { step: 3 }));
    assert_eq!(ending(divergence(4.0, 1), &[2.0, 1.0, 4.0, 4.0]), None, "exactly the factor is not above it");
}

/// Two spikes in five losses leave the median alone; the third moves it.
#[test]
fn spikes_below_half_the_window_stop_nothing() {
    let mut losses = vec![1.0; 30];
    losses[10] = 1e9;
    losses[12] = 1e9;
    assert_eq!(ending(divergence(4.0, 5), &losses), None);
    losses[14] = 1e9;
    assert_eq!(ending(divergence(4.0, 5), &losses), Some(Ending::Diverged { step: 14 }));
    // Spikes at the very start raise the first medians, which only makes the best one higher for a while.
    let mut early = vec![1.0; 20];
    early[..3].fill(1e9);
    assert_eq!(ending(divergence(4.0, 5), &early), None);
}

/// Loss k is 1.1^k: the median of five is 1.1^(k − 2), the best one 1.1²; 1.1^(k − 4) > 4 first at k = 19.
#[test]
fn a_slow_rise_is_found_when_the_median_passes_the_factor() {
    let losses: Vec<f64> = (0..40).map(|k| 1.1_f64.powi(k)).collect();
    assert_eq!(ending(divergence(4.0, 5), &losses), Some(Ending::Diverged { step: 19 }));
    // An even window takes the mean of the two in the middle.
    assert_eq!(ending(divergence(2.0, 2), &[1.0, 3.0, 4.0, 4.1]), Some(Ending::Diverged { step: 3 }));
}

#[test]
fn tiny_and_zero_losses_are_taken_relatively() {
    assert_eq!(ending(divergence(4.0, 1), &[1e-30, 1e-40, 3e-40, 5e-40]), Some(Ending::Diverged { step: 3 }));
    assert_eq!(ending(divergence(4.0, 1), &[1.0, 0.0, 1e-310, 1e-307]), Some(Ending::Diverged { step: 3 }));
    assert_eq!(ending(divergence(4.0, 1), &[0.0, 0.0, 0.0]), None);
    assert_eq!(ending(divergence(4.0, 1), &[-1.0, 5.0, 1e9]), None, "ratios to a negative loss mean nothing");
}

/// ½x² under growing rates: stopped a few rows after 2/λ, never before it.
#[test]
fn a_quadratic_sweep_is_stopped_after_its_edge() {
    let mut monitor = DivergenceMonitor::new(divergence(4.0, 3));
    let mut x: f64 = 1.0;
    let stopped = (0..400).map(|k| 1.01e-3 * 1e4_f64.powf(f64::from(k) / 400.0)).find(|lr| {
        let ended = monitor.push(0.5 * x * x).is_some();
        x *= 1.0 - lr;
        ended
    });
    let stopped = stopped.expect("the sweep goes past the edge");
    assert!((2.0..2.6).contains(&stopped), "{stopped}");
}

/// The rule as its documentation words it, from scratch at every row.
fn by_definition(factor: f64, window: usize, losses: &[f64]) -> Option<Ending> {
    let median = |end: usize| {
        let mut last = losses[end + 1 - window..=end].to_vec();
        last.sort_by(f64::total_cmp);
        f64::midpoint(last[(window - 1) / 2], last[window / 2])
    };
    let mut best = f64::INFINITY;
    for (step, loss) in losses.iter().enumerate() {
        if !loss.is_finite() {
            return Some(Ending::NonFinite { step: step as u64 });
        }
        if step + 1 >= window {
            best = best.min(median(step));
            if median(step) > factor * best {
                return Some(Ending::Diverged { step: step as u64 });
            }
        }
    }
    None
}

proptest! {
    #[test]
    fn the_incremental_rule_is_the_rule(
        losses in prop::collection::vec(prop_oneof![20 => 0.1..3.0_f64, 3 => 0.1..100.0_f64, 1 => Just(f64::NAN)], 0..80),
        factor in 1.0..6.0_f64,
        window in 1_usize..12,
    ) {
        prop_assert_eq!(ending(divergence(factor, window as u64), &losses), by_definition(factor, window, &losses));
    }

    /// A resumed run pushes the old losses again and ends where the other one does.
    #[test]
    fn replaying_the_past_changes_nothing(losses in prop::collection::vec(0.1..9.0_f64, 1..60), cut in 0_usize..60) {
        let cut = cut.min(losses.len());
        let mut whole = DivergenceMonitor::new(divergence(3.0, 4));
        let endings: Vec<Option<Ending>> = losses.iter().map(|loss| whole.push(*loss)).collect();
        let mut resumed = DivergenceMonitor::new(divergence(3.0, 4));
        for loss in &losses[..cut] {
            let _ = resumed.push(*loss);
        }
        let rest: Vec<Option<Ending>> = losses[cut..].iter().map(|loss| resumed.push(*loss)).collect();
        prop_assert_eq!(&rest, &endings[cut..]);
    }
}
