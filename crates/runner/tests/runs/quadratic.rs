//! A learner without a network: ½λx² in one dimension, whose every loss is known in advance.

use lrscope_runner::analysis::Ending;
use lrscope_runner::learner::{Evaluation, Learner, LearnerError, Probes, Row, State, Subset};
use lrscope_runner::resolve;
use lrscope_runner::spec::RunSpec;
use lrscope_runner::train::{BoxedError, Memory, Past, Progress, TrainError, drive};
use lrscope_schedule::{Group, Rates};
use serde_json::Value;

/// Gradient descent with momentum on ½λx² from x = 1.
pub struct Quadratic {
    /// λ.
    pub curvature: f64,
    /// Updates taken at once.
    pub block: usize,
    /// What an evaluation on the validation examples gives after so many updates; absent for ½λx² + 1.
    pub script: Option<fn(u64) -> f64>,
    /// How many of 1,000 examples an evaluation after so many updates classifies correctly; absent for as many.
    pub correct: Option<fn(u64) -> u64>,
    /// Rates of the updates in the order in which they were done, those that were done again included.
    pub used: Vec<Rates>,
    /// Rows fewer than asked for, for a learner that breaks its contract.
    pub missing: usize,
    x: f64,
    velocity: f64,
    step: u64,
    groups: Vec<Group>,
}

impl Quadratic {
    pub fn new(curvature: f64, block: usize) -> Self {
        let groups = vec![Group { name: "all".into(), lr_mult: 1.0, momentum: Some(0.5) }];
        Self {
            curvature,
            block,
            script: None,
            correct: None,
            used: Vec::new(),
            missing: 0,
            x: 1.0,
            velocity: 0.0,
            step: 0,
            groups,
        }
    }

    fn loss(&self) -> f64 {
        0.5 * self.curvature * self.x * self.x
    }
}

impl Learner for Quadratic {
    fn groups(&self) -> &[Group] {
        &self.groups
    }

    fn steps_per_epoch(&self) -> u64 {
        10
    }

    fn steps_done(&self) -> u64 {
        self.step
    }

    fn block_len(&self) -> usize {
        self.block
    }

    fn advance(&mut self, block: &[Rates], _probes: Probes) -> Result<Vec<Row>, LearnerError> {
        let mut rows = Vec::new();
        for rates in block {
            rows.push(Row { loss: self.loss(), grad_norm: None, update_ratio: None });
            let point = rates.0[0];
            self.velocity = point.momentum.unwrap_or(0.0) * self.velocity + self.curvature * self.x;
            self.x -= point.lr * self.velocity;
            self.step += 1;
            self.used.push(rates.clone());
        }
        rows.truncate(rows.len() - self.missing);
        Ok(rows)
    }

    fn evaluate(&mut self, subset: Subset) -> Result<Evaluation, LearnerError> {
        let loss = match (subset, self.script) {
            (Subset::Validation, Some(script)) => script(self.step),
            (Subset::Validation, None) => self.loss() + 1.0,
            _ => self.loss(),
        };
        let correct = self.correct.map_or(self.step, |correct| correct(self.step));
        Ok(Evaluation { loss, correct, examples: 1000 })
    }

    fn save(&mut self) -> Result<State, LearnerError> {
        let bytes = [self.x.to_le_bytes(), self.velocity.to_le_bytes(), self.step.to_le_bytes()].concat();
        Ok(State::from([("all".into(), bytes)]))
    }

    fn load(&mut self, state: &State) -> Result<(), LearnerError> {
        let bytes = state.get("all").ok_or_else(|| LearnerError::new("loading", "there is no state"))?;
        let part = |place: usize| <[u8; 8]>::try_from(&bytes[8 * place..8 * place + 8]).unwrap();
        (self.x, self.velocity) = (f64::from_le_bytes(part(0)), f64::from_le_bytes(part(1)));
        self.step = u64::from_le_bytes(part(2));
        Ok(())
    }
}

/// A specification with these parts; the schedule, the stop rule and the evaluations as JSON.
pub fn spec(steps: u64, schedule: &Value, stop: &Value, every: Option<u64>) -> RunSpec {
    serde_json::from_value(serde_json::json!({
        "numerics": 1,
        "seed": {"family": "training", "number": 0},
        "data": {
            "name": "none", "sha256": "", "validation": 0, "train_limit": null, "normalization": "unit",
            "batch_size": 1, "accumulation_steps": 1, "drop_last": false
        },
        "model": {"own": {"name": "quadratic"}},
        "optimizer": {"sgd": {"momentum": 0.5, "dampening": 0.0, "nesterov": false, "weight_decay": 0.0}},
        "groups": [{"name": "all", "parameters": ["*"], "lr_mult": 1.0, "weight_decay_mult": 1.0}],
        "schedule": schedule,
        "steps": steps,
        "steps_per_epoch": 10,
        "evaluation": {"every": every, "during": "validation", "after": ["train", "test"]},
        "stop": stop,
        "probes": {"grad_norm": false, "update_ratio": false},
        "dtype": "f64", "device": "cpu", "isa": "portable"
    }))
    .unwrap()
}

/// Everything that a run leaves behind.
#[derive(Debug, PartialEq)]
pub struct Left {
    pub ending: Ending,
    pub memory: Memory,
    pub state: State,
}

/// Ending, losses, evaluations and state.
pub type Bits<'a> = (Ending, Vec<u64>, Vec<(u64, Subset, u64)>, &'a State);

impl Left {
    /// All of it as bits, so that a NaN is the same as itself.
    pub fn bits(&self) -> Bits<'_> {
        let rows = self.memory.rows.iter().map(|row| row.loss.to_bits()).collect();
        let evaluations = self.memory.evaluations.iter();
        let evaluations = evaluations.map(|(step, subset, evaluation)| (*step, *subset, evaluation.loss.to_bits()));
        (self.ending, rows, evaluations.collect(), &self.state)
    }
}

/// Drives a learner to its end.
pub fn run(learner: &mut Quadratic, spec: &RunSpec, past: &Past) -> Left {
    let (plan, mut memory) = (resolve::plan(spec).unwrap(), Memory::default());
    let ending = drive(learner, spec, &plan, past, &mut memory, &mut |_| Ok(())).unwrap();
    Left { ending, memory, state: learner.save().unwrap() }
}

/// Drives a learner until `observe` has enough.
pub fn run_until(
    learner: &mut Quadratic,
    spec: &RunSpec,
    observe: &mut dyn FnMut(Progress) -> Result<(), BoxedError>,
) -> (Result<Ending, TrainError>, Memory) {
    let (plan, mut memory) = (resolve::plan(spec).unwrap(), Memory::default());
    let result = drive(learner, spec, &plan, &Past::default(), &mut memory, observe);
    (result, memory)
}
