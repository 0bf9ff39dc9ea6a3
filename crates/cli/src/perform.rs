//! Doing a study: its runs as child processes, those that are published already left out, then its report.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use lrscope_data::Name;
use lrscope_runner::command_line;
use lrscope_runner::experiment::Experiment;
use lrscope_runner::record::Store;
use lrscope_runner::spec::{DeviceClass, ModelSpec, OptimizerSpec, RunId, RunSpec, hex};
use lrscope_runner::study::{Question, STUDY_SCHEMA, Study, StudyArm};
use lrscope_trainer::{Isa, KernelError};
use sha2::{Digest, Sha256};

use crate::adopt;
use crate::args::MachineArgs;
use crate::commands::data::{self, Wish};
use crate::earlier;
use crate::exit::bad_input;
use crate::interrupts::{self, Interrupted};
use crate::outcome::Outcome;
use crate::place;
use crate::pool::{Job, run_all};
use crate::progress::{Display, note};
use crate::task::Task;

/// A study that is about to be done.
pub struct Plan {
    /// The question.
    pub question: Question,
    /// The experiment.
    pub experiment: Experiment,
    /// Arms with their runs.
    pub arms: Vec<(String, Vec<RunSpec>)>,
    /// Where rates of a range test came from.
    pub pick: Option<String>,
    /// What the lint said.
    pub warnings: Vec<String>,
}

impl Plan {
    /// Title of the report.
    fn title(&self) -> String {
        let what = match self.question {
            Question::RangeTest => "Range test",
            Question::Comparison => "Comparison",
            Question::Training => "Training",
        };
        let experiment = &self.experiment;
        let (model, optimizer) = (model_name(&experiment.model), optimizer_name(&experiment.optimizer));
        format!("{what}: {model} on {}, {optimizer}", experiment.data.name)
    }

    /// Folder of the report below the results folder: the same study is in the same folder, another one in another. It begins
    /// with the command, so that a range test and the comparison that it was made for can have the same name.
    fn folder(&self) -> String {
        if let Some(name) = &self.experiment.name {
            return folder_name(self.question, name);
        }
        let mut digest = Sha256::new();
        for (name, runs) in &self.arms {
            digest.update(name.as_bytes());
            for run in runs {
                digest.update(run.id().as_str().as_bytes());
            }
        }
        let hash = hex(&digest.finalize()[..3]);
        let experiment = &self.experiment;
        let (model, optimizer) = (model_name(&experiment.model), optimizer_name(&experiment.optimizer));
        folder_name(self.question, &format!("{}-{model}-{optimizer}-{hash}", experiment.data.name))
    }

    /// The arms as their study has them, with nothing done yet.
    pub fn study_arms(&self) -> Vec<StudyArm> {
        self.arms.iter().map(|(name, runs)| StudyArm::new(name.clone(), runs)).collect()
    }

    /// How many runs there are. One that is in several arms is one run.
    fn runs(&self) -> usize {
        let ids: BTreeSet<_> = self.arms.iter().flat_map(|(_, runs)| runs).map(RunSpec::id).collect();
        ids.len()
    }

    fn study(&self) -> Result<Study> {
        let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        Ok(Study {
            schema: STUDY_SCHEMA,
            question: self.question,
            title: self.title(),
            command: command_line(),
            configuration: toml::to_string(&self.experiment).context("cannot write the configuration")?,
            started_unix: started.as_secs(),
            pick: self.pick.clone(),
            warnings: self.warnings.clone(),
            arms: self.study_arms(),
        })
    }
}

/// Folder of a report of this name: the command comes first.
pub fn folder_name(question: Question, name: &str) -> String {
    let what = match question {
        Question::RangeTest => "range-test",
        Question::Comparison => "compare",
        Question::Training => "train",
    };
    format!("{what}-{name}")
}

