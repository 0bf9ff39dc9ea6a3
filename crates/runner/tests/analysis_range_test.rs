//! The pick of a range test against curves whose right answer is known.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use lrscope_runner::analysis::{
    AnalysisError, Curve, DivergenceMonitor, Ending, Pick, RangeTest, analyse, centred_smoothing,
};
use lrscope_runner::random::{Family, Purpose, Seed, Stream};
use lrscope_runner::spec::StopRule;
use proptest::prelude::*;

fn exponential(low: f64, high: f64, steps: usize) -> Vec<f64> {
    (0..steps).map(|k| low * (high / low).powf(k as f64 / steps as f64)).collect()
}

fn linear(low: f64, high: f64, steps: usize) -> Vec<f64> {
    (0..steps).map(|k| low + (high - low) * k as f64 / steps as f64).collect()
}

fn curve(seed: u64, lr: &[f64], loss: &[f64]) -> Curve {
    let finite = loss.iter().take_while(|loss| loss.is_finite()).count();
    let rows = (finite + 1).min(loss.len());
    let ending = if finite < loss.len() { Ending::NonFinite { step: finite as u64 } } else { Ending::Completed };
    Curve { seed, lr: lr[..rows].to_vec(), loss: loss[..rows].to_vec(), ending }
}

/// Gradient descent on ½λx²: the loss before each update, then x ← (1 − lr·λ)x.
fn quadratic(lr: &[f64], lambda: f64, start: f64) -> Curve {
    let mut x = start;
    let mut step = |lr: &f64| {
        let loss = 0.5 * lambda * x * x;
        x *= 1.0 - lr * lambda;
        loss
    };
    let loss: Vec<f64> = lr.iter().map(&mut step).collect();
    curve(0, lr, &loss)
}

fn picked(curves: &[Curve]) -> (Pick, RangeTest) {
    let test = analyse(curves).expect("the curves are well formed");
    let pick = test.pick.clone().unwrap_or_else(|| panic!("no pick: {:?}", test.refusal));
    (pick, test)
}

fn refused(curves: &[Curve], because: &str) -> RangeTest {
    let test = analyse(curves).expect("the curves are well formed");
    assert_eq!(test.pick, None);
    assert!(test.refusal.as_ref().is_some_and(|refusal| refusal.contains(because)), "{:?}", test.refusal);
    test
}

/// Whether `edge` lies within one step of the sweep from 2/λ.
fn within_one_step(lr: &[f64], edge: f64, lambda: f64) -> bool {
    let truth = 2.0 / lambda;
    let above = lr.iter().position(|lr| *lr > truth).expect("the sweep passes the edge");
    // The largest swept rate up to 2/λ, or anything within a step of it.
    (lr[above.saturating_sub(2)]..=lr[above]).contains(&edge)
}

fn assert_quadratic(lr: &[f64], lambda: f64, start: f64) -> Result<RangeTest, TestCaseError> {
    let (pick, test) = picked(&[quadratic(lr, lambda, start)]);
    prop_assert!(within_one_step(lr, pick.edge_lr, lambda), "2/λ = {}: {:?}", 2.0 / lambda, pick);
    prop_assert!(pick.edge_reached);
    prop_assert!(0.0 < pick.base_lr && pick.base_lr < pick.max_lr && pick.max_lr <= pick.edge_lr / 2.0 * (1.0 + 1e-12));
    prop_assert_eq!(test.window, 1);
    Ok(test)
}

