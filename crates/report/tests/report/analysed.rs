//! Analyses of made-up runs, with figures of their own: a report must repeat what it is given, right or wrong.

use lrscope_report::ArmCurves;
use lrscope_runner::analysis::{
    ArmResult, Comparison, Curve, Estimate, Outcome, PairedDifference, Pick, RangeTest, Rule, RuleOutcome, SeedResult,
};

use crate::synthetic::{self, Arm, Noise, PLANS, Plan, sweep};

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
        max_rule: "half of the edge, the last rate before the smoothed loss leaves its floor".into(),
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
        refusal: None,
        seed_picks: curves.iter().map(|curve| (curve.seed, pick(0.85 + 0.13 * curve.seed as f64))).collect(),
        rules: rules(seeds),
        rules_note: None,
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

/// An arm with its estimates.
pub fn arm(plan: &Plan, seeds: u64, steps: usize) -> Arm {
    let mut arm = synthetic::arm(plan, seeds, steps);
    let of = |value: fn(&SeedResult) -> Option<f64>| -> Option<Estimate> {
        estimate(&arm.result.seeds.iter().filter_map(value).collect::<Vec<_>>())
    };
    let (test, validation) = (of(|seed| seed.test_accuracy), of(|seed| seed.validation_accuracy));
    (arm.result.test_accuracy, arm.result.validation_accuracy) = (test, validation);
    arm
}

/// A comparison with the readings of its updates.
#[derive(Debug, Clone)]
pub struct Made {
    pub analysis: Comparison,
    /// For their readings.
    pub arms: Vec<Arm>,
}

impl Made {
    /// The readings with what the analysis says of their runs.
    pub fn curves(&self) -> (Vec<ArmCurves>, Vec<u8>) {
        let arms = self.arms.iter().zip(&self.analysis.arms);
        let arms: Vec<Arm> = arms.map(|(arm, result)| Arm { result: result.clone(), ..arm.clone() }).collect();
        synthetic::curves(&arms)
    }
}

/// A comparison of the first `arms` plans.
pub fn comparison(arms: usize, seeds: u64, steps: usize) -> Made {
    let arms: Vec<Arm> = PLANS.iter().take(arms).map(|plan| arm(plan, seeds, steps)).collect();
    let results: Vec<ArmResult> = arms.iter().map(|arm| arm.result.clone()).collect();
    let differences = results.iter().skip(1).filter_map(|other| difference(&results[0], other)).collect();
    Made { analysis: Comparison { arms: results, differences, warnings: Vec::new() }, arms }
}

fn difference(first: &ArmResult, other: &ArmResult) -> Option<PairedDifference> {
    let pairs = first.seeds.iter().zip(&other.seeds);
    let values: Vec<f64> = pairs.filter_map(|(a, b)| Some(a.test_accuracy? - b.test_accuracy?)).collect();
    let difference = estimate(&values)?;
    let smallest_p = 2.0 * 0.5_f64.powf(values.len() as f64);
    let told = difference.low.is_some_and(|low| low > 0.0);
    let claim = if told {
        format!("{} is better than {}", first.name, other.name)
    } else {
        format!("the runs do not tell {} and {} apart", first.name, other.name)
    };
    Some(PairedDifference {
        arm: first.name.clone(),
        against: other.name.clone(),
        difference,
        p: (values.len() > 1).then_some(smallest_p),
        p_holm: (values.len() > 1).then_some(2.0 * smallest_p),
        smallest_p,
        // The verdict above states no difference.
        outcome: Outcome::TooFewSeeds,
        verdict: claim.clone(),
        claim,
    })
}