/// A study whose runs are done.
pub struct Done {
    /// The study, with the reasons of the runs that failed.
    pub study: Study,
    /// Folder of its report.
    pub folder: PathBuf,
    /// Its folder's name below the results folder.
    pub name: String,
    /// A sentence about each run whose record is disputed.
    pub disputes: Vec<String>,
}

/// Does the runs of a study that are not published yet. The study's file is written first, so that nothing of it is lost.
pub fn perform(plan: &Plan, machine: &MachineArgs) -> Result<Done> {
    place::results("--results", &machine.results)?;
    machine.data_dir.as_deref().map_or(Ok(()), |folder| place::named_in_text("--data-dir", folder))?;
    let store = Store::open(&machine.results)?;
    let name = plan.folder();
    let folder = machine.results.join(&name);
    let mut study = plan.study()?;
    earlier::make_room(&folder, &study, &store, machine)?;
    study.write(&folder)?;
    // What dead processes left without a state to go on from helps nobody. Neither does it harm.
    let _ = store.clear_useless_attempts();
    let (places, jobs) = missing(plan, &store, machine)?;
    let ids = plan.arms.iter().flat_map(|(_, runs)| runs.iter().map(RunSpec::id)).collect();
    adopt::release(&ids, &store, machine, &command_line())?;
    let outcomes = run_jobs(plan, machine, &jobs)?;
    for (places, outcome) in places.iter().zip(&outcomes) {
        for (arm, run) in places {
            let run = &mut study.arms[*arm].runs[*run];
            match outcome {
                Outcome::Done(_) => {}
                Outcome::Interrupted { .. } => run.interrupted = Some(outcome.words()),
                Outcome::Failed { .. } => run.failed = Some(outcome.words()),
            }
        }
    }
    study.write(&folder)?;
    ended_early(&outcomes)?;
    let disputes = study.disputes(&store)?;
    for dispute in &disputes {
        note(&format!("warning: {dispute}"));
    }
    Ok(Done { study, folder, name, disputes })
}

/// The error of a study that was interrupted, or whose input was bad.
fn ended_early(outcomes: &[Outcome]) -> Result<()> {
    let undone = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Interrupted { .. }));
    // A signal to one of the children alone is that run's own outcome.
    if let Some(signal) = interrupts::wished().filter(|_| undone) {
        let done = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done(_))).count();
        let (name, all) = (interrupts::name(signal), outcomes.len());
        let words = format!("interrupted by {name}: {done} of {all} runs done; the same command goes on from there");
        return Err(Interrupted { signal, words }.into());
    }
    let bad = outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Failed { error, bad_input: true } => Some(error),
        _ => None,
    });
    bad.map_or(Ok(()), |error| Err(bad_input(anyhow!(error.clone()))))
}

/// Where each of the runs stands: the numbers of its arms, and its own in each. Arms can be the same runs.
type Places = Vec<Vec<(usize, usize)>>;

/// The runs without a record: where each stands, and the job that does it.
fn missing(plan: &Plan, store: &Store, machine: &MachineArgs) -> Result<(Places, Vec<Job>)> {
    let mut places: Places = Vec::new();
    let mut jobs = Vec::new();
    let mut known: BTreeMap<RunId, usize> = BTreeMap::new();
    let longest = plan.arms.iter().map(|(_, runs)| runs.len()).max().unwrap_or(0);
    // Seed by seed over the arms, so that a comparison that is cut short has whole pairs.
    for index in 0..longest {
        for (arm, (name, runs)) in plan.arms.iter().enumerate() {
            let Some(spec) = runs.get(index) else { continue };
            let id = spec.id();
            if let Some(job) = known.get(&id) {
                places[*job].push((arm, index));
            } else if store.find(&id)?.is_none() {
                known.insert(id, jobs.len());
                places.push(vec![(arm, index)]);
                jobs.push(job(name, spec, machine)?);
            }
        }
    }
    Ok((places, jobs))
}

