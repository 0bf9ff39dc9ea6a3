//! Which pictures, tiles and pixels are worked on together.

use std::ops::Range;

use super::{Point, RESULTS, Scheme};
use crate::KernelError;
use crate::cpu::conv::Sizes;
use crate::cpu::element::Element;
use crate::cpu::pack::tap;
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::{Ascending, Kernel, Places};
use crate::params::Windows;

/// Numbers of the transformed pixels of tiles that go together: they stay in the second-level cache.
const BUDGET: usize = 48 << 10;
/// Numbers between the transforms of two pairs of points: without them, their lines would fall into the same few sets of a cache.
const GAP: usize = 16;
/// Tiles that go together at least, so that panels are used more often than they are loaded.
const FEWEST: usize = 16;

/// The tiles of some pictures, cut into chunks.
pub(super) struct Tiling<T> {
    pub kernel: Kernel<T>,
    pub scheme: Scheme,
    pub sizes: Sizes,
    /// Pictures in one part of the work.
    pub pictures: usize,
    /// Channels rounded up to whole vectors.
    channels: usize,
    /// Tiles of a picture along both axes.
    high: usize,
    wide: usize,
    /// Rows of tiles in a chunk: all where pictures go together.
    rows: usize,
    /// Offsets of every tile's pixels among channels-last pictures; the border is the row after the last.
    reads: Vec<u32>,
    /// Offsets of every tile's results among those of its chunk; what lies outside is the row after the last.
    results: Vec<u32>,
    /// Where the numbers of a tile's transform go.
    spread: Vec<(usize, usize)>,
}

/// Tiles that are transformed and multiplied together.
pub(super) struct Chunk {
    tiles: Range<usize>,
    /// Pictures, counted from the part's first, and pixels of each that the tiles yield.
    pub pictures: Range<usize>,
    pub pixels: Range<usize>,
}

impl Chunk {
    pub fn tiles(&self) -> usize {
        self.tiles.len()
    }
}

impl<T: Element> Tiling<T> {
    pub fn new(kernel: Kernel<T>, scheme: Scheme, sizes: Sizes) -> Result<Self, KernelError> {
        let Windows { oh, ow, .. } = sizes.windows;
        let channels = sizes.c.next_multiple_of(kernel.width / 2);
        let (high, wide) = (oh.div_ceil(RESULTS), ow.div_ceil(RESULTS));
        let most = (BUDGET / (scheme.multiplications() * channels)).max(FEWEST);
        let pictures = (most / (high * wide)).clamp(1, sizes.n.max(1));
        let rows = (most / wide).clamp(1, high);
        let rows = high.div_ceil(high.div_ceil(rows));
        let mut tiling = Self {
            kernel,
            scheme,
            sizes,
            pictures,
            channels,
            high,
            wide,
            rows,
            reads: Vec::new(),
            results: Vec::new(),
            spread: Vec::new(),
        };
        tiling.reads = tiling.read_places()?;
        tiling.results = tiling.result_places()?;
        let place = |(point, pair): (Point, usize)| (tiling.first(point) + pair * channels, point.pairs * channels);
        tiling.spread = scheme.numbers().into_iter().map(place).collect();
        Ok(tiling)
    }

    /// Most tiles of a chunk.
    pub fn most(&self) -> usize {
        self.pictures * self.rows * self.wide
    }

    /// Most results of a chunk, for every output channel.
    pub fn most_results(&self) -> usize {
        self.pictures * (self.rows * RESULTS).min(self.sizes.windows.oh) * self.sizes.windows.ow
    }

    /// Row and column of every tile of a part.
    fn tiles(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let (high, wide) = (self.high, self.wide);
        (0..self.pictures * high * wide).map(move |tile| (tile / (high * wide), tile / wide % high, tile % wide))
    }

    fn read_places(&self) -> Result<Vec<u32>, KernelError> {
        let Windows { h, w, padding, .. } = self.sizes.windows;
        let side = self.scheme.side + RESULTS - 1;
        let mut places = Vec::with_capacity(self.pictures * self.high * self.wide * side * side);
        for (picture, row, column) in self.tiles() {
            for (i, j) in (0..side * side).map(|index| (index / side, index % side)) {
                let pixel = |tile: usize, k: usize, side| Windows::pixel(side, tile, k, RESULTS, padding);
                let place = match (pixel(row, i, h), pixel(column, j, w)) {
                    (Some(y), Some(x)) => (picture * h + y) * w + x,
                    _ => self.pictures * h * w,
                };
                places.push(tap("conv2d", place * self.channels)?);
            }
        }
        Ok(places)
    }

