//! y = (x − mean) / √(variance + eps) · weight + bias for every channel, cut off at 0 where relu follows.

use std::ops::Range;

use super::groups::build_groups;
use super::{LANES, Line, Moments, Sizes, Sums, floor};
use crate::cpu::element::Element;
use crate::cpu::simd::vectorised;
use crate::isa::Path;

/// What stays the same over the channels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub path: Path,
    pub sizes: Sizes,
    pub eps: f64,
    pub relu: bool,
}

/// The result, and the moments that it was made with: the `given` ones, or else the batch's own.
pub(crate) fn forward<T: Element>(
    settings: Settings,
    [x, weight, bias]: [&[T]; 3],
    given: Option<&[Moments]>,
) -> (Vec<T>, Vec<Moments>) {
    let Settings { path, sizes, eps, relu } = settings;
    let begin = |channels: Range<usize>, found: &mut [Moments]| {
        match given {
            Some(given) => found.copy_from_slice(&given[channels.clone()]),
            None => batch_moments(path, sizes, x, channels.clone(), found),
        }
        let parameters = weight[channels.clone()].iter().zip(&bias[channels]);
        let lines = found.iter().zip(parameters);
        lines.map(|(&moments, (&weight, &bias))| Line::new(moments, eps, weight, bias)).collect::<Vec<_>>()
    };
    let fill = |start: usize, lines: &Vec<Line<T>>, y: &mut [T]| normalise(path, &x[start..], lines, floor(relu), y);
    build_groups(sizes, begin, fill)
}

/// Moments of some channels over the batch: Σd and Σd² of the distances d from a number near the mean, so that little cancels.
fn batch_moments<T: Element>(path: Path, sizes: Sizes, x: &[T], channels: Range<usize>, moments: &mut [Moments]) {
    let origin = |channel: usize| {
        let plane = &x[sizes.start(0, channel)..][..sizes.plane];
        plane.iter().map(|&x| x.wide()).sum::<f64>() / sizes.plane as f64
    };
    let origins: Vec<f64> = channels.clone().map(origin).collect();
    let mut sums = vec![Sums::ZERO; channels.len()];
    collect(path, x, sizes, channels.start, &origins, &mut sums);
    let count = sizes.count() as f64;
    for ((moments, sums), origin) in moments.iter_mut().zip(&sums).zip(origins) {
        let (distances, squares) = sums.totals();
        let mean = distances / count;
        *moments = Moments { mean: origin + mean, var: ((squares - distances * mean) / count).max(0.0) };
    }
}

vectorised! {
    fn collect<T>(x: &[T], sizes: Sizes, first: usize, origins: &[f64], sums: &mut [Sums]) {
        for picture in 0..sizes.n {
            let planes = x[sizes.start(picture, first)..].chunks_exact(sizes.plane);
            for ((plane, &origin), sums) in planes.zip(origins).zip(sums.iter_mut()) {
                let (blocks, rest) = plane.as_chunks::<LANES>();
                let Sums { mut first, mut second } = *sums;
                for block in blocks {
                    for lane in 0..LANES {
                        let distance = block[lane].wide() - origin;
                        first[lane] += distance;
                        second[lane] += distance * distance;
                    }
                }
                for (lane, x) in rest.iter().enumerate() {
                    let distance = x.wide() - origin;
                    first[lane] += distance;
                    second[lane] += distance * distance;
                }
                *sums = Sums { first, second };
            }
        }
    }
}

vectorised! {
    fn normalise<T>(x: &[T], lines: &[Line<T>], floor: T, y: &mut [T]) {
        let plane = y.len() / lines.len();
        for ((line, x), y) in lines.iter().zip(x.chunks_exact(plane)).zip(y.chunks_exact_mut(plane)) {
            for (y, &x) in y.iter_mut().zip(x) {
                let value = line.at(x);
                *y = if value <= floor { T::zero() } else { value };
            }
        }
    }
}