proptest! {
    #[test]
    fn quadratic_edge_of_exponential_sweeps(
        lambda in (-6.0..6.0_f64).prop_map(|e| 10.0_f64.powf(e)),
        below in 1.5..6.0_f64,
        above in 0.5..2.0_f64,
        steps in 40_usize..700,
        start in (-40.0..40.0_f64).prop_map(|e| 10.0_f64.powf(e)),
        sign in prop::bool::ANY,
    ) {
        let lr = exponential(10.0_f64.powf(-below) / lambda, 2.0 * 10.0_f64.powf(above) / lambda, steps);
        assert_quadratic(&lr, lambda, if sign { start } else { -start })?;
    }

    #[test]
    fn quadratic_edge_of_linear_sweeps(
        lambda in (-6.0..6.0_f64).prop_map(|e| 10.0_f64.powf(e)),
        first in 0.0..0.01_f64,
        last in 2.2..8.0_f64,
        steps in 60_usize..4000,
        start in (-40.0..40.0_f64).prop_map(|e| 10.0_f64.powf(e)),
    ) {
        let lr = linear(first / lambda, last / lambda, steps);
        assert_quadratic(&lr, lambda, start)?;
    }

    /// Sweeps so slow that ½λx² falls below the smallest number, and often x itself: what follows is 0, or digits lost.
    #[test]
    fn quadratic_edge_behind_underflow(
        lambda in (-3.0..3.0_f64).prop_map(|e| 10.0_f64.powf(e)),
        per_decade in 330_usize..3000,
        start in (-3.0..3.0_f64).prop_map(|e| 10.0_f64.powf(e)),
    ) {
        let lr = exponential(1e-3 / lambda, 10.0 / lambda, 4 * per_decade);
        assert_quadratic(&lr, lambda, start)?;
    }
}

/// The rate that hits 1/λ exactly makes x exactly 0, for ever.
#[test]
fn quadratic_that_lands_on_its_minimum() {
    let lr = linear(0.0, 3.0, 96);
    assert!(lr.contains(&1.0));
    let (pick, test) = picked(&[quadratic(&lr, 1.0, 5.0)]);
    assert!((pick.edge_lr - 2.0).abs() < 1e-9, "{pick:?}");
    assert!(test.warnings.iter().any(|w| w.contains("curvature")), "{:?}", test.warnings);
}

/// Losses in 32 bits run out of digits at 10⁻⁴⁵, which sweeps of usual speed reach.
#[test]
fn quadratic_in_32_bits() {
    for per_decade in [30, 45, 60, 100, 200] {
        let lr = exponential(1e-4, 10.0, 5 * per_decade);
        let mut single = quadratic(&lr, 1.0, 1.0);
        for loss in &mut single.loss {
            *loss = f64::from(*loss as f32);
        }
        let (pick, _) = picked(&[single]);
        assert!(within_one_step(&lr, pick.edge_lr, 1.0), "{per_decade} a decade: {pick:?}");
    }
}

/// With an offset the fall hides in the rounding of the sum. Then the edge is only known to lie in a stretch, and the
/// pick takes its lower end and says so.
#[test]
fn quadratic_hidden_by_an_offset() {
    let lr = exponential(1e-4, 10.0, 400);
    let mut hidden = quadratic(&lr, 1.0, 1.0);
    for loss in &mut hidden.loss {
        *loss += 100.0;
    }
    let (pick, test) = picked(&[hidden]);
    assert!(pick.edge_lr <= 2.0 && pick.edge_lr > 0.2, "{pick:?}");
    assert!(test.warnings.iter().any(|w| w.contains("stands still")), "{:?}", test.warnings);
}

/// loss[80] is the smallest; it was measured before the update with lr[80], which raised it: so lr[79] is the last good rate.
#[test]
fn the_damage_of_a_rate_shows_one_row_later() {
    let lr = exponential(1e-5, 1.0, 100);
    let loss = (0..100).map(|k| match k {
        0..=50 => 2.3,
        51..=80 => 2.3 - 0.05 * f64::from(k - 50),
        _ => 0.8 + 0.7 * f64::from(k - 80),
    });
    let (pick, test) = picked(&[curve(0, &lr, &loss.collect::<Vec<_>>())]);
    assert_eq!(test.window, 1);
    assert_eq!(pick.edge_lr.to_bits(), lr[79].to_bits());
    // 2 % of the fall (1.5) is behind at row 51, by the update with lr[50]; 90 % at row 77, by the one with lr[76].
    assert_eq!(pick.first_descent_lr.to_bits(), lr[50].to_bits());
    let expected = (lr[76] * lr[79]).sqrt() / 2.0;
    assert!((pick.max_lr / expected - 1.0).abs() < 1e-9, "{pick:?}");
    assert!((pick.base_lr / (expected / 4.0) - 1.0).abs() < 1e-9, "{pick:?}");
}