fn job(arm: &str, spec: &RunSpec, machine: &MachineArgs) -> Result<Job> {
    let task = Task {
        spec: spec.clone(),
        results: machine.results.clone(),
        device: machine.device.clone(),
        data_dir: machine.data_dir.clone(),
        offline: machine.offline,
        threads: machine.threads,
        checkpoint_every: machine.checkpoint_every,
    };
    Ok(Job {
        label: format!("{arm}, seed {}", spec.seed.number),
        arguments: vec!["run-task".into()],
        input: serde_json::to_vec(&task).context("cannot write a task as JSON")?,
        threads: machine.threads,
        orderly: true,
    })
}

fn run_jobs(plan: &Plan, machine: &MachineArgs, jobs: &[Job]) -> Result<Vec<Outcome>> {
    let all = plan.runs();
    if jobs.is_empty() {
        Display::new(machine.output, "", 0).say(&format!("all {all} runs are done already"));
        return Ok(Vec::new());
    }
    let name: Name = plan.experiment.data.name.parse().map_err(bad_input)?;
    if name != Name::Digits {
        data::fetch(name, Wish::of(machine), machine.output)?;
    }
    let mut display = Display::new(machine.output, &plan.title(), jobs.len());
    if jobs.len() < all {
        display.say(&format!("{} of {all} runs are done already", all - jobs.len()));
    }
    run_all(jobs, at_once(machine)?, &mut display)
}

/// How many runs at the same time: what the user says, else one for each core (a GPU takes one).
fn at_once(machine: &MachineArgs) -> Result<usize> {
    if let Some(jobs) = machine.jobs {
        return Ok(usize::from(jobs));
    }
    let (class, _) = device(machine)?;
    if class != DeviceClass::Cpu {
        return Ok(1);
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok((cores / usize::from(machine.threads)).max(1))
}

/// The class of the device and the instruction set path that runs on it will take.
pub fn device(machine: &MachineArgs) -> Result<(DeviceClass, String)> {
    let (class, _) = lrscope_trainer::parse_device(&machine.device).map_err(|error| flag("--device", &error))?;
    if class != DeviceClass::Cpu {
        return Ok((class, "none".into()));
    }
    if machine.isa == "auto" {
        return Ok((class, Isa::detect().to_string()));
    }
    let isa: Isa = machine.isa.parse().map_err(|error: KernelError| flag("--isa", &error))?;
    let available = Isa::available();
    if available.contains(&isa) {
        return Ok((class, isa.to_string()));
    }
    Err(flag("--isa", &KernelError::IsaMissing { wanted: isa, available }))
}

fn flag(flag: &str, error: &dyn std::error::Error) -> anyhow::Error {
    bad_input(anyhow!("{flag}: {error}"))
}

/// Name of a model in titles and folders.
pub fn model_name(model: &ModelSpec) -> &str {
    match model {
        ModelSpec::Mlp { .. } => "mlp",
        ModelSpec::Lenet {} => "lenet",
        ModelSpec::CaffeQuick {} => "caffe_quick",
        ModelSpec::CaffeFull {} => "caffe_full",
        ModelSpec::Resnet20 {} => "resnet20",
        ModelSpec::Resnet9 { .. } => "resnet9",
        ModelSpec::Own { name } => name,
    }
}

/// Name of an optimizer in titles and folders.
pub fn optimizer_name(optimizer: &OptimizerSpec) -> &'static str {
    match optimizer {
        OptimizerSpec::Sgd(_) => "sgd",
        OptimizerSpec::Adam(_) => "adam",
        OptimizerSpec::Adamw(_) => "adamw",
    }
}

/// The command line as the user gave it, without the program's path, quoted for a shell.
fn command_line() -> String {
    let words: Vec<_> = std::iter::once("lrscope".into()).chain(std::env::args_os().skip(1)).collect();
    command_line::join(words.iter().map(OsString::as_os_str))
}
