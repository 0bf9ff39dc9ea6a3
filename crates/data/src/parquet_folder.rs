//! Parquet files of a training and a test part in a folder: under the names that the hub's conversion gives them
//! (`train/0000.parquet`), under those of the `datasets` library (`train-00000-of-00001.parquet`), or simply `train.parquet`.

use std::path::{Path, PathBuf};

use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::file_bytes::{Kind, open};
use crate::folders::{Folder, Whose, letters, whose};
use crate::images::Images;
use crate::name::Name;
use crate::parquet_file::{self, Pictures};
use crate::progress::{Phase, Reporter};

/// Pairs of parts that are tried in one folder.
const MOST_PAIRS: usize = 16;

/// The files of both parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParquetFiles {
    folder: PathBuf,
    train: Part,
    test: Part,
}

/// The files of one part, in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    /// What files of the same part have in common.
    group: String,
    /// The number of files that there should be, where their names tell.
    of: Option<usize>,
    /// The files by their number.
    files: Vec<(usize, PathBuf)>,
}

/// What a file's name says.
struct Named {
    group: String,
    number: usize,
    of: Option<usize>,
    whose: Option<Whose>,
}

impl ParquetFiles {
    /// The pairs of parts that a folder holds, itself or in its folders `train` and `test`.
    pub fn find(name: Name, folder: &Folder) -> Vec<Self> {
        let (train, test) = (parts(name, folder, "train"), parts(name, folder, "test"));
        let pairs = train.iter().flat_map(|train| test.iter().map(move |test| (train, test)));
        let both = |(train, test): (&Part, &Part)| Self {
            folder: folder.path.clone(),
            train: train.clone(),
            test: test.clone(),
        };
        pairs.map(both).take(MOST_PAIRS).collect()
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads both parts.
    pub fn read(
        &self,
        name: Name,
        (train, test): (&Expected, &Expected),
        reporter: &mut Reporter<'_>,
    ) -> Result<(Images, Images), Error> {
        let mut done = 0;
        let total = Some((train.count + test.count) as u64);
        let mut tick = reporter.phase(Phase::Decoding, name.as_str(), total);
        let train = read_part(&self.train, train, &mut tick)?;
        done += train.count as u64;
        let test = read_part(&self.test, test, &mut |pictures| tick(done + pictures))?;
        Ok((train, test))
    }
}

/// Reads the files of one part one after the other.
fn read_part(part: &Part, expected: &Expected, tick: &mut dyn FnMut(u64)) -> Result<Images, Error> {
    let Some((_, first)) = part.files.first() else { return Err(Error::bad(Path::new(&part.group), Problem::Lacking)) };
    if let Some(of) = part.of.filter(|of| *of != part.files.len()) {
        return Err(Error::bad(first, Problem::Shards { found: part.files.len(), of }));
    }
    let mut readers = Vec::new();
    for (_, path) in &part.files {
        let reader = parquet_file::open(open(path)?).map_err(|error| Error::bad(path, error))?;
        readers.push((path, reader));
    }
    // A part of another length is not worth decoding.
    let rows = readers.iter().map(|(_, reader)| parquet_file::rows(reader)).fold(0, usize::saturating_add);
    if rows != expected.count {
        return Err(Error::bad(first, Problem::Count { what: "rows", found: rows as u64, expected: expected.count }));
    }
    let mut pictures = Pictures::new(expected);
    for (path, reader) in &readers {
        pictures.take_file(reader, tick).map_err(|problem| Error::bad(path, problem))?;
    }
    pictures.finish().map_err(|problem| Error::bad(first, problem))
}

/// The parts named `split`, those whole by their names first.
fn parts(name: Name, folder: &Folder, split: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (file, stem, split_stands_in_folder) in files(folder, split) {
        let Some(named) = named(&stem, split, split_stands_in_folder) else { continue };
        if named.whose.is_some_and(|whose| whose != Whose::Known(name)) {
            continue;
        }
        let place = file.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
        let group = format!("{place}/{}", named.group);
        match parts.iter_mut().find(|part| part.group == group) {
            Some(part) => part.files.push((named.number, file)),
            None => parts.push(Part { group, of: named.of, files: vec![(named.number, file)] }),
        }
    }
    for part in &mut parts {
        part.files.sort();
    }
    parts.sort();
    parts.sort_by_key(|part| part.of.is_some_and(|of| of != part.files.len()));
    parts
}

/// The parquet files that can belong to a part: those in the folder, and those in folders whose name holds the part's, each with its
/// name without the ending.
fn files(folder: &Folder, split: &str) -> Vec<(PathBuf, String, bool)> {
    let of = |folder: &Folder, in_folder: bool| {
        let parquet = folder.entries.iter().filter(|entry| entry.kind != Kind::Folder);
        let stem = |name: &str| Some(name.to_lowercase().strip_suffix(".parquet")?.to_owned());
        let named = parquet.filter_map(|entry| Some((entry.path.clone(), stem(&entry.name)?, in_folder)));
        named.collect::<Vec<_>>()
    };
    let mut files = of(folder, false);
    for below in folder.folders().filter(|below| words(&below.name).any(|word| word == split)) {
        files.extend(Folder::list(&below.path).iter().flat_map(|below| of(below, true)));
    }
    files
}

/// The words and numbers of a name, in lower case.
fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Reads a file's name: `train-00000-of-00002`, `train-00000-of-00001-a09b74b3ef9c3b56`, `0000`, `mnist-train`, `train`.
fn named(stem: &str, split: &str, split_stands_in_folder: bool) -> Option<Named> {
    let words: Vec<String> = words(stem).collect();
    if !split_stands_in_folder && words.iter().all(|word| word != split) {
        return None;
    }
    let number = |word: Option<&String>| word.and_then(|word| word.parse::<usize>().ok());
    let of = words.iter().position(|word| word == "of").filter(|&of| of > 0);
    let (index, number, of) =
        match of.and_then(|of| Some((of - 1, number(words.get(of - 1))?, number(words.get(of + 1))?))) {
            Some((index, number, of)) => (index, number, Some(of)),
            None => match number(words.last()) {
                Some(number) => (words.len() - 1, number, None),
                None => (words.len(), 0, None),
            },
        };
    let before = words[..index].join("-");
    let rest: Vec<&str> = words[..index].iter().map(String::as_str).filter(|word| *word != split).collect();
    let whose = whose(&letters(&rest.join("")));
    Some(Named { group: format!("{before} {}", of.unwrap_or(0)), number, of, whose })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn found(files: &[&str]) -> Vec<(Vec<String>, Vec<String>)> {
        let root = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "").expect("a file");
        }
        let pairs = ParquetFiles::find(Name::Mnist, &Folder::list(root.path()).expect("it can be read"));
        let relative = |part: &Part| {
            part.files
                .iter()
                .map(|(_, path)| path.strip_prefix(root.path()).expect("below").display().to_string())
                .collect()
        };
        pairs.iter().map(|pair| (relative(&pair.train), relative(&pair.test))).collect()
    }

    #[test]
    fn the_names_of_the_hub_and_of_its_libraries_are_known() {
        let cases: [(&[&str], &[&str]); 7] = [
            (&["train-00000-of-00001.parquet"], &["test-00000-of-00001.parquet"]),
            (&["train/0000.parquet", "train/0001.parquet"], &["test/0000.parquet"]),
            (&["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"], &["test-00000-of-00001.parquet"]),
            (&["train-00000-of-00001-a09b74b3ef9c3b56.parquet"], &["test-00000-of-00001-e0a1.parquet"]),
            (&["mnist-train.parquet"], &["mnist-test.parquet"]),
            (&["Train.parquet"], &["Test.parquet"]),
            (&["train-9.parquet", "train-10.parquet"], &["test-1.parquet"]),
        ];
        for (train, test) in cases {
            let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
            let mut files = [test, train].concat();
            files.extend(["validation-00000-of-00001.parquet", "README.md"]);
            assert_eq!(found(&files), [(names(train), names(test))]);
        }
    }

    #[test]
    fn a_part_alone_or_of_another_set_is_none() {
        assert!(found(&["train-00000-of-00001.parquet"]).is_empty());
        assert!(found(&["fashion-mnist-train.parquet", "fashion-mnist-test.parquet"]).is_empty());
        assert!(found(&["training.parquet", "latest.parquet"]).is_empty());
    }

    /// A set that was cut anew: the whole part comes first, the half one after it.
    #[test]
    fn what_is_whole_by_its_name_comes_first() {
        let pairs = found(&[
            "train-00000-of-00002.parquet",
            "train-00000-of-00003.parquet",
            "train-00001-of-00002.parquet",
            "test.parquet",
        ]);
        assert_eq!(pairs.len(), 2);
        assert_eq!(pairs[0].0, ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]);
    }
}
