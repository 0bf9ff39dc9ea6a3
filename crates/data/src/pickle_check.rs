//! A look at a pickle's operations before they are obeyed: no deep nesting, no copies of what is large, no more values than a
//! batch can have.
//!
//! serde-pickle builds nested values of any depth, whose conversion and release recurse until the stack is gone; copies every
//! value that the memo is asked for; and keeps a stack for every mark. A file of a few kilobytes could take all memory. It also
//! sorts what is in sets and dictionaries, in an order that is none where there are floats that are not numbers, and so may panic:
//! no batch has floats, and they are refused.

use std::collections::BTreeMap;

use crate::error::Problem;

/// A batch nests dictionary, array, its state, its type and that one's state.
const DEEPEST: u16 = 16;
const MOST_MARKS: usize = 16;
/// Values besides those of the pictures.
const SLACK: usize = 4096;
/// Values of one picture: its label, its file name, and what Python 3 wraps old strings in.
const A_PICTURE: usize = 16;
/// Longest number in digits; longer ones take hours to read.
const LONGEST_NUMBER: usize = 256;
/// Longest value that may be asked of the memo.
const LONGEST_COPY: usize = 256;

/// Fails unless a batch of `pictures` could be written so.
pub(crate) fn check(bytes: &[u8], pictures: usize) -> Result<(), Problem> {
    let mut check = Check {
        rest: bytes,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
        last: 0,
        left: A_PICTURE * pictures + SLACK,
    };
    while check.step()? {}
    Ok(())
}

fn refuse<T>(what: &'static str) -> Result<T, Problem> {
    Err(Problem::Pickle(what.into()))
}

struct Check<'a> {
    rest: &'a [u8],
    /// How deep each value on the stack is nested; 0 for numbers and texts.
    stack: Vec<u16>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    /// Depth and length of what the memo holds.
    memo: BTreeMap<u64, (u16, usize)>,
    /// Length of the last value.
    last: usize,
    /// Values that may still come.
    left: usize,
}

impl<'a> Check<'a> {
    /// Looks at one operation; whether others follow. The letters are Python's (`pickletools`).
    fn step(&mut self) -> Result<bool, Problem> {
        let operation = self.take(1)?[0];
        match operation {
            b'.' => return Ok(false),
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.mark()?,
            b'N' | 0x88 | 0x89 => self.push(0, 0)?,
            b'K' => self.fixed(1)?,
            b'M' => self.fixed(2)?,
            b'J' => self.fixed(4)?,
            b'I' | b'L' => self.number()?,
            b'S' | b'V' => self.line_value()?,
            b'c' => self.global()?,
            0x8a | b'U' | b'C' | 0x8c => self.counted(1)?,
            0x8b => self.long()?,
            b'T' | b'B' | b'X' => self.counted(4)?,
            0x8d | 0x8e | 0x96 => self.counted(8)?,
            b'}' | b']' | b')' | 0x8f => self.push(1, 0)?,
            0x85 => self.wrap(1, 1)?,
            0x86 | b'R' | 0x81 => self.wrap(2, 1)?,
            0x87 | 0x92 => self.wrap(3, 1)?,
            0x93 | b'b' => self.wrap(2, 0)?,
            b't' | b'l' | b'd' | 0x91 => {
                let depth = self.close_mark()?;
                self.push(depth + 1, 0)?;
            }
            b'a' => self.grow(1)?,
            b's' => self.grow(2)?,
            b'e' | b'u' | 0x90 => {
                let depth = self.close_mark()?;
                self.deepen(depth)?;
            }
            b'p' | b'q' | b'r' | 0x94 | b'g' | b'h' | b'j' => self.memo(operation)?,
            _ => return refuse("it holds an operation that no batch has"),
        }
        Ok(true)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Problem> {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => refuse("it ends too early"),
        }
    }

