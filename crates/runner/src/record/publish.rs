//! From an attempt to a published run.

use std::fs;
use std::path::{Path, PathBuf};

use super::attempt::{Attempt, JOURNAL, remove_folder};
use super::checksum::Checksum;
use super::error::RecordError;
use super::files;
use super::listing::DISPUTED;
use super::manifest::{MANIFEST, MEASURED, Manifest, RESULT, SPEC, STEPS};
use super::measured::Measured;
use super::published::Published;
use super::result::RunResult;
use crate::analysis::Ending;

/// Who published a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Publication {
    /// This attempt did.
    First(Published),
    /// Another one had done so before, with the same result to the bit; this attempt's folder is removed.
    AlreadyThere(Published),
}

impl Publication {
    /// The run's record, whoever made it.
    pub fn record(&self) -> &Published {
        match self {
            Self::First(record) | Self::AlreadyThere(record) => record,
        }
    }
}

impl Attempt {
    /// Publishes the run and removes the attempt's folder.
    ///
    /// On any error the attempt stays where it is, with all its steps: [`Store::adopt`](super::Store::adopt) finds it once the
    /// cause is gone.
    ///
    /// # Errors
    /// [`RecordError::NotReproducible`] where the run was already published with another result.
    pub fn publish(mut self, ending: Ending, state: Checksum, measured: &Measured) -> Result<Publication, RecordError> {
        self.journal.sync()?;
        let record = self.folder.join("record");
        let result = self.write_record(&record, ending, state, measured)?;
        let runs = self.results.join("runs");
        files::create_folder(&runs)?;
        let target = runs.join(self.spec.id().as_str());
        // The folder is never empty, so this fails where there is a published run (see the module's page).
        match fs::rename(&record, &target) {
            Ok(()) => {}
            Err(_) if target.is_dir() => return self.second(&target, &result),
            Err(error) => return Err(RecordError::io("publish as", &target)(error)),
        }
        for folder in [&runs, &self.results, &self.folder] {
            files::sync_folder(folder)?;
        }
        let spec = self.spec.clone();
        // What is left of the attempt does no harm: it is cleared away as a dead one.
        let _ = self.remove();
        Ok(Publication::First(Published { path: target, spec, result, measured: Some(measured.clone()) }))
    }

    /// Completes `record` on the disk.
    fn write_record(
        &self,
        record: &Path,
        ending: Ending,
        state: Checksum,
        measured: &Measured,
    ) -> Result<RunResult, RecordError> {
        remove_folder(record)?;
        files::create_folder(record)?;
        let (steps, steps_sha256) = super::steps::write_steps(&self.folder.join(JOURNAL), &record.join(STEPS))?;
        self.check_steps(steps, ending)?;
        let spec_sha256 = write_json(record, SPEC, &self.spec)?;
        let result = RunResult {
            schema: super::SCHEMA,
            run_id: self.spec.id(),
            ending,
            steps,
            evaluations: self.journal.evaluations().to_vec(),
            state_sha256: state,
            spec_sha256,
            steps_sha256,
        };
        let manifest = Manifest {
            spec: spec_sha256,
            steps: steps_sha256,
            result: write_json(record, RESULT, &result)?,
            measured: Some(write_json(record, MEASURED, measured)?),
        };
        files::write_synced(&record.join(MANIFEST), manifest.to_text().as_bytes())?;
        files::sync_folder(record)?;
        Ok(result)
    }

    fn check_steps(&self, found: u64, ending: Ending) -> Result<(), RecordError> {
        let expected = RunResult::steps_at(ending, self.spec.steps);
        if found == expected {
            return Ok(());
        }
        Err(RecordError::Mismatch {
            path: self.folder.join(JOURNAL),
            key: "the number of steps of a run that ended so",
            found: found.to_string(),
            expected: expected.to_string(),
            remedy: "this is a fault of the program",
        })
    }

    /// The run was published before: compares, and removes this attempt if it found the same.
    fn second(self, target: &Path, own: &RunResult) -> Result<Publication, RecordError> {
        let attempt = self.folder.clone();
        let published = Published::read(target)
            .map_err(|source| RecordError::PublishedBroken { attempt, source: Box::new(source) })?;
        let difference = difference(&published, own, &self.folder.join("record").join(STEPS))?;
        let Some(difference) = difference else {
            let _ = self.remove();
            return Ok(Publication::AlreadyThere(published));
        };
        let error = RecordError::NotReproducible { published: target.into(), attempt: self.folder.clone(), difference };
        fs::write(self.folder.join(DISPUTED), format!("{error}\n")).map_err(RecordError::io("mark", &self.folder))?;
        Err(error)
    }
}

fn write_json(record: &Path, name: &str, value: &impl serde::Serialize) -> Result<Checksum, RecordError> {
    let path: PathBuf = record.join(name);
    let json = files::to_json(value, &path)?;
    files::write_synced(&path, &json)?;
    Ok(Checksum::of(&json))
}

/// Where two results of the same run first differ, as text; nothing where they are the same to the bit.
fn difference(published: &Published, own: &RunResult, own_steps: &Path) -> Result<Option<String>, RecordError> {
    let path = published.path.join(RESULT);
    let theirs = &published.result;
    if files::to_json(theirs, &path)? == files::to_json(own, &path)? {
        return Ok(None);
    }
    let text = if theirs.steps_sha256 != own.steps_sha256 {
        first_different_step(published, own, own_steps)?
    } else if theirs.ending != own.ending {
        format!("ended {:?} and {:?}", theirs.ending, own.ending)
    } else if theirs.state_sha256 != own.state_sha256 {
        "the final states differ".into()
    } else {
        let pairs = theirs.evaluations.iter().zip(&own.evaluations);
        let differing = pairs.map(|(a, b)| (a.step, a.same_bits(b))).find(|(_, same)| !same);
        differing
            .map_or("the evaluations differ".into(), |(step, _)| format!("the evaluations after {step} updates differ"))
    };
    Ok(Some(text))
}

fn first_different_step(published: &Published, own: &RunResult, own_steps: &Path) -> Result<String, RecordError> {
    let own_rows = super::rows::Rows::open(own_steps, own.steps)?;
    let bits = |row: crate::learner::Row| {
        (row.loss.to_bits(), row.grad_norm.map(f64::to_bits), row.update_ratio.map(f64::to_bits))
    };
    for (step, (a, b)) in published.rows()?.zip(own_rows).enumerate() {
        let (a, b) = (a?, b?);
        if bits(a) != bits(b) {
            return Ok(format!("from step {step}, where the losses are {} and {}", a.loss, b.loss));
        }
    }
    Ok(format!("{} and {} steps", published.result.steps, own.steps))
}
