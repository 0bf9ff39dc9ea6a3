//! The two-dimensional transforms of minimal filtering, of many channels side by side; see [`crate::cpu::conv`]'s `winograd`.
//!
//! Each is a small matrix applied along the rows and then along the columns of a square. The squares' numbers are vectors:
//! channels lie in lanes.

use super::tile::Vector;

/// Which square becomes which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Square {
    /// 4×4 pixels to 4×4, for kernels of 3×3.
    Pixels3,
    /// 6×6 pixels to 7×7, for kernels of 5×5.
    Pixels5,
    /// 3×3 weights to 4×4.
    Weights3,
    /// 5×5 weights to 7×7.
    Weights5,
    /// 4×4 products to 2×2 results.
    Results,
    /// 2×2 gradients of results to 4×4 of products.
    Gradients,
    /// 4×4 gradients of transformed weights to those of 3×3 weights.
    Weights3Back,
    /// 7×7 gradients of transformed weights to those of 5×5 weights.
    Weights5Back,
}

impl Square {
    /// Sides of the square before and after.
    pub fn sides(self) -> (usize, usize) {
        match self {
            Self::Pixels3 => (4, 4),
            Self::Pixels5 => (6, 7),
            Self::Weights3 => (3, 4),
            Self::Weights5 => (5, 7),
            Self::Results => (4, 2),
            Self::Gradients => (2, 4),
            Self::Weights3Back => (4, 3),
            Self::Weights5Back => (7, 5),
        }
    }
}

/// Where the numbers of a square lie, for one square after another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Places<'a> {
    /// One offset a number, square after square.
    Table(&'a [u32]),
    /// First offset of each number, and how far it moves from one square to the next.
    Steps(&'a [(usize, usize)]),
}

impl Places<'_> {
    /// The largest offset of `squares` squares of `numbers` numbers, or none where there are too few places.
    pub fn most(self, squares: usize, numbers: usize) -> Option<usize> {
        match self {
            Self::Table(table) => {
                let table = table.get(..squares * numbers)?;
                Some(table.iter().fold(0, |most, &place| most.max(place)) as usize)
            }
            Self::Steps(steps) => {
                let last = squares.saturating_sub(1);
                let ends =
                    steps.get(..numbers)?.iter().map(|&(first, step)| first.saturating_add(step.saturating_mul(last)));
                Some(ends.fold(0, usize::max))
            }
        }
    }

    #[inline(always)]
    fn of<const SIDE: usize>(self, square: usize) -> [[usize; SIDE]; SIDE] {
        let mut places = [[0; SIDE]; SIDE];
        for (index, place) in places.as_flattened_mut().iter_mut().enumerate() {
            *place = match self {
                Self::Table(table) => table[square * SIDE * SIDE + index] as usize,
                Self::Steps(steps) => steps[index].0 + steps[index].1 * square,
            };
        }
        places
    }
}

/// One call of [`transform`]; see [`super::Kernel::transform`].
pub(super) struct Job<'a, T> {
    pub square: Square,
    pub from: *const T,
    pub reads: Places<'a>,
    pub to: *mut T,
    pub writes: Places<'a>,
    pub squares: usize,
    pub lanes: usize,
    /// Added to every number written, or null.
    pub bias: *const T,
    pub half: T,
}

/// Transforms all squares of a job.
///
/// # Safety
/// The processor has `V`'s instructions; `lanes` is a multiple of the vector's, all places exist, and so many numbers can be
/// read and written from every one of them, and read from `bias` unless it is null.
#[inline(always)]
pub(super) unsafe fn transform<V: Vector>(job: &Job<V::Element>) {
    // SAFETY: the caller's promise is the callee's, and each line takes as many numbers as its square's sides say.
    unsafe {
        let half = V::splat(&raw const job.half);
        match job.square {
            Square::Pixels3 => squares(job, Pixels3(half)),
            Square::Pixels5 => squares(job, Pixels5(half)),
            Square::Weights3 => squares(job, Weights3(half)),
            Square::Weights5 => squares(job, Weights5(half)),
            Square::Results => squares(job, Results(half)),
            Square::Gradients => squares(job, Gradients(half)),
            Square::Weights3Back => squares(job, Weights3Back(half)),
            Square::Weights5Back => squares(job, Weights5Back(half)),
        }
    }
}