/// A plateau, a fall over a decade around `fall`, a floor, and a rise at `edge`, with normal noise that grows from the
/// plateau to the floor as it does on real data.
fn network(seed: u64, lr: &[f64], fall: f64, edge: f64, noise: f64) -> Curve {
    let seed_of = Seed { family: Family::RangeTest, number: seed };
    let mut stream = Stream::new(seed_of, Purpose::Order, 0, 0);
    let mut row = |lr: &f64| {
        let down = 1.0 / (1.0 + (fall / lr).powi(3));
        let up = (lr / edge).powi(6);
        2.3 - 1.9 * down + up + noise * (0.1 + 0.9 * down) * stream.normal()
    };
    let loss: Vec<f64> = lr.iter().map(&mut row).collect();
    curve(seed, lr, &loss)
}

fn networks(seeds: std::ops::Range<u64>, noise: f64) -> Vec<Curve> {
    let lr = exponential(1e-6, 10.0, 300);
    seeds.map(|seed| network(seed, &lr, 0.01, 0.2, noise)).collect()
}

#[test]
fn noisy_networks_are_picked_where_they_should() {
    let clean = picked(&networks(0..1, 0.0)).0;
    for first in (0..60).step_by(3) {
        let (pick, test) = picked(&networks(first..first + 3, 0.2));
        assert!(test.window > 1, "noise asks for smoothing");
        let decades = |found: f64, truth: f64| (found / truth).log10().abs();
        // The floor is flat: where it ends is known to the noise, not to the row.
        assert!(decades(pick.max_lr, clean.max_lr) < 0.25, "{pick:?} {clean:?}");
        assert!(decades(pick.edge_lr, 0.12) < 0.2, "{pick:?}");
        assert!(decades(pick.first_descent_lr, clean.first_descent_lr) < 0.3, "{pick:?} {clean:?}");
        assert!(pick.edge_reached && pick.max_lr < 0.1 && pick.max_lr > 0.01);
        assert_eq!(test.seed_picks.len(), 3);
        assert_eq!(test.refusal, None);
    }
}

#[test]
fn the_mean_curve_is_the_mean_over_the_rows_that_all_seeds_reached() {
    let mut curves = networks(0..3, 0.1);
    curves[1].loss.truncate(250);
    curves[1].lr.truncate(250);
    curves[1].loss[249] = f64::NAN;
    curves[1].ending = Ending::NonFinite { step: 249 };
    let test = analyse(&curves).expect("the curves are well formed");
    assert_eq!((test.lr.len(), test.mean_loss.len(), test.smoothed_loss.len()), (249, 249, 249));
    let third = (curves[0].loss[40] + curves[1].loss[40] + curves[2].loss[40]) / 3.0;
    assert!((test.mean_loss[40] - third).abs() < 1e-12);
    assert_eq!(test.smoothed_loss, centred_smoothing(&test.mean_loss, test.window));
    assert_eq!(test.curves.len(), 3);
    assert_eq!(test.rules.len(), 18);
}

#[test]
fn a_single_spike_on_the_way_down_changes_little() {
    let calm = networks(0..3, 0.1);
    let mut spiked = calm.clone();
    spiked[1].loss[150] = 40.0;
    let (calm, spiked) = (picked(&calm).0, picked(&spiked).0);
    assert!((spiked.max_lr / calm.max_lr).log10().abs() < 0.05, "{calm:?} {spiked:?}");
    assert!((spiked.edge_lr / calm.edge_lr).log10().abs() < 0.05, "{calm:?} {spiked:?}");
}

/// The sweeps as the training loop would have stopped them.
fn stopped(curves: &[Curve], factor: f64, window: u64) -> Vec<Curve> {
    let stop = |curve: &Curve| {
        let mut monitor = DivergenceMonitor::new(StopRule::Divergence { factor, window });
        let end = curve.loss.iter().enumerate().find_map(|(row, loss)| Some((row, monitor.push(*loss)?)));
        let (rows, ending) = end.map_or((curve.loss.len(), curve.ending), |(row, ending)| (row + 1, ending));
        Curve { seed: curve.seed, lr: curve.lr[..rows].to_vec(), loss: curve.loss[..rows].to_vec(), ending }
    };
    curves.iter().map(stop).collect()
}

