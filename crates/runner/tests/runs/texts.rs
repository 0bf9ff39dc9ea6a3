//! Experiments to make runs of.

use lrscope_runner::experiment::{Experiment, Source};
use lrscope_runner::resolve::{DataFacts, Setting};
use lrscope_runner::spec::DeviceClass;

/// An experiment in which every kind of table stands.
pub const TEXT: &str = r#"version = 1

[data]
name = "digits"
batch_size = 32
validation = 200

[model.mlp]
hidden = [64]

[optimizer.sgd]
momentum = 0.9

[[group]]
name = "biases"
parameters = ["*.bias"]
lr_mult = 2.0

[[group]]
name = "rest"
parameters = ["*"]

[range_test]
start_lr = 1e-5
end_lr = 10.0
length = 200
seeds = 3

[training]
length = "2ep"
seeds = 2
evaluate_every = "1ep"

[schedule.constant]
lr = 0.1

[[arm]]
name = "cyclic"
[arm.schedule.cyclic]
base_lr = "range-test"
max_lr = "range-test"
step_size_up = "0.5ep"

[[arm]]
name = "step"
schedule.multi_step = { lr = 0.1, milestones = ["1ep"], gamma = 0.5 }
"#;

pub fn parse(text: &str) -> Experiment {
    Source { origin: "text".into(), text: text.into() }.parse().unwrap()
}

pub fn facts(train: u64, validation: u64) -> DataFacts {
    DataFacts { sha256: "0".repeat(64), train, validation }
}

/// The experiment on 1,437 training examples.
pub fn setting(experiment: Experiment) -> Setting {
    Setting::new(experiment, facts(1437, 100), DeviceClass::Cpu, "portable".into()).unwrap()
}
