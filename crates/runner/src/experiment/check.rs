//! Whether an experiment's values make sense, before anything is read, allocated or started.

use lrscope_schedule::{Length, SweepKind};

use super::{CONFIG_VERSION, Experiment};
use crate::spec::{Adam, GroupSpec, ModelSpec, OptimizerSpec, Sgd};

/// A value that makes no sense, by its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct Problem {
    /// The key, for example `optimizer.sgd.momentum`; elements of arrays by number: `arm.0.schedule`.
    pub key: String,
    /// The value, and what would be right.
    pub problem: String,
}

impl Problem {
    /// A problem with the value of a key.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}

type Checked = Result<(), Problem>;

/// No run is longer than this, so that a slip of the finger is an error and not a year of training.
pub(crate) const MOST_STEPS: f64 = 1e9;
const MOST_SEEDS: u64 = 1000;

impl Experiment {
    /// Checks every value that can be checked without the data. Schedules are checked when they are resolved.
    pub fn check(&self) -> Checked {
        if self.version != CONFIG_VERSION {
            let version = self.version;
            return Err(Problem::new(
                "version",
                format!("{version} is not known; this program reads version {CONFIG_VERSION}"),
            ));
        }
        self.check_name()?;
        self.check_data()?;
        check_model(&self.model)?;
        check_optimizer(&self.optimizer)?;
        share("loss.label_smoothing", self.loss.label_smoothing)?;
        check_groups("group", &self.groups)?;
        self.check_training()?;
        self.check_range_test()?;
        self.check_arms()
    }

    fn check_name(&self) -> Checked {
        let Some(name) = &self.name else {
            return Ok(());
        };
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        // Folders' names have 255 bytes at most, and the command's stands before this one.
        if name.is_empty() || name.len() > 200 || name.starts_with('.') || !name.chars().all(plain) {
            return Err(Problem::new(
                "name",
                format!(
                    "{name:?} cannot name a folder; use letters and digits of any alphabet, '-', '_' and '.', 200 bytes at most, \
                     and no '.' in front"
                ),
            ));
        }
        Ok(())
    }

    fn check_data(&self) -> Checked {
        let data = &self.data;
        check_per_update(data.batch_size, data.accumulation_steps)?;
        data.train_limit.map_or(Ok(()), |limit| whole("data.train_limit", limit, 1, 1 << 40))
    }

    fn check_training(&self) -> Checked {
        let training = &self.training;
        length("training.length", training.length)?;
        training.evaluate_every.map_or(Ok(()), |every| length("training.evaluate_every", every))?;
        whole("training.seeds", training.seeds, 1, MOST_SEEDS)
    }

    fn check_range_test(&self) -> Checked {
        let test = &self.range_test;
        if test.sweep == SweepKind::Linear {
            not_negative("range_test.start_lr", test.start_lr)?;
        } else if test.start_lr == 0.0 {
            let advice = "0 is not a rate for an exponential sweep to grow from; start above it, or sweep linearly";
            return Err(Problem::new("range_test.start_lr", advice));
        } else {
            positive("range_test.start_lr", test.start_lr)?;
        }
        positive("range_test.end_lr", test.end_lr)?;
        if test.end_lr <= test.start_lr {
            return Err(Problem::new(
                "range_test.end_lr",
                format!("{} is not above start_lr = {}; a range test sweeps upwards", test.end_lr, test.start_lr),
            ));
        }
        length("range_test.length", test.length)?;
        whole("range_test.seeds", test.seeds, 1, MOST_SEEDS)?;
        if test.divergence_factor.is_finite() && test.divergence_factor > 1.0 {
            return Ok(());
        }
        Err(Problem::new(
            "range_test.divergence_factor",
            format!("{} is not a finite number above 1", test.divergence_factor),
        ))
    }