/// # Safety
/// As for [`transform`], for squares of these sides.
#[inline(always)]
unsafe fn squares<V: Vector, const IN: usize, const OUT: usize>(job: &Job<V::Element>, line: impl Line<V, IN, OUT>) {
    for square in 0..job.squares {
        let (reads, writes) = (job.reads.of::<IN>(square), job.writes.of::<OUT>(square));
        for lane in (0..job.lanes).step_by(V::LANES) {
            // SAFETY: every place below is one that the caller has vouched for.
            unsafe {
                let mut rows = [[V::zero(); OUT]; IN];
                for i in 0..IN {
                    let mut numbers = [V::zero(); IN];
                    for j in 0..IN {
                        numbers[j] = V::load(job.from.add(reads[i][j] + lane));
                    }
                    rows[i] = line.of(numbers);
                }
                for j in 0..OUT {
                    let mut numbers = [V::zero(); IN];
                    for i in 0..IN {
                        numbers[i] = rows[i][j];
                    }
                    let column = line.of(numbers);
                    for i in 0..OUT {
                        let number = column[i];
                        let number = if job.bias.is_null() { number } else { number.add(V::load(job.bias.add(lane))) };
                        number.store(job.to.add(writes[i][j] + lane));
                    }
                }
            }
        }
    }
}

/// The matrix of a [`Square`], applied to one line of it. Holds the number ½.
trait Line<V: Vector, const IN: usize, const OUT: usize>: Copy {
    /// # Safety
    /// The processor has `V`'s instructions.
    unsafe fn of(self, line: [V; IN]) -> [V; OUT];
}

macro_rules! line {
    ($name:ident, $in:literal, $out:literal, |$half:ident, $numbers:pat_param| $body:expr) => {
        #[derive(Clone, Copy)]
        struct $name<V>(V);

        impl<V: Vector> Line<V, $in, $out> for $name<V> {
            #[inline(always)]
            unsafe fn of(self, line: [V; $in]) -> [V; $out] {
                let ($half, $numbers) = (self.0, line);
                let _ = $half;
                // SAFETY: the caller vouches for the instructions.
                unsafe { $body }
            }
        }
    };
}

line!(Pixels3, 4, 4, |half, [a, b, c, d]| [a.sub(c), b.add(c), c.sub(b), b.sub(d)]);

// Points 0, 1, −1 and ∞ of the first three taps, each followed by that of the last two where there is one.
line!(Pixels5, 6, 7, |half, [a, b, c, d, e, f]| {
    let [zero, one, minus, infinite] = Pixels3(half).of([a, b, c, d]);
    [zero, d.sub(e), one, e, minus, infinite, e.sub(f)]
});

line!(Weights3, 3, 4, |half, [a, b, c]| {
    let (outer, inner) = (a.add(c).scaled(half), b.scaled(half));
    [a, outer.add(inner), outer.sub(inner), c]
});

line!(Weights5, 5, 7, |half, [a, b, c, d, e]| {
    let [zero, one, minus, infinite] = Weights3(half).of([a, b, c]);
    [zero, d, one, d.add(e), minus, infinite, e]
});

line!(Results, 4, 2, |half, [a, b, c, d]| [a.add(b).add(c), b.sub(c).sub(d)]);

line!(Gradients, 2, 4, |half, [a, b]| [a, a.add(b), a.sub(b), V::zero().sub(b)]);

line!(Weights3Back, 4, 3, |half, [a, b, c, d]| {
    let (sum, difference) = (b.add(c).scaled(half), b.sub(c).scaled(half));
    [a.add(sum), difference, d.add(sum)]
});

line!(Weights5Back, 7, 5, |half, [a, a2, b, b2, c, d, d2]| {
    let [first, second, third] = Weights3Back(half).of([a, b, c, d]);
    [first, second, third, a2.add(b2), b2.add(d2)]
});