    fn line(&mut self) -> Result<&'a [u8], Problem> {
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let Some(end) = end else { return refuse("it ends within a line") };
        let line = self.take(end)?;
        self.take(1)?;
        Ok(line)
    }

    fn push(&mut self, depth: u16, length: usize) -> Result<(), Problem> {
        if depth > DEEPEST {
            return refuse("it is nested too deep");
        }
        let Some(left) = self.left.checked_sub(1) else { return refuse("it holds too many values") };
        (self.left, self.last) = (left, length);
        self.stack.push(depth);
        Ok(())
    }

    fn pop(&mut self) -> Result<u16, Problem> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        match self.stack.pop().filter(|_| self.stack.len() >= bottom) {
            Some(depth) => Ok(depth),
            None => refuse("it takes a value where there is none"),
        }
    }

    fn mark(&mut self) -> Result<(), Problem> {
        if self.marks.len() == MOST_MARKS {
            return refuse("it is nested too deep");
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// Takes everything from the last mark on; the depth of the deepest of it.
    fn close_mark(&mut self) -> Result<u16, Problem> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.drain(mark..).max().unwrap_or(0)),
            None => refuse("it closes what it has not opened"),
        }
    }

    fn wrap(&mut self, count: usize, more: u16) -> Result<(), Problem> {
        let mut deepest = 0;
        for _ in 0..count {
            deepest = deepest.max(self.pop()?);
        }
        self.push(deepest + more, 0)
    }

    fn grow(&mut self, count: usize) -> Result<(), Problem> {
        let mut deepest = 0;
        for _ in 0..count {
            deepest = deepest.max(self.pop()?);
        }
        self.deepen(deepest)
    }

    /// Puts something of this depth into the container on top.
    fn deepen(&mut self, depth: u16) -> Result<(), Problem> {
        let container = self.pop()?;
        self.push(container.max(depth + 1), 0)
    }

    fn fixed(&mut self, bytes: usize) -> Result<(), Problem> {
        self.take(bytes)?;
        self.push(0, bytes)
    }

    fn number(&mut self) -> Result<(), Problem> {
        let digits = self.line()?.len();
        if digits > LONGEST_NUMBER {
            return refuse("it holds a number that is too long");
        }
        self.push(0, digits)
    }

    fn line_value(&mut self) -> Result<(), Problem> {
        let length = self.line()?.len();
        self.push(0, length)
    }

    fn global(&mut self) -> Result<(), Problem> {
        let length = self.line()?.len() + self.line()?.len();
        self.push(0, length)
    }

    fn counted(&mut self, width: usize) -> Result<(), Problem> {
        let length = self.little_endian(width)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.take(length)?;
        self.push(0, length)
    }

    fn long(&mut self) -> Result<(), Problem> {
        let before = self.rest;
        let length = self.little_endian(4)?;
        if length > LONGEST_NUMBER as u64 {
            return refuse("it holds a number that is too long");
        }
        self.rest = before;
        self.counted(4)
    }

    fn little_endian(&mut self, width: usize) -> Result<u64, Problem> {
        Ok(self.take(width)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Only what is short and not nested may be asked of the memo, so that no copy is large.
    fn memo(&mut self, operation: u8) -> Result<(), Problem> {
        let key = match operation {
            b'p' | b'g' => std::str::from_utf8(self.line()?).ok().and_then(|digits| digits.parse().ok()),
            b'q' | b'h' => Some(self.little_endian(1)?),
            b'r' | b'j' => Some(self.little_endian(4)?),
            _ => Some(self.memo.len() as u64),
        };
        let Some(key) = key else { return refuse("it names its memo in an odd way") };
        if matches!(operation, b'g' | b'h' | b'j') {
            return match self.memo.get(&key) {
                Some((0, length)) if *length <= LONGEST_COPY => self.push(0, *length),
                _ => refuse("it refers to a value that is large, nested or missing"),
            };
        }
        let Some(depth) = self.stack.last() else { return refuse("it keeps a value where there is none") };
        self.memo.insert(key, (*depth, self.last));
        Ok(())
    }
}