    fn check_arms(&self) -> Checked {
        for (index, arm) in self.arms.iter().enumerate() {
            let key = format!("arm.{index}.name");
            if arm.name.trim().is_empty() {
                return Err(Problem::new(key, "an arm needs a name"));
            }
            if self.arms[..index].iter().any(|other| other.name == arm.name) {
                return Err(Problem::new(key, format!("two arms are called {:?}; give each its own name", arm.name)));
            }
        }
        Ok(())
    }
}

pub(crate) fn check_per_update(batch_size: u64, accumulation_steps: u64) -> Checked {
    whole("data.batch_size", batch_size, 1, 1 << 20)?;
    whole("data.accumulation_steps", accumulation_steps, 1, 1 << 16)
}

pub(crate) fn check_model(model: &ModelSpec) -> Checked {
    match model {
        ModelSpec::Mlp { hidden, .. } if hidden.len() > 64 => {
            let layers = hidden.len();
            Err(Problem::new("model.mlp.hidden", format!("{layers} layers are more than 64")))
        }
        ModelSpec::Mlp { hidden, dropout } => {
            share("model.mlp.dropout", *dropout)?;
            hidden.iter().try_for_each(|width| whole("model.mlp.hidden", *width, 1, 1 << 16))
        }
        ModelSpec::Resnet9 { width } => whole("model.resnet9.width", *width, 1, 1 << 12),
        _ => Ok(()),
    }
}

pub(crate) fn check_optimizer(optimizer: &OptimizerSpec) -> Checked {
    match optimizer {
        OptimizerSpec::Sgd(sgd) => check_sgd(sgd),
        OptimizerSpec::Adam(adam) => check_adam("optimizer.adam", adam),
        OptimizerSpec::Adamw(adam) => check_adam("optimizer.adamw", adam),
    }
}

fn check_sgd(sgd: &Sgd) -> Checked {
    share("optimizer.sgd.momentum", sgd.momentum)?;
    not_negative("optimizer.sgd.dampening", sgd.dampening)?;
    not_negative("optimizer.sgd.weight_decay", sgd.weight_decay)?;
    if sgd.nesterov && (sgd.momentum == 0.0 || sgd.dampening != 0.0) {
        return Err(Problem::new(
            "optimizer.sgd.nesterov",
            "Nesterov's momentum needs a momentum above 0 and no dampening",
        ));
    }
    Ok(())
}

fn check_adam(table: &str, adam: &Adam) -> Checked {
    share(&format!("{table}.betas"), adam.betas.0)?;
    share(&format!("{table}.betas"), adam.betas.1)?;
    not_negative(&format!("{table}.eps"), adam.eps)?;
    not_negative(&format!("{table}.weight_decay"), adam.weight_decay)
}

pub(crate) fn check_groups(key: &str, groups: &[GroupSpec]) -> Checked {
    for (index, group) in groups.iter().enumerate() {
        not_negative(&format!("{key}.{index}.lr_mult"), group.lr_mult)?;
        not_negative(&format!("{key}.{index}.weight_decay_mult"), group.weight_decay_mult)?;
        if group.parameters.is_empty() {
            return Err(Problem::new(
                format!("{key}.{index}.parameters"),
                "a group needs at least one pattern, for example [\"*.bias\"]",
            ));
        }
    }
    if !groups.is_empty() && groups.iter().all(|group| group.lr_mult == 0.0) {
        return Err(Problem::new(
            "group.0.lr_mult",
            "every group has lr_mult = 0, so nothing would be trained; give one of them a factor above 0",
        ));
    }
    Ok(())
}

pub(crate) fn whole(key: &str, value: u64, least: u64, most: u64) -> Checked {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Problem::new(key, format!("{value} is outside {least}..={most}")))
}

fn positive(key: &str, value: f64) -> Checked {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Problem::new(key, format!("{value} is not a finite number above 0")))
}

fn not_negative(key: &str, value: f64) -> Checked {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Problem::new(key, format!("{value} is not a finite number of at least 0")))
}

pub(crate) fn share(key: &str, value: f64) -> Checked {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(Problem::new(key, format!("{value} is outside [0, 1)")))
}

fn length(key: &str, length: Length) -> Checked {
    let number = length.count();
    if number.is_finite() && number > 0.0 && number <= MOST_STEPS {
        return Ok(());
    }
    Err(Problem::new(key, format!("{number} is not a length; give updates like 500 or epochs like \"2ep\"")))
}
