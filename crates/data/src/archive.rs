//! Entries of a tar archive, gzipped or (as a browser that unpacks leaves it) not, read into memory one at a time. Nothing is unpacked to where an entry's path says.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use tar::{Archive, Entry, EntryType};

use crate::error::{Error, Problem};
use crate::file_bytes::open;
use crate::gzip::{Gunzip, MAGIC};
use crate::progress::{Phase, Reporter};

/// An entry to be read, by the end of its path in the archive, and the bytes that it can have at most.
pub(crate) struct Wanted {
    pub path: String,
    pub limit: u64,
}

/// Bytes besides the wanted entries that an archive may unpack to: read-me files and headers.
const SLACK: u64 = 64 << 20;
/// Bytes read between two progress reports.
const STEP: u64 = 1 << 20;

/// Reads the wanted entries and hands each to `take` with its place in `wanted`, in the archive's order. All must be there,
/// and *every* entry of the archive must be a plain file or folder inside it.
pub(crate) fn read_entries(
    path: &Path,
    wanted: &[Wanted],
    reporter: &mut Reporter<'_>,
    take: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), Problem>,
) -> Result<(), Error> {
    let file = open(path)?;
    let total = file.metadata().map_err(|error| Error::bad(path, error))?.len();
    let subject = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let counted = Counted { file, done: Rc::default() };
    let done = Rc::clone(&counted.done);
    let mut tick = || reporter.report(Phase::Unpacking, &subject, done.get(), Some(total));
    let most = wanted.iter().map(|entry| entry.limit).sum::<u64>() + SLACK;
    let mut archive = Archive::new(unpacked(BufReader::new(counted), path)?.take(most));
    let broken = |error| Error::bad(path, Problem::Tar(error));
    let mut missing: Vec<usize> = (0..wanted.len()).collect();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = inside(&entry).map_err(|(name, problem)| Error::bad_entry(path, &name, problem))?;
        let Some(place) = missing.iter().position(|&index| name.ends_with(&wanted[index].path)) else {
            continue;
        };
        let index = missing.swap_remove(place);
        let bytes = read_entry(&mut entry, wanted[index].limit, &mut tick);
        let taken = bytes.and_then(|bytes| take(index, bytes));
        taken.map_err(|problem| Error::bad_entry(path, &wanted[index].path, problem))?;
    }
    // The archive ends before its file does; the rest holds gzip's check sum.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| Error::bad(path, Problem::Gzip(error)))?;
    match missing.first() {
        Some(&index) => Err(Error::bad_entry(path, &wanted[index].path, Problem::Lacking)),
        None => Ok(()),
    }
}

/// The first entry of a list, by their names without their folders, that an archive holds.
pub(crate) fn first_of(path: &Path, names: &[String]) -> Result<Option<usize>, Error> {
    let broken = |error| Error::bad(path, Problem::Tar(error));
    let mut archive = Archive::new(unpacked(BufReader::new(open(path)?), path)?.take(SLACK));
    for entry in archive.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        let name = inside(&entry).map_err(|(name, problem)| Error::bad_entry(path, &name, problem))?;
        if let Some(place) = names.iter().position(|wanted| name.ends_with(wanted)) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// The archive's bytes without gzip, if it is gzipped.
fn unpacked<'a>(mut file: impl BufRead + 'a, path: &Path) -> Result<Box<dyn Read + 'a>, Error> {
    let head = file.fill_buf().map_err(|error| Error::bad(path, error))?;
    Ok(if head.starts_with(&MAGIC) { Box::new(Gunzip::new(file)) } else { Box::new(file) })
}

/// The entry's path, if it is a file or folder whose path stays inside the archive.
fn inside<R: Read>(entry: &Entry<'_, R>) -> Result<PathBuf, (String, Problem)> {
    let path = entry.path().map_err(|error| ("?".to_owned(), Problem::Tar(error)))?;
    let named = |problem| Err((path.display().to_string(), problem));
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::Directory | EntryType::XGlobalHeader => {}
        EntryType::Link | EntryType::Symlink => return named(Problem::Special("a link")),
        _ => return named(Problem::Special("neither a file nor a folder")),
    }
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return named(Problem::Escape),
        }
    }
    Ok(clean)
}

fn read_entry<R: Read>(entry: &mut Entry<'_, R>, limit: u64, tick: &mut dyn FnMut()) -> Result<Vec<u8>, Problem> {
    let length = entry.size();
    if length > limit {
        return Err(Problem::Oversized { bytes: length, limit });
    }
    let mut bytes = Vec::with_capacity(length as usize);
    while entry.by_ref().take(STEP).read_to_end(&mut bytes).map_err(Problem::Tar)? > 0 {
        tick();
    }
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(Problem::Short { found: bytes.len(), expected: length as usize })
    }
}

/// Counts the bytes of the archive's file that were read.
struct Counted {
    file: File,
    done: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.done.set(self.done.get() + count as u64);
        Ok(count)
    }
}
