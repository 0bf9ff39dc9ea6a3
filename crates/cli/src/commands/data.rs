//! `lrscope data`: where a data set comes from, and bringing it here.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::HumanCount;
use lrscope_data::{Facts, Locations, Name, Phase, Progress, Source};

use crate::args::{DataArgs, DataSource, MachineArgs, OutputArgs};
use crate::exit::{bad_input, text};
use crate::group;
use crate::interrupts::{self, Interrupted};
use crate::outcome::{Outcome, unexpected};
use crate::pool::{Job, run_all};
use crate::progress::{Display, note};
use crate::task::Event;
use crate::tell::{print, tell};

/// What the user says about where data may come from.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Folder to look in first.
    pub data_dir: Option<&'a Path>,
    /// Whether to keep from the network.
    pub offline: bool,
    /// The only source to use.
    pub source: Option<DataSource>,
}

impl<'a> Wish<'a> {
    /// What a command that trains was told.
    pub fn of(machine: &'a MachineArgs) -> Self {
        Self { data_dir: machine.data_dir.as_deref(), offline: machine.offline, source: None }
    }

    /// Where to look, from the environment and the flags.
    pub fn locations(self) -> Locations {
        let mut locations = Locations::from_env();
        if let Some(folder) = self.data_dir {
            locations.data_dir = Some(folder.to_owned());
        }
        if self.offline {
            locations.offline = Some("--offline");
        }
        locations.only = self.source.map(|source| match source {
            DataSource::Local => Source::Local,
            DataSource::HubCache => Source::HubCache,
            DataSource::Hub => Source::Hub,
            DataSource::Npm => Source::Npm,
        });
        locations
    }

    /// The same wish as arguments of a child.
    fn arguments(self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        if let Some(folder) = self.data_dir {
            arguments.extend(["--data-dir".into(), folder.as_os_str().to_owned()]);
        }
        if self.offline {
            arguments.push("--offline".into());
        }
        if let Some(source) = self.source {
            let value = clap::ValueEnum::to_possible_value(&source);
            arguments.extend(value.map(|value| format!("--source={}", value.get_name()).into()));
        }
        arguments
    }
}

/// A listener that passes a loader's progress on to the parent, at most ten times a second for each phase. Where the parent is gone,
/// it calls `alone`.
pub fn tell_progress(alone: fn()) -> impl FnMut(Progress) {
    let mut last: Option<(Phase, Instant)> = None;
    move |progress| {
        let recent =
            last.is_some_and(|(phase, when)| phase == progress.phase && when.elapsed() < Duration::from_millis(100));
        if recent {
            return;
        }
        last = Some((progress.phase, Instant::now()));
        let phase = format!("{} {}", progress.phase, progress.subject);
        if tell(&Event::Data { phase, done: progress.done, total: progress.total }).is_err() {
            alone();
        }
    }
}

/// Runs the command.
pub fn run(args: &DataArgs) -> Result<()> {
    let names = if args.datasets.is_empty() {
        Name::ALL.to_vec()
    } else {
        args.datasets.iter().map(|name| name.parse()).collect::<Result<Vec<Name>, _>>().map_err(bad_input)?
    };
    if args.events { fetch_here(args, &names) } else { fetch_and_show(args, &names) }
}

fn wish(args: &DataArgs) -> Wish<'_> {
    Wish { data_dir: args.data_dir.as_deref(), offline: args.offline, source: args.source }
}

/// The child's side: fetches in this process and tells events.
fn fetch_here(args: &DataArgs, names: &[Name]) -> Result<()> {
    for name in names {
        let locations = wish(args).locations();
        // Nobody waits for the data any more, and no program that was to bring it may go on.
        match lrscope_data::prepare(*name, &locations, &mut tell_progress(group::end_own)) {
            Ok(origin) => tell(&Event::DataReady { source: origin.to_string() })?,
            Err(error) => return tell(&Event::Failed { error: error.to_string(), bad_input: true, shortage: false }),
        }
    }
    Ok(())
}

fn fetch_and_show(args: &DataArgs, names: &[Name]) -> Result<()> {
    let mut failed = None;
    let mut found = serde_json::Map::new();
    for name in names {
        match fetch(*name, wish(args), args.output) {
            Ok(source) => {
                if !args.output.json {
                    print(&described(*name, &source))?;
                }
                found.insert(name.to_string(), as_json(*name, &source));
            }
            Err(error) => {
                if !args.output.json && names.len() > 1 {
                    print(&format!("{name}: not here"))?;
                }
                found.insert(name.to_string(), serde_json::Value::Null);
                // The last error is for the caller to show; none of those before it may be lost.
                if let Some(earlier) = failed.replace(error) {
                    note(&format!("lrscope: {}", text(&earlier)));
                }
            }
        }
    }
    if args.output.json {
        print(&serde_json::to_string_pretty(&found)?)?;
    }
    failed.map_or(Ok(()), Err)
}

/// A data set that was found, for people. Whatever the source, it was checked against the hash that is shown.
fn described(name: Name, source: &str) -> String {
    let Facts { train, test, channels, height, width, data_hash, .. } = name.facts();
    let (train, test) = (HumanCount(train as u64), HumanCount(test as u64));
    format!(
        "{name}: {source}\n  {train} training and {test} test pictures of {channels} × {height} × {width}, data hash {data_hash}"
    )
}

/// A data set that was found, for programs.
fn as_json(name: Name, source: &str) -> serde_json::Value {
    let Facts { train, test, channels, height, width, data_hash, .. } = name.facts();
    serde_json::json!({
        "source": source,
        "data_hash": data_hash,
        "train": train,
        "test": test,
        "picture": [channels, height, width],
    })
}

/// Makes sure that a data set is on this machine, by a child process whose progress is shown. Returns its source in words.
pub fn fetch(name: Name, wish: Wish<'_>, output: OutputArgs) -> Result<String> {
    let mut arguments: Vec<OsString> = vec!["data".into(), name.to_string().into(), "--events".into()];
    arguments.extend(wish.arguments());
    let job = Job { label: name.to_string(), arguments, input: Vec::new(), threads: 1, orderly: false };
    let outcomes = run_all(&[job], 1, &mut Display::new(output, "data", 1).quietly_ended())?;
    match outcomes.into_iter().next() {
        Some(Outcome::Done(Event::DataReady { source })) => Ok(source),
        Some(Outcome::Interrupted { signal, .. }) => {
            let words = format!("interrupted by {} while fetching {name}", interrupts::name(signal));
            Err(Interrupted { signal, words }.into())
        }
        Some(Outcome::Failed { error, bad_input: true }) => Err(bad_input(anyhow::anyhow!(error))),
        Some(Outcome::Failed { error, .. }) => Err(anyhow::anyhow!(error)),
        other => Err(unexpected(&format!("fetching {name} ended without a source"), other.as_ref())),
    }
}