/// Where a sweep is stopped after its edge moves no pick; a spike that stops it too early is no edge.
#[test]
fn the_stop_of_a_sweep_does_not_move_the_pick() {
    let curves = networks(0..3, 0.1);
    let whole = picked(&curves).0;
    for (factor, window) in [(3.0, 7), (4.0, 5), (10.0, 9)] {
        let early = stopped(&curves, factor, window);
        assert!(early.iter().all(|curve| curve.lr.len() < 290), "the sweeps are stopped");
        let early = picked(&early).0;
        assert_eq!(early.edge_lr.to_bits(), whole.edge_lr.to_bits());
        // The starting level is read off a share of the rows, so the rest may differ a little.
        assert!((early.max_lr / whole.max_lr - 1.0).abs() < 0.02, "{early:?} {whole:?}");
    }
    let mut spiked = curves.clone();
    spiked[1].loss[200] = 2.2;
    assert_eq!(picked(&stopped(&spiked, 4.0, 5)).0.edge_lr.to_bits(), picked(&spiked).0.edge_lr.to_bits());
    let (pick, test) = picked(&stopped(&spiked, 4.0, 1));
    assert!(!pick.edge_reached && pick.max_lr < whole.max_lr, "{pick:?}");
    assert!(test.warnings.iter().any(|w| w.contains("stopped as diverged before")), "{:?}", test.warnings);
}

fn normal_noise(seed: u64, rows: usize, deviation: f64) -> Vec<f64> {
    let key = Seed { family: Family::Statistics, number: seed };
    let mut stream = Stream::new(key, Purpose::Resampling, 0, 0);
    (0..rows).map(|_| 2.3 + deviation * stream.normal()).collect()
}

/// Pure noise: not one of 600 sweeps, of three lengths, may be given a pick.
#[test]
fn noise_is_never_picked_from() {
    for seed in 0..200 {
        for steps in [20, 100, 300] {
            let lr = exponential(1e-6, 10.0, steps);
            refused(&[curve(seed, &lr, &normal_noise(seed, steps, 0.05))], "never falls");
        }
    }
}

/// Noise, then a blow-up, with no fall between them.
#[test]
fn noise_that_blows_up_is_never_picked_from() {
    let lr = exponential(1e-6, 10.0, 300);
    for seed in 0..200 {
        let mut loss = normal_noise(seed, 300, 0.05);
        let growth = std::iter::successors(Some(1.0), |factor| Some(1.3 * factor));
        loss[240..].iter_mut().zip(growth).for_each(|(loss, factor): (&mut f64, f64)| *loss *= factor);
        refused(&[curve(seed, &lr, &loss)], "rises or breaks down from learning rate");
    }
}

#[test]
fn curves_without_an_answer_say_why() {
    let lr = exponential(1e-6, 10.0, 100);
    let of = |loss: &dyn Fn(f64) -> f64| curve(0, &lr, &(0..100).map(|k| loss(f64::from(k))).collect::<Vec<_>>());
    refused(&[of(&|_| 2.3)], "never falls");
    refused(&[of(&|k| 2.3 + 0.01 * k)], "start the sweep lower");
    refused(&[of(&|k| 2.3 * 1.2_f64.powf(k))], "start the sweep lower");
    let noise = normal_noise(3, 100, 0.02);
    refused(&[of(&|k| noise[k as usize] + 0.05 * k)], "start the sweep lower");
    // Losses in 32 bits that stand still but for their last bit, now and then.
    let jitter = |k: f64| 2.25 + if k % 4.0 > 2.5 { 2.4e-7 * (k - 50.0).signum() } else { 0.0 };
    refused(&[of(&jitter)], "never falls");
    refused(&[curve(0, &lr[..9], &[2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5])], "9 usable steps are too few");
    // A sweep to 1e300 leaps over the rates that work; one that starts too high has none.
    let leaps = exponential(1e-5, 1e300, 200);
    let broken = |k: f64| if k < 5.0 { 2.3 } else { f64::NAN };
    let losses: Vec<f64> = (0..200).map(|k| broken(f64::from(k))).collect();
    refused(&[curve(0, &leaps, &losses)], "too few, at least 10 are needed; sweep more steps, or end at a lower rate");
    refused(
        &[curve(0, &lr, &losses[..100])],
        "too few, at least 10 are needed; sweep more steps, or start at a lower rate",
    );
    let at_once = refused(&[curve(4, &lr, &[f64::NAN; 100])], "too few");
    assert!(at_once.warnings.iter().any(|w| w.contains("seed 4 is not finite at step 0")), "{:?}", at_once.warnings);
    assert!(at_once.lr.is_empty());
    let mut third = vec![2.3; 100];
    third[3] = f64::INFINITY;
    let third = refused(&[of(&|_| 2.3), curve(9, &lr, &third)], "too few");
    assert!(third.warnings.iter().any(|w| w.contains("seed 9 is not finite at step 3")), "{:?}", third.warnings);
}