    fn result_places(&self) -> Result<Vec<u32>, KernelError> {
        let Windows { oh, ow, .. } = self.sizes.windows;
        let mut places = Vec::with_capacity(self.pictures * self.high * self.wide * RESULTS * RESULTS);
        for (picture, row, column) in self.tiles() {
            for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let (y, x) = (row * RESULTS + i, column * RESULTS + j);
                let first = row / self.rows * self.rows * RESULTS;
                let place = if y < oh && x < ow { (picture * oh + y - first) * ow + x } else { self.most_results() };
                places.push(tap("conv2d", place * self.kernel.width)?);
            }
        }
        Ok(places)
    }

    /// The chunks of `pictures` pictures.
    pub fn chunks(&self, pictures: usize) -> impl Iterator<Item = Chunk> {
        let Windows { oh, ow, .. } = self.sizes.windows;
        let (rows, high, wide) = (self.rows, self.high, self.wide);
        (0..high).step_by(rows).map(move |row| {
            let end = (row + rows).min(high);
            let tiles = if end - row == high { 0..pictures * high * wide } else { row * wide..end * wide };
            Chunk { tiles, pictures: 0..pictures, pixels: row * RESULTS * ow..(end * RESULTS).min(oh) * ow }
        })
    }

    /// Pictures \[c, h, w\] as \[h, w, channels\], with a border's row of zeros at the end.
    pub fn channels_last(&self, x: &[T]) -> Scratch<T> {
        let Windows { h, w, .. } = self.sizes.windows;
        let (pixels, channels) = (h * w, self.channels);
        let mut turned = Scratch::new((self.pictures * pixels + 1) * channels);
        if channels == self.sizes.c {
            turned[self.pictures * pixels * channels..].fill(T::zero());
        } else {
            turned.fill(T::zero());
        }
        for (x, turned) in x.chunks_exact(self.sizes.c * pixels).zip(turned.chunks_exact_mut(pixels * channels)) {
            self.kernel.transpose(x, pixels, (self.sizes.c, pixels), turned, channels);
        }
        turned
    }

    /// The transforms of a chunk's pixels: for every pair of points \[tiles, parts, channels\].
    pub fn spread(&self, pixels: &[T], chunk: &Chunk, to: &mut [T]) {
        let numbers = (self.scheme.side + RESULTS - 1).pow(2);
        let reads = Places::Table(&self.reads[chunk.tiles.start * numbers..chunk.tiles.end * numbers]);
        let squares = (chunk.tiles(), self.channels);
        self.kernel.transform(self.scheme.pixels, squares, pixels, reads, to, Places::Steps(&self.spread), &[]);
    }

    /// Numbers of all transforms of a chunk.
    pub fn spread_len(&self) -> usize {
        self.scheme.multiplications() * self.channels * self.most() + GAP * self.scheme.points().len()
    }

    /// Where the transforms of a pair of points start.
    pub fn first(&self, point: Point) -> usize {
        point.before * self.most() * self.channels + point.index * GAP
    }

    /// Numbers from the products of one pair of points to those of the next.
    pub fn products(&self) -> usize {
        self.most() * self.kernel.width + GAP
    }

    /// Where the results of a chunk lie.
    pub fn results(&self, chunk: &Chunk) -> Places<'_> {
        let numbers = RESULTS * RESULTS;
        Places::Table(&self.results[chunk.tiles.start * numbers..chunk.tiles.end * numbers])
    }

    /// Offsets of a chunk's tiles among the transforms of a pair of points.
    pub fn tile_places(&self, point: Point) -> Ascending<usize> {
        Ascending::steps(self.most(), point.pairs * self.channels)
    }

    /// Offsets of a tile's parts and channels there.
    pub fn depth_places(&self, point: Point) -> Ascending<usize> {
        let (channels, count) = (self.channels, self.sizes.c);
        let places = (0..point.pairs).flat_map(move |pair| (0..count).map(move |c| pair * channels + c));
        Ascending::new(places.collect())
    }
}
