//! What a file must hold, told to every reading function, so that no count read from a file decides about memory.

use crate::error::Problem;
use crate::facts::Facts;
use crate::name::Name;

/// The number and shape of the pictures that a file or a group of files must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub count: usize,
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub classes: usize,
}

impl Expected {
    /// The training part of a data set.
    pub const fn train(name: Name) -> Self {
        let facts = name.facts();
        Self::of(&facts, facts.train)
    }

    /// The test part of a data set.
    pub const fn test(name: Name) -> Self {
        let facts = name.facts();
        Self::of(&facts, facts.test)
    }

    const fn of(facts: &Facts, count: usize) -> Self {
        let &Facts { channels, height, width, classes, .. } = facts;
        Self { count, channels, height, width, classes }
    }

    /// The same pictures, another number of them.
    pub const fn with_count(self, count: usize) -> Self {
        Self { count, ..self }
    }

    /// Pixels of one channel of one picture.
    pub const fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Bytes of one picture.
    pub const fn picture(&self) -> usize {
        self.channels * self.plane()
    }

    /// Bytes of all pictures.
    pub const fn pixels(&self) -> usize {
        self.count * self.picture()
    }

    /// Fails on the first label that names no class.
    pub fn check_labels(&self, labels: &[u8]) -> Result<(), Problem> {
        match labels.iter().position(|&label| usize::from(label) >= self.classes) {
            None => Ok(()),
            Some(row) => Err(self.label_problem(row, i64::from(labels[row]))),
        }
    }

    pub fn label_problem(&self, row: usize, label: i64) -> Problem {
        Problem::Label { row, label, classes: self.classes }
    }
}