#[test]
fn a_loss_that_only_falls_gives_a_lower_bound() {
    let lr = exponential(1e-6, 1e-2, 100);
    let falls: Vec<f64> = (0..100).map(|k| 2.3 - 0.02 * f64::from(k)).collect();
    for loss in [falls.clone(), falls.iter().zip(normal_noise(1, 100, 0.02)).map(|(a, b)| a + b - 2.3).collect()] {
        let (pick, test) = picked(&[curve(0, &lr, &loss)]);
        assert!(!pick.edge_reached);
        assert!(pick.edge_lr >= lr[95] && pick.edge_lr <= lr[98], "{pick:?}");
        assert!(test.warnings.iter().any(|w| w.contains("lower bound")), "{:?}", test.warnings);
        assert!(test.warnings.iter().any(|w| w.contains("falls from the first rates on")), "{:?}", test.warnings);
    }
}

/// A floor that lasts to the end of the sweep, with noise.
#[test]
fn a_floor_without_a_rise_gives_a_lower_bound() {
    let lr = exponential(1e-6, 1.0, 300);
    for seed in 0..50 {
        let (pick, test) = picked(&[network(seed, &lr, 1e-3, 1e9, 0.1)]);
        assert!(!pick.edge_reached && pick.edge_lr > lr[250], "{pick:?}");
        assert!(test.warnings.iter().any(|w| w.contains("lower bound")), "{:?}", test.warnings);
    }
}

#[test]
fn seeds_that_disagree_are_said_to() {
    let lr = exponential(1e-6, 10.0, 300);
    let curves = [network(0, &lr, 0.001, 0.02, 0.05), network(1, &lr, 0.01, 0.2, 0.05)];
    let test = analyse(&curves).expect("the curves are well formed");
    assert!(test.warnings.iter().any(|w| w.contains("more than a factor of 2 apart")), "{:?}", test.warnings);
    let alone = analyse(&curves[..1]).expect("the curve is well formed");
    assert!(alone.warnings.iter().any(|w| w.contains("one seed alone")), "{:?}", alone.warnings);
    let mixed = [network(0, &lr, 0.01, 0.2, 0.05), curve(1, &lr, &normal_noise(5, 300, 0.05))];
    let mixed = analyse(&mixed).expect("the curves are well formed");
    assert!(
        mixed.warnings.iter().any(|w| w.contains("1 of 2 seeds alone support no pick (seed 1")),
        "{:?}",
        mixed.warnings
    );
    assert_eq!(mixed.seed_picks.len(), 1);
}

#[test]
fn a_sweep_that_starts_too_high_is_refused() {
    let lr = exponential(0.5, 4.0, 60);
    refused(&[quadratic(&lr, 1.0, 1.0)], "start the sweep lower");
}

