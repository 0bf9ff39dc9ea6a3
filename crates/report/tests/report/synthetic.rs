//! Made-up runs that look like real ones, for the example and the tests. No figure here was measured.

use std::convert::Infallible;

use lrscope_report::{ArmCurves, CurvesBuilder, CurvesTable, RateLine};
use lrscope_runner::analysis::{ArmResult, Curve, Ending, SeedResult};
use lrscope_runner::learner::{Evaluation, Subset};

/// A small generator (splitmix64), so that the same picture comes out everywhere.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, mean 0, deviation 1.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// One seed's sweep, as it might come from a real network.
pub fn sweep(seed: u64, steps: usize) -> Curve {
    let mut noise = Noise::new(seed * 77 + 5);
    let (low, high) = (1e-5_f64, 10.0_f64);
    let (mut lr, mut loss) = (Vec::new(), Vec::new());
    let edge = 0.55 * (0.12 * noise.normal()).exp();
    let mut ending = Ending::Completed;
    for k in 0..steps {
        let rate = low * (high / low).powf(k as f64 / (steps - 1) as f64);
        let fall = 1.0 / (1.0 + (rate / 0.008).powf(1.1));
        let blown = (rate / edge).powf(5.0);
        let level = 0.36 + 1.95 * fall + 0.9 * blown;
        let value = level * (0.055 * noise.normal()).exp();
        lr.push(rate);
        loss.push(value);
        if value > 8.0 {
            ending = Ending::Diverged { step: k as u64 };
            break;
        }
    }
    Curve { seed, lr, loss, ending }
}

/// What distinguishes a made-up arm.
pub struct Plan {
    pub name: &'static str,
    pub schedule: &'static str,
    pub lr: fn(f64, f64) -> f64,
    pub accuracy: f64,
    pub floor: f64,
    /// Seeds that diverge halfway.
    pub diverging: &'static [u64],
}

fn triangle(step: f64, steps: f64) -> f64 {
    let cycle = steps / 8.0;
    1.0 - (step / cycle * 2.0 % 2.0 - 1.0).abs()
}

/// Arms that a comparison might have.
pub const PLANS: [Plan; 5] = [
    Plan {
        name: "cyclic",
        schedule: "triangular2, base_lr 0.00215, max_lr 0.174, step_size_up 4,375",
        lr: |k, steps| 0.002_15 + 0.172 * triangle(k, steps) * 0.5_f64.powf((k / steps * 8.0).floor()),
        accuracy: 0.7912,
        floor: 0.42,
        diverging: &[],
    },
    Plan {
        name: "fixed",
        schedule: "constant 0.0215",
        lr: |_, _| 0.0215,
        accuracy: 0.7734,
        floor: 0.55,
        diverging: &[],
    },
    Plan {
        name: "step decay",
        schedule: "step, initial 0.0645, gamma 0.1 every 23,333 updates",
        lr: |k, steps| 0.0645 * 0.1_f64.powf((k / steps * 3.0).floor()),
        accuracy: 0.7893,
        floor: 0.40,
        diverging: &[],
    },
    Plan {
        name: "cosine",
        schedule: "cosine from 0.0645 to 0",
        lr: |k, steps| 0.0645 * 0.5 * (1.0 + (std::f64::consts::PI * k / steps).cos()),
        accuracy: 0.7921,
        floor: 0.38,
        diverging: &[],
    },
    Plan {
        name: "fixed at max_lr",
        schedule: "constant 0.174",
        lr: |_, _| 0.174,
        accuracy: 0.742,
        floor: 0.75,
        diverging: &[2],
    },
];

fn run(plan: &Plan, seed: u64, steps: usize) -> (SeedResult, Vec<f64>) {
    let shared = Noise::new(seed * 1001 + 17).normal() * 0.002;
    let mut noise = Noise::new(seed * 31 + plan.accuracy.to_bits() % 1009);
    let stop = plan.diverging.contains(&seed).then_some(steps / 2);
    let (mut loss, mut curve) = (Vec::new(), Vec::new());
    for k in 0..stop.unwrap_or(steps) {
        let done = k as f64 / steps as f64;
        let rate = (plan.lr)(k as f64, steps as f64);
        let level = plan.floor + (2.3 - plan.floor) * (-done * 14.0).exp() + 1.2 * rate * (1.0 - done);
        let ramp = stop.map_or(0.0, |stop| (8.0 * (k as f64 / stop as f64 - 0.93).max(0.0) / 0.07).exp() - 1.0);
        loss.push(level * (0.16 * noise.normal()).exp() + ramp);
        if (k + 1) % (steps / 20).max(1) == 0 {
            let reached = plan.accuracy - 0.35 * (-done * 9.0).exp() - 0.25 * rate;
            let share = reached + shared + 0.003 * noise.normal();
            let correct = (share.clamp(0.0, 1.0) * 10_000.0).round() as u64;
            curve.push((k as u64 + 1, Evaluation { loss: 1.2 * level * (1.6 - share), correct, examples: 10_000 }));
        }
    }
    if stop.is_some() {
        loss.push(f64::NAN);
    }
    let end = if stop.is_some() { 0.1 } else { plan.accuracy + shared + 0.0016 * noise.normal() };
    let result = SeedResult {
        seed,
        ending: stop.map_or(Ending::Completed, |step| Ending::NonFinite { step: step as u64 }),
        test_accuracy: Some(end),
        validation_accuracy: curve.last().and_then(|(_, at)| at.accuracy()),
        test_loss: Some(plan.floor * 1.4),
        validation_loss: curve.last().map(|(_, at)| at.loss),
        evaluations: curve,
    };
    (result, loss)
}

/// An arm without its estimates, with the readings of its updates.
#[derive(Debug, Clone)]
pub struct Arm {
    pub result: ArmResult,
    pub lr: Vec<f64>,
    /// Each seed's losses.
    pub losses: Vec<Vec<f64>>,
}

pub fn arm(plan: &Plan, seeds: u64, steps: usize) -> Arm {
    let (results, losses) = (0..seeds).map(|seed| run(plan, seed, steps)).unzip();
    let result = ArmResult {
        name: plan.name.into(),
        schedule: plan.schedule.into(),
        same_as: None,
        evaluated_on: Subset::Validation,
        test_accuracy: None,
        validation_accuracy: None,
        failed: Vec::new(),
        seeds: results,
    };
    Arm { result, lr: (0..steps).map(|k| (plan.lr)(k as f64, steps as f64)).collect(), losses }
}

/// The curves of all arms, and every update as CSV.
pub fn curves(arms: &[Arm]) -> (Vec<ArmCurves>, Vec<u8>) {
    let runs = arms.iter().map(|arm| arm.losses.len()).sum();
    let mut table = CurvesTable::new(Vec::new()).expect("a header");
    let curves = arms.iter().map(|arm| {
        let mut builder = CurvesBuilder::new(arms.len(), runs);
        for (seed, losses) in arm.result.seeds.iter().zip(&arm.losses) {
            let losses = losses.iter().enumerate().map(|(step, loss)| {
                let lr = arm.lr.get(step).copied().unwrap_or(f64::NAN);
                table.update(&arm.result.name, seed.seed, step as u64, lr, *loss).map(|()| *loss)
            });
            builder.run(seed.ending, losses.len() as u64, losses).expect("written");
        }
        let rate = |step: u64| Ok::<_, Infallible>(arm.lr[step as usize]);
        builder.finish(RateLine::new(arm.lr.len() as u64, false, rate).expect("rates"))
    });
    (curves.collect(), table.finish().expect("written"))
}
