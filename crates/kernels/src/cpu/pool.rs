//! Pooling, plane by plane.

use std::ops::Range;

use super::element::Element;
use super::parallel::{build, build_pair};
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
                max_plane(windows, x, maxima, places);
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
            let (uppers, rest_upper) = upper[..2 * ow].as_chunks::<{ 2 * LANES }>();
            let (lowers, rest_lower) = lower[..2 * ow].as_chunks::<{ 2 * LANES }>();
            let ((maxima, rest_maxima), (places, rest_places)) = (maxima.as_chunks_mut(), places.as_chunks_mut());
            for ((upper, lower), (maxima, places)) in uppers.iter().zip(lowers).zip(maxima.iter_mut().zip(places)) {
                halve_block(upper, lower, maxima, places);
            }
            // The rest of a row in the same way, out of a block with room to spare.
            if !rest_maxima.is_empty() {
                let (mut upper, mut lower) = ([T::zero(); 2 * LANES], [T::zero(); 2 * LANES]);
                let (mut maxima, mut places) = ([T::zero(); LANES], [0; LANES]);
                upper[..rest_upper.len()].copy_from_slice(rest_upper);
                lower[..rest_lower.len()].copy_from_slice(rest_lower);
                halve_block(&upper, &lower, &mut maxima, &mut places);
                rest_maxima.copy_from_slice(&maxima[..rest_maxima.len()]);
                rest_places.copy_from_slice(&places[..rest_places.len()]);
            }
        }
    }
}

/// Windows of a row that are worked on side by side, so that the compiler can use whole vectors.
const LANES: usize = 8;

#[inline(always)]
fn halve_block<T: Element>(
    upper: &[T; 2 * LANES],
    lower: &[T; 2 * LANES],
    maxima: &mut [T; LANES],
    places: &mut [u16; LANES],
) {
    let mut best = [T::zero(); LANES];
    let mut found = [0u32; LANES];
    for lane in 0..LANES {
        best[lane] = upper[2 * lane];
    }
    challenge::<T, 1, 1>(upper, &mut best, &mut found);
    challenge::<T, 0, 2>(lower, &mut best, &mut found);
    challenge::<T, 1, 3>(lower, &mut best, &mut found);
    *maxima = best;
    *places = found.map(|place| place as u16);
}

/// The numbers of one place against the best so far.
#[inline(always)]
fn challenge<T: Element, const SHIFT: usize, const PLACE: u32>(
    row: &[T; 2 * LANES],
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
            let (uppers, rest_upper) = upper[..2 * ow].as_chunks_mut::<{ 2 * LANES }>();
            let (lowers, rest_lower) = lower[..2 * ow].as_chunks_mut::<{ 2 * LANES }>();
            let ((places, rest_places), (grads, rest_grads)) = (places.as_chunks(), grad.as_chunks());
            for ((upper, lower), (places, grad)) in uppers.iter_mut().zip(lowers).zip(places.iter().zip(grads)) {
                unhalve_block(places, grad, upper, lower);
            }
            if !rest_grads.is_empty() {
                let (mut upper, mut lower) = ([T::zero(); 2 * LANES], [T::zero(); 2 * LANES]);
                let (mut grad, mut places) = ([T::zero(); LANES], [0; LANES]);
                grad[..rest_grads.len()].copy_from_slice(rest_grads);
                places[..rest_places.len()].copy_from_slice(rest_places);
                unhalve_block(&places, &grad, &mut upper, &mut lower);
                rest_upper.copy_from_slice(&upper[..rest_upper.len()]);
                rest_lower.copy_from_slice(&lower[..rest_lower.len()]);
            }
        }
    }
}

#[inline(always)]
fn unhalve_block<T: Element>(
    places: &[u16; LANES],
    grad: &[T; LANES],
    upper: &mut [T; 2 * LANES],
    lower: &mut [T; 2 * LANES],
) {
    let places = places.map(u32::from);
    interleave(share::<T, 0>(&places, grad), share::<T, 1>(&places, grad), upper);
    interleave(share::<T, 2>(&places, grad), share::<T, 3>(&places, grad), lower);
}

/// What one place of every window gets of the gradients.
#[inline(always)]
fn share<T: Element, const PLACE: u32>(places: &[u32; LANES], grad: &[T; LANES]) -> [T; LANES] {
    let mut share = [T::zero(); LANES];
    for lane in 0..LANES {
        share[lane] = grad[lane].only_if(places[lane] == PLACE);
    }
    share
}

#[inline(always)]
fn interleave<T: Element>(left: [T; LANES], right: [T; LANES], row: &mut [T; 2 * LANES]) {
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

/// The windows of a plane: index, rows and columns of pixels, kernel row and column of the first pixel.
fn each_window(windows: Windows, mut visit: impl FnMut(usize, Range<usize>, Range<usize>, (usize, usize))) {
    let span = |side: usize, o: usize, k: usize| {
        let start = o * windows.stride;
        start.saturating_sub(windows.padding)..(start + k).saturating_sub(windows.padding).min(side)
    };
    let hidden = |o: usize| windows.padding.saturating_sub(o * windows.stride);
    for oy in 0..windows.oh {
        let rows = span(windows.h, oy, windows.kh);
        for ox in 0..windows.ow {
            visit(oy * windows.ow + ox, rows.clone(), span(windows.w, ox, windows.kw), (hidden(oy), hidden(ox)));
        }
    }
}

fn max_plane<T: Element>(windows: Windows, x: &[T], maxima: &mut [T], places: &mut [u16]) {
    each_window(windows, |index, rows, columns, (top, left)| {
        let mut best = (x[rows.start * windows.w + columns.start], (top * windows.kw + left) as u16);
        for (ky, row) in (top..).zip(rows) {
            let pixels = &x[row * windows.w..][columns.clone()];
            for (kx, &number) in (left..).zip(pixels) {
                if beats(number, best.0) {
                    best = (number, (ky * windows.kw + kx) as u16);
                }
            }
        }
        (maxima[index], places[index]) = best;
    });
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
    let (planes, together) = (x.len() / input, planes_together(windows));
    build(planes * output, together * output, x.len(), |index, y| {
        let planes = x[index * together * input..].chunks_exact(input);
        for (x, y) in planes.zip(y.chunks_exact_mut(output)) {
            each_window(windows, |index, rows, columns, _| {
                let pixels = rows.flat_map(|row| &x[row * windows.w..][columns.clone()]);
                y[index] = pixels.fold(T::zero(), |sum, &pixel| sum + pixel) / area(windows, index);
            });
        }
    })
}

/// Gradient of the means' input.
pub(crate) fn avg_backward<T: Element>(windows: Windows, grad: &[T]) -> Vec<T> {
    let (input, output) = (windows.h * windows.w, windows.oh * windows.ow);
    let (planes, together) = (grad.len() / output, planes_together(windows));
    build(planes * input, together * input, planes * input, |index, dx| {
        let grads = grad[index * together * output..].chunks_exact(output);
        for (grad, dx) in grads.zip(dx.chunks_exact_mut(input)) {
            each_window(windows, |index, rows, columns, _| {
                let share = grad[index] / area(windows, index);
                for row in rows {
                    dx[row * windows.w..][columns.clone()].iter_mut().for_each(|pixel| *pixel += share);
                }
            });
        }
    })
}

fn area<T: Element>(windows: Windows, index: usize) -> T {
    T::from_f64(windows.area(index / windows.ow, index % windows.ow) as f64)
}