#[test]
fn curves_that_do_not_belong_together_are_errors() {
    let lr = exponential(1e-6, 1.0, 20);
    let good = curve(0, &lr, &[1.0; 20]);
    let message = |curves: &[Curve]| analyse(curves).expect_err("the curves are not well formed").to_string();
    assert!(matches!(analyse(&[]), Err(AnalysisError::Empty(_))));
    assert!(message(&[Curve { lr: vec![], loss: vec![], ..good.clone() }]).contains("seed 0 has no row"));
    assert!(message(&[good.clone(), good.clone()]).contains("two curves are of seed 0"));
    assert!(message(&[Curve { loss: vec![1.0; 19], ..good.clone() }]).contains("20 rates and 19 losses"));
    let other = Curve { seed: 1, lr: exponential(1e-5, 1.0, 20), ..good.clone() };
    assert!(message(&[good.clone(), other]).contains("different rates"));
    let mut falling = good.clone();
    falling.lr[5] = 1e-9;
    assert!(message(&[falling]).contains("must rise"));
    let mut negative = good;
    negative.lr[0] = -1.0;
    assert!(message(&[negative]).contains("not negative"));
}

/// Any curve: a network's shape with random places, noise and length, perhaps cut.
fn any_curves() -> impl Strategy<Value = Vec<Curve>> {
    let places = (-5.0..0.0_f64, 0.3..3.0_f64, prop_oneof![Just(0.0), 0.001..1.0_f64]);
    (places, 12_usize..400, 1_usize..4, 0_u64..1_000_000, prop::bool::ANY).prop_map(
        |((fall, gap, noise), steps, seeds, first, straight)| {
            let fall = 10.0_f64.powf(fall);
            let edge = fall * 10.0_f64.powf(gap);
            let lr = if straight { linear(0.0, 4.0 * edge, steps) } else { exponential(1e-7, 10.0, steps) };
            (0..seeds as u64).map(|seed| network(first + seed, &lr, fall, edge, noise)).collect()
        },
    )
}

fn scaled(curves: &[Curve], rate: f64, factor: f64, offset: f64) -> Vec<Curve> {
    let scale = |curve: &Curve| Curve {
        lr: curve.lr.iter().map(|lr| rate * lr).collect(),
        loss: curve.loss.iter().map(|loss| factor * loss + offset).collect(),
        ..curve.clone()
    };
    curves.iter().map(scale).collect()
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs()
}

fn same_pick(a: Option<&Pick>, b: Option<&Pick>, rate: f64) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => {
            same(a.max_lr, rate * b.max_lr)
                && same(a.base_lr, rate * b.base_lr)
                && same(a.edge_lr, rate * b.edge_lr)
                && same(a.first_descent_lr, rate * b.first_descent_lr)
                && a.edge_reached == b.edge_reached
        }
        (a, b) => a.is_none() && b.is_none(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bounds_are_ordered_and_within_the_sweep(curves in any_curves()) {
        let test = analyse(&curves).expect("the curves are well formed");
        prop_assert_eq!(test.pick.is_none(), test.refusal.is_some());
        let (first, last) = (curves[0].lr[0], curves[0].lr[curves[0].lr.len() - 1]);
        for pick in test.pick.iter().chain(test.seed_picks.iter().map(|(_, pick)| pick)) {
            prop_assert!(first <= pick.base_lr && 0.0 < pick.base_lr && pick.base_lr < pick.max_lr, "{:?}", pick);
            prop_assert!(pick.max_lr <= pick.edge_lr * 0.500_000_1 && pick.edge_lr <= last, "{:?}", pick);
            prop_assert!(pick.first_descent_lr <= pick.edge_lr, "{:?}", pick);
        }
    }

    #[test]
    fn scaling_the_rates_scales_the_pick(curves in any_curves(), exponent in -6.0..6.0_f64) {
        let rate = 10.0_f64.powf(exponent);
        let test = analyse(&curves).expect("the curves are well formed");
        let other = analyse(&scaled(&curves, rate, 1.0, 0.0)).expect("the curves are well formed");
        prop_assert!(same_pick(other.pick.as_ref(), test.pick.as_ref(), rate), "{:?} {:?}", test.pick, other.pick);
    }

    #[test]
    fn scaling_and_shifting_the_loss_leaves_the_pick(curves in any_curves(), factor in 0.01..100.0_f64, offset in -10.0..10.0_f64) {
        let test = analyse(&curves).expect("the curves are well formed");
        let other = analyse(&scaled(&curves, 1.0, factor, offset)).expect("the curves are well formed");
        prop_assert!(same_pick(other.pick.as_ref(), test.pick.as_ref(), 1.0), "{:?} {:?}", test.pick, other.pick);
    }

    #[test]
    fn the_order_of_the_seeds_does_not_matter(curves in any_curves()) {
        let test = analyse(&curves).expect("the curves are well formed");
        let reversed: Vec<Curve> = curves.iter().rev().cloned().collect();
        let other = analyse(&reversed).expect("the curves are well formed");
        prop_assert!(same_pick(other.pick.as_ref(), test.pick.as_ref(), 1.0), "{:?} {:?}", test.pick, other.pick);
    }

    /// Whatever the losses are, the analysis answers and never panics.
    #[test]
    fn any_losses_are_answered(
        loss in prop::collection::vec(
            prop_oneof![6 => -1e3..1e3_f64, 1 => Just(0.0), 1 => Just(f64::MAX), 1 => Just(-f64::MAX), 1 => Just(5e-324), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)],
            1..60
        ),
        zero in prop::bool::ANY,
    ) {
        let lr = linear(if zero { 0.0 } else { 0.1 }, 1.0, loss.len());
        let whole = Curve { seed: 0, lr, loss, ending: Ending::Completed };
        let test = analyse(std::slice::from_ref(&whole)).expect("the curve is well formed");
        if let Some(pick) = test.pick {
            prop_assert!(0.0 < pick.base_lr && pick.base_lr < pick.max_lr && pick.max_lr <= pick.edge_lr);
        }
    }
}

