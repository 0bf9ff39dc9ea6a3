//! Made-up results that look like real ones, for the example and the tests. No figure here was measured.

use lrscope_runner::analysis::{
    ArmResult, Comparison, Curve, Ending, Estimate, PairedDifference, Pick, RangeTest, Rule, RuleOutcome, SeedResult,
};

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

fn sweep(seed: u64, steps: usize) -> Curve {
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

/// A centred mean, good enough for a picture.
fn smooth(values: &[f64], window: usize) -> Vec<f64> {
    let half = window / 2;
    (0..values.len())
        .map(|i| {
            let reach = half.min(i).min(values.len() - 1 - i);
            let part = &values[i - reach..=i + reach];
            part.iter().sum::<f64>() / part.len() as f64
        })
        .collect()
}

fn pick(factor: f64) -> Pick {
    Pick {
        base_lr: 0.002_146_3 * factor,
        max_lr: 0.174_211_9 * factor,
        edge_lr: 0.348_4 * factor,
        edge_reached: true,
        first_descent_lr: 0.002_146_3 * factor,
        base_rule: "the rate at which the smoothed loss has fallen by a tenth of its whole fall".into(),
        max_rule: "half of the edge, the largest rate at which the smoothed loss still fell".into(),
    }
}

/// A range test over some seeds; every sweep ends in divergence.
pub fn range_test(seeds: u64, steps: usize) -> RangeTest {
    let curves: Vec<Curve> = (0..seeds).map(|seed| sweep(seed, steps)).collect();
    let shortest = curves.iter().map(|curve| curve.loss.len()).min().unwrap_or(0);
    let mean = |k: usize| curves.iter().map(|curve| curve.loss[k]).sum::<f64>() / seeds as f64;
    let mean_loss: Vec<f64> = (0..shortest).map(mean).collect();
    let window = 15;
    RangeTest {
        lr: curves.first().map(|curve| curve.lr[..shortest].to_vec()).unwrap_or_default(),
        smoothed_loss: smooth(&mean_loss, window),
        mean_loss,
        window,
        pick: Some(pick(1.0)),
        seed_picks: curves.iter().map(|curve| (curve.seed, pick(0.85 + 0.13 * curve.seed as f64))).collect(),
        rules: rules(seeds),
        warnings: vec!["the picks of max_lr differ by a factor of 1.4 between the seeds".into()],
        curves,
    }
}

fn rules(seeds: u64) -> Vec<RuleOutcome> {
    let centres = [
        (Rule::Valley, 0.006),
        (Rule::Slide, 0.06),
        (Rule::Minimum, 0.018),
        (Rule::Steep, 0.0004),
        (Rule::Lightning, 0.000_07),
        (Rule::LrFinder, 0.9),
    ];
    let mut noise = Noise::new(99);
    let mut outcomes = Vec::new();
    for (rule, centre) in centres {
        for seed in 0..seeds {
            let answers = !(rule == Rule::Slide && seed == 1);
            let lr = centre * (0.4 * noise.normal()).exp();
            outcomes.push(RuleOutcome {
                rule,
                seed,
                lr: answers.then_some(lr),
                reason: (!answers).then(|| "the loss never slides for long enough".into()),
            });
        }
    }
    outcomes
}

/// Two-sided 97.5 % points of Student's t for 1 to 9 degrees of freedom.
const T: [f64; 9] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/// Mean and 95 % interval.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    if n == 1 {
        return Some(Estimate { mean, deviation: None, low: None, high: None, level: 0.95, n });
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let half = T[(n - 2).min(8)] * (variance / n as f64).sqrt();
    Some(Estimate {
        mean,
        deviation: Some(variance.sqrt()),
        low: Some(mean - half),
        high: Some(mean + half),
        level: 0.95,
        n,
    })
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

fn run(plan: &Plan, seed: u64, steps: usize) -> SeedResult {
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
            curve.push((k as u64 + 1, reached + shared + 0.003 * noise.normal()));
        }
    }
    if stop.is_some() {
        loss.push(f64::NAN);
    }
    let end = if stop.is_some() { 0.1 } else { plan.accuracy + shared + 0.0016 * noise.normal() };
    SeedResult {
        seed,
        ending: stop.map_or(Ending::Completed, |step| Ending::NonFinite { step: step as u64 }),
        test_accuracy: Some(end),
        validation_accuracy: curve.last().map(|(_, accuracy)| *accuracy),
        test_loss: Some(plan.floor * 1.4),
        validation_curve: curve,
        loss,
    }
}

/// An arm with its estimates.
pub fn arm(plan: &Plan, seeds: u64, steps: usize) -> ArmResult {
    let seeds: Vec<SeedResult> = (0..seeds).map(|seed| run(plan, seed, steps)).collect();
    let of = |value: fn(&SeedResult) -> Option<f64>| -> Option<Estimate> {
        estimate(&seeds.iter().filter_map(value).collect::<Vec<_>>())
    };
    ArmResult {
        name: plan.name.into(),
        schedule: plan.schedule.into(),
        lr: (0..steps).map(|k| (plan.lr)(k as f64, steps as f64)).collect(),
        test_accuracy: of(|seed| seed.test_accuracy),
        validation_accuracy: of(|seed| seed.validation_accuracy),
        failed: Vec::new(),
        seeds,
    }
}

/// A comparison of the first `arms` plans.
pub fn comparison(arms: usize, seeds: u64, steps: usize) -> Comparison {
    let arms: Vec<ArmResult> = PLANS.iter().take(arms).map(|plan| arm(plan, seeds, steps)).collect();
    let differences = arms.iter().skip(1).filter_map(|other| difference(&arms[0], other)).collect();
    Comparison { arms, differences, warnings: Vec::new() }
}

fn difference(first: &ArmResult, other: &ArmResult) -> Option<PairedDifference> {
    let pairs = first.seeds.iter().zip(&other.seeds);
    let values: Vec<f64> = pairs.filter_map(|(a, b)| Some(a.test_accuracy? - b.test_accuracy?)).collect();
    let difference = estimate(&values)?;
    let smallest_p = 2.0 * 0.5_f64.powf(values.len() as f64);
    let told = difference.low.is_some_and(|low| low > 0.0);
    Some(PairedDifference {
        arm: first.name.clone(),
        against: other.name.clone(),
        difference,
        p: (values.len() > 1).then_some(smallest_p),
        p_holm: (values.len() > 1).then_some(2.0 * smallest_p),
        smallest_p,
        verdict: if told {
            format!("{} is better than {}", first.name, other.name)
        } else {
            format!("the runs do not tell {} and {} apart", first.name, other.name)
        },
    })
}
