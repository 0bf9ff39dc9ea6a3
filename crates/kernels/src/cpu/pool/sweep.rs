//! Windows of any size and stride, a row of windows at a time: each kernel place meets all windows of the row at once.

use super::beats;
use crate::cpu::element::Element;
use crate::cpu::simd::vectorised;
use crate::params::Windows;

/// No place: the window has met no pixel yet.
const NOWHERE: u16 = u16::MAX;

/// Windows of a row that see a pixel under kernel column `kx`, the first one after the last, and the first such pixel.
fn seen(windows: Windows, kx: usize) -> Option<(usize, usize, usize)> {
    let Windows { w, ow, stride, padding, .. } = windows;
    let first = padding.saturating_sub(kx).div_ceil(stride);
    let end = (w + padding).checked_sub(kx + 1)? / stride + 1;
    (first < end.min(ow)).then(|| (first, end.min(ow), first * stride + kx - padding))
}

/// Calls `meet` with every number of `out` and the pixel that it meets, `S` apart.
#[inline(always)]
fn meet<T: Copy, U, const S: usize>(pixels: &[T], out: impl Iterator<Item = U>, mut meet: impl FnMut(U, T)) {
    // The last window's pixel may end the row, short of a whole chunk.
    let (chunks, rest) = pixels.as_chunks::<S>();
    let pixels = chunks.iter().map(|chunk| chunk[0]).chain(rest.first().copied());
    out.zip(pixels).for_each(|(out, pixel)| meet(out, pixel));
}

vectorised! {
    fn max_plane<T>(windows: Windows, x: &[T], maxima: &mut [T], places: &mut [u16]) {
        match windows.stride {
            1 => max_rows::<T, 1>(windows, x, maxima, places),
            2 => max_rows::<T, 2>(windows, x, maxima, places),
            3 => max_rows::<T, 3>(windows, x, maxima, places),
            _ => max_any(windows, x, maxima, places),
        }
    }
}

#[expect(clippy::needless_bitwise_bool, reason = "a branch would keep the loop from being vectorised")]
#[inline(always)]
fn max_rows<T: Element, const S: usize>(windows: Windows, x: &[T], maxima: &mut [T], places: &mut [u16]) {
    let Windows { h, w, kh, kw, ow, stride, padding, .. } = windows;
    for (oy, (maxima, places)) in maxima.chunks_exact_mut(ow).zip(places.chunks_exact_mut(ow)).enumerate() {
        places.fill(NOWHERE);
        for (ky, row) in (0..kh).filter_map(|ky| Some((ky, Windows::pixel(h, oy, ky, stride, padding)?))) {
            for (kx, (first, end, start)) in (0..kw).filter_map(|kx| Some((kx, seen(windows, kx)?))) {
                let out = maxima[first..end].iter_mut().zip(&mut places[first..end]);
                let own = (ky * kw + kx) as u16;
                meet::<T, _, S>(&x[row * w + start..(row + 1) * w], out, |(best, place), number| {
                    let wins = beats(number, *best) | (*place == NOWHERE);
                    *best = if wins { number } else { *best };
                    *place = if wins { own } else { *place };
                });
            }
        }
    }
}

fn max_any<T: Element>(windows: Windows, x: &[T], maxima: &mut [T], places: &mut [u16]) {
    let Windows { h, w, kh, kw, ow, stride, padding, .. } = windows;
    places.fill(NOWHERE);
    for (index, (best, place)) in maxima.iter_mut().zip(places).enumerate() {
        let (oy, ox) = (index / ow, index % ow);
        for (ky, kx) in (0..kh * kw).map(|k| (k / kw, k % kw)) {
            let pixel = |side, o, k| Windows::pixel(side, o, k, stride, padding);
            if let (Some(y), Some(column)) = (pixel(h, oy, ky), pixel(w, ox, kx)) {
                let number = x[y * w + column];
                if *place == NOWHERE || beats(number, *best) {
                    (*best, *place) = (number, (ky * kw + kx) as u16);
                }
            }
        }
    }
}

/// Largest number of every window, and its place.
pub(super) fn max<T: Element>(path: crate::isa::Path, windows: Windows, x: &[T], maxima: &mut [T], places: &mut [u16]) {
    max_plane(path, windows, x, maxima, places);
}

vectorised! {
    fn sum_plane<T>(windows: Windows, x: &[T], sums: &mut [T]) {
        match windows.stride {
            1 => sum_rows::<T, 1>(windows, x, sums),
            2 => sum_rows::<T, 2>(windows, x, sums),
            3 => sum_rows::<T, 3>(windows, x, sums),
            _ => each_pixel(windows, |index, pixel| sums[index] += x[pixel]),
        }
    }
}

#[inline(always)]
fn sum_rows<T: Element, const S: usize>(windows: Windows, x: &[T], sums: &mut [T]) {
    let Windows { h, w, kh, kw, ow, stride, padding, .. } = windows;
    for (oy, sums) in sums.chunks_exact_mut(ow).enumerate() {
        for row in (0..kh).filter_map(|ky| Windows::pixel(h, oy, ky, stride, padding)) {
            for (first, end, start) in (0..kw).filter_map(|kx| seen(windows, kx)) {
                let pixels = &x[row * w + start..(row + 1) * w];
                meet::<T, _, S>(pixels, sums[first..end].iter_mut(), |sum, pixel| *sum += pixel);
            }
        }
    }
}

/// Adds the pixels of every window to its sum, in row order.
pub(super) fn sum<T: Element>(path: crate::isa::Path, windows: Windows, x: &[T], sums: &mut [T]) {
    sum_plane(path, windows, x, sums);
}

/// Adds to every pixel the shares of its windows, in the windows' order.
pub(super) fn send<T: Element>(windows: Windows, shares: &[T], dx: &mut [T]) {
    let Windows { h, w, kh, kw, ow, stride, padding, .. } = windows;
    for (oy, shares) in shares.chunks_exact(ow).enumerate() {
        for row in (0..kh).filter_map(|ky| Windows::pixel(h, oy, ky, stride, padding)) {
            let dx = &mut dx[row * w..(row + 1) * w];
            // From the last kernel column on, so that a pixel meets its windows from left to right.
            for (first, end, start) in (0..kw).rev().filter_map(|kx| seen(windows, kx)) {
                let pixels = dx[start..].iter_mut().step_by(stride);
                pixels.zip(&shares[first..end]).for_each(|(pixel, &share)| *pixel += share);
            }
        }
    }
}

/// Calls `visit` with every window and each of its pixels, in row order.
fn each_pixel(windows: Windows, mut visit: impl FnMut(usize, usize)) {
    let Windows { h, w, kh, kw, oh, ow, stride, padding, .. } = windows;
    let pixel = |side, o, k| Windows::pixel(side, o, k, stride, padding);
    for index in 0..oh * ow {
        for (y, x) in (0..kh * kw).filter_map(|k| Some((pixel(h, index / ow, k / kw)?, pixel(w, index % ow, k % kw)?)))
        {
            visit(index, y * w + x);
        }
    }
}