#[test]
fn centred_smoothing_has_no_phase_and_keeps_what_it_should() {
    let values: Vec<f64> = (0..40).map(|k| f64::from(k * k % 17)).collect();
    assert_eq!(centred_smoothing(&values, 1), values);
    assert_eq!(centred_smoothing(&values, 0), values);
    assert_eq!(centred_smoothing(&values, 8), centred_smoothing(&values, 7));
    assert!(centred_smoothing(&[], 5).is_empty());
    // A straight line passes unchanged: symmetric weights, no lag.
    let line: Vec<f64> = (0..30).map(|k| 0.5 * f64::from(k) - 3.0).collect();
    for (smooth, raw) in centred_smoothing(&line, 9).iter().zip(&line) {
        assert!((smooth - raw).abs() < 1e-12);
    }
    // numpy.hanning(7)[1:-1] / sum = [0.25, 0.75, 1, 0.75, 0.25] / 3 around the middle.
    let mut impulse = vec![0.0; 11];
    impulse[5] = 3.0;
    let smooth = centred_smoothing(&impulse, 5);
    for (found, expected) in smooth[2..9].iter().zip([0.0, 0.25, 0.75, 1.0, 0.75, 0.25, 0.0]) {
        assert!((found - expected).abs() < 1e-12, "{smooth:?}");
    }
    // At the ends the window shrinks and stays centred: the first value is itself, the second a mean of three.
    let smooth = centred_smoothing(&[4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 5);
    assert_eq!(smooth[..2], [4.0, 1.0]);
}

/// In a sweep from 0 whose first step takes the whole fall there is no rate to pick, and "start lower" would be no advice.
#[test]
fn a_linear_sweep_from_zero_that_is_too_coarse_says_what_to_do() {
    let lr = linear(0.0, 10.0, 200);
    let loss: Vec<f64> = lr.iter().map(|lr| if *lr == 0.0 { 2.3 } else { 0.1 + (lr / 3.0).powi(4) }).collect();
    refused(&[curve(0, &lr, &loss)], "end the sweep lower, or sweep more steps");
    let fine = linear(0.0, 10.0, 2000);
    let loss: Vec<f64> = fine.iter().map(|lr| 2.3 / (1.0 + (lr / 0.1).powi(2)) + (lr / 3.0).powi(4)).collect();
    let (pick, test) = picked(&[curve(0, &fine, &loss)]);
    assert!(pick.base_lr > 0.0 && pick.edge_reached && test.lowest_lr().is_some_and(|lr| lr > 0.1), "{pick:?}");
}
