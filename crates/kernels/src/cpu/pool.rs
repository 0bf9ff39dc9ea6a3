//! Pooling, plane by plane.

mod sweep;

use super::element::Element;
use super::parallel::{build, build_pair};
use super::scratch::Scratch;
use super::simd::vectorised;
use crate::isa::Path;
use crate::params::Windows;

/// Planes in one part of the work: enough that a part is some thousands of pixels.
fn planes_together(windows: Windows) -> usize {
    4096usize.div_ceil(windows.h * windows.w)
}

/// Maxima, and the place of each within its window.
pub(crate) fn max_forward<T: Element>(path: Path, windows: Windows, x: &[T]) -> (Vec<T>, Vec<u16>) {
    let (input, output) = (windows.h * windows.w, windows.oh * windows.ow);
    let (planes, together) = (x.len() / input, planes_together(windows));
    build_pair(planes * output, together * output, x.len(), |index, maxima, places| {
        let planes = x[index * together * input..].chunks_exact(input);
        for ((x, maxima), places) in planes.zip(maxima.chunks_exact_mut(output)).zip(places.chunks_exact_mut(output)) {
            if is_halving(windows) {
                halve(path, windows, x, maxima, places);
            } else {
                sweep::max(path, windows, x, maxima, places);
            }
        }
    })
}

/// Gradient of the input: every window sends its own to its maximum.
pub(crate) fn max_backward<T: Element>(path: Path, windows: Windows, places: &[u16], grad: &[T]) -> Vec<T> {
    let (input, output) = (windows.h * windows.w, windows.oh * windows.ow);
    let (planes, together) = (grad.len() / output, planes_together(windows));
    build(planes * input, together * input, planes * input, |index, dx| {
        let start = index * together * output;
        let windowed = grad[start..].chunks_exact(output).zip(places[start..].chunks_exact(output));
        for (dx, (grad, places)) in dx.chunks_exact_mut(input).zip(windowed) {
            if is_halving(windows) {
                unhalve(path, windows, places, grad, dx);
            } else {
                max_plane_backward(windows, places, grad, dx);
            }
        }
    })
}

/// 2×2 windows side by side, which need neither borders nor sums.
fn is_halving(windows: Windows) -> bool {
    let Windows { h, w, kh, kw, oh, ow, stride, padding } = windows;
    (kh, kw, stride, padding) == (2, 2, 2, 0) && 2 * oh <= h && 2 * ow <= w
}

vectorised! {
    fn halve<T>(windows: Windows, x: &[T], maxima: &mut [T], places: &mut [u16]) {
        let Windows { w, ow, .. } = windows;
        let out = maxima.chunks_exact_mut(ow).zip(places.chunks_exact_mut(ow));
        for (pair, (maxima, places)) in x.chunks_exact(2 * w).zip(out) {
            let (upper, lower) = pair.split_at(w);
            let done = halve_row::<T, 8, 16>(&upper[..2 * ow], &lower[..2 * ow], maxima, places);
            let (upper, lower) = (&upper[2 * done..2 * ow], &lower[2 * done..2 * ow]);
            let (maxima, places) = (&mut maxima[done..], &mut places[done..]);
            let done = halve_row::<T, 4, 8>(upper, lower, maxima, places);
            halve_row::<T, 1, 2>(&upper[2 * done..], &lower[2 * done..], &mut maxima[done..], &mut places[done..]);
        }
    }
}

/// As many windows as fill blocks of `LANES`, which the compiler makes vectors of; `TWICE` is 2 · `LANES`.
#[inline(always)]
fn halve_row<T: Element, const LANES: usize, const TWICE: usize>(
    upper: &[T],
    lower: &[T],
    maxima: &mut [T],
    places: &mut [u16],
) -> usize {
    let (uppers, lowers) = (upper.as_chunks::<TWICE>().0, lower.as_chunks::<TWICE>().0);
    let (maxima, places) = (maxima.as_chunks_mut().0, places.as_chunks_mut().0);
    for ((upper, lower), (maxima, places)) in uppers.iter().zip(lowers).zip(maxima.iter_mut().zip(places)) {
        halve_block::<T, LANES, TWICE>(upper, lower, maxima, places);
    }
    uppers.len() * LANES
}

#[inline(always)]
fn halve_block<T: Element, const LANES: usize, const TWICE: usize>(
    upper: &[T; TWICE],
    lower: &[T; TWICE],
    maxima: &mut [T; LANES],
    places: &mut [u16; LANES],
) {
    let mut best = [T::zero(); LANES];
    let mut found = [0u32; LANES];
    for lane in 0..LANES {
        best[lane] = upper[2 * lane];
    }
    challenge::<T, 1, 1, LANES, TWICE>(upper, &mut best, &mut found);
    challenge::<T, 0, 2, LANES, TWICE>(lower, &mut best, &mut found);
    challenge::<T, 1, 3, LANES, TWICE>(lower, &mut best, &mut found);
    *maxima = best;
    *places = found.map(|place| place as u16);
}

/// The numbers of one place against the best so far.
#[inline(always)]
fn challenge<T: Element, const SHIFT: usize, const PLACE: u32, const LANES: usize, const TWICE: usize>(
    row: &[T; TWICE],
    best: &mut [T; LANES],
    found: &mut [u32; LANES],
) {
    for lane in 0..LANES {
        let number = row[2 * lane + SHIFT];
        let wins = beats(number, best[lane]);
        best[lane] = if wins { number } else { best[lane] };
        found[lane] = if wins { PLACE } else { found[lane] };
    }
}

vectorised! {
    fn unhalve<T>(windows: Windows, places: &[u16], grad: &[T], dx: &mut [T]) {
        let Windows { w, ow, .. } = windows;
        let windowed = places.chunks_exact(ow).zip(grad.chunks_exact(ow));
        for (pair, (places, grad)) in dx.chunks_exact_mut(2 * w).zip(windowed) {
            let (upper, lower) = pair.split_at_mut(w);
            let (upper, lower) = (&mut upper[..2 * ow], &mut lower[..2 * ow]);
            let done = unhalve_row::<T, 8, 16>(places, grad, upper, lower);
            let (upper, lower) = (&mut upper[2 * done..], &mut lower[2 * done..]);
            let (places, grad) = (&places[done..], &grad[done..]);
            let done = unhalve_row::<T, 4, 8>(places, grad, upper, lower);
            unhalve_row::<T, 1, 2>(&places[done..], &grad[done..], &mut upper[2 * done..], &mut lower[2 * done..]);
        }
    }
}

/// As [`halve_row`], back.
#[inline(always)]
fn unhalve_row<T: Element, const LANES: usize, const TWICE: usize>(
    places: &[u16],
    grad: &[T],
    upper: &mut [T],
    lower: &mut [T],
) -> usize {
    let (uppers, lowers) = (upper.as_chunks_mut::<TWICE>().0, lower.as_chunks_mut::<TWICE>().0);
    let (grads, places) = (grad.as_chunks().0, places.as_chunks().0);
    for ((upper, lower), (places, grad)) in uppers.iter_mut().zip(lowers).zip(places.iter().zip(grads)) {
        unhalve_block::<T, LANES, TWICE>(places, grad, upper, lower);
    }
    grads.len() * LANES
}

#[inline(always)]
fn unhalve_block<T: Element, const LANES: usize, const TWICE: usize>(
    places: &[u16; LANES],
    grad: &[T; LANES],
    upper: &mut [T; TWICE],
    lower: &mut [T; TWICE],
) {
    let places = places.map(u32::from);
    interleave(share::<T, 0, LANES>(&places, grad), share::<T, 1, LANES>(&places, grad), upper);
    interleave(share::<T, 2, LANES>(&places, grad), share::<T, 3, LANES>(&places, grad), lower);
}

/// What one place of every window gets of the gradients.
#[inline(always)]
fn share<T: Element, const PLACE: u32, const LANES: usize>(places: &[u32; LANES], grad: &[T; LANES]) -> [T; LANES] {
    let mut share = [T::zero(); LANES];
    for lane in 0..LANES {
        share[lane] = grad[lane].only_if(places[lane] == PLACE);
    }
    share
}

#[inline(always)]
fn interleave<T: Element, const LANES: usize, const TWICE: usize>(
    left: [T; LANES],
    right: [T; LANES],
    row: &mut [T; TWICE],
) {
    for lane in 0..LANES {
        row[2 * lane] = left[lane];
        row[2 * lane + 1] = right[lane];
    }
}

/// Whether a later number takes over: NaN always does, as in PyTorch.
#[inline(always)]
fn beats<T: Element>(number: T, best: T) -> bool {
    // No short cut: a branch would keep loops from being vectorised.
    (number > best) | number.is_nan()
}

fn max_plane_backward<T: Element>(windows: Windows, places: &[u16], grad: &[T], dx: &mut [T]) {
    for (index, (&place, &grad)) in places.iter().zip(grad).enumerate() {
        let (oy, ox) = (index / windows.ow, index % windows.ow);
        let (ky, kx) = (place as usize / windows.kw, place as usize % windows.kw);
        let y = oy * windows.stride + ky - windows.padding;
        let x = ox * windows.stride + kx - windows.padding;
        dx[y * windows.w + x] += grad;
    }
}

/// Means over windows.
pub(crate) fn avg_forward<T: Element>(windows: Windows, x: &[T]) -> Vec<T> {
    let (input, output) = (windows.h * windows.w, windows.oh * windows.ow);
    let (planes, together, path) = (x.len() / input, planes_together(windows), Path::current());
    let areas: Vec<T> = (0..output).map(|index| area(windows, index)).collect();
    build(planes * output, together * output, x.len(), |index, y| {
        let planes = x[index * together * input..].chunks_exact(input);
        for (x, y) in planes.zip(y.chunks_exact_mut(output)) {
            sweep::sum(path, windows, x, y);
            y.iter_mut().zip(&areas).for_each(|(sum, &area)| *sum /= area);
        }
    })
}

/// Gradient of the means' input.
pub(crate) fn avg_backward<T: Element>(windows: Windows, grad: &[T]) -> Vec<T> {
    let (input, output) = (windows.h * windows.w, windows.oh * windows.ow);
    let (planes, together) = (grad.len() / output, planes_together(windows));
    let areas: Vec<T> = (0..output).map(|index| area(windows, index)).collect();
    build(planes * input, together * input, planes * input, |index, dx| {
        let mut shares = Scratch::new(output);
        let grads = grad[index * together * output..].chunks_exact(output);
        for (grad, dx) in grads.zip(dx.chunks_exact_mut(input)) {
            for ((share, &grad), &area) in shares.iter_mut().zip(grad).zip(&areas) {
                *share = grad / area;
            }
            sweep::send(windows, &shares, dx);
        }
    })
}

fn area<T: Element>(windows: Windows, index: usize) -> T {
    T::from_f64(windows.area(index / windows.ow, index % windows.ow) as f64)
}
