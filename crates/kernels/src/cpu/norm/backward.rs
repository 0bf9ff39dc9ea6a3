//! Gradients of a batch normalisation. With g = the result's gradient (0 where relu cut off), x̂ = (x − mean) / √(variance + eps)
//! and m numbers a channel:
//!
//! dbias = Σ g, dweight = Σ g · x̂, dx = weight / √(variance + eps) · (g − Σg / m − x̂ · Σ(g · x̂) / m),
//!
//! without the last two terms where the moments are given ones. Whether relu cut off is computed again from x, which is read
//! anyway, rather than read from the result.

use std::ops::Range;

use super::forward::Settings;
use super::groups::build_groups;
use super::{LANES, Line, Moments, Sizes, Sums, floor};
use crate::cpu::element::Element;
use crate::cpu::simd::vectorised;

/// Gradients of input, weight and bias.
pub(crate) struct Gradients<T> {
    pub x: Vec<T>,
    pub weight: Vec<T>,
    pub bias: Vec<T>,
}

/// All three gradients; `fixed` where the moments are not the batch's own.
pub(crate) fn backward<T: Element>(
    settings: Settings,
    [x, weight, bias]: [&[T]; 3],
    (moments, fixed): (&[Moments], bool),
    grad: &[T],
) -> Gradients<T> {
    let Settings { path, sizes, eps, relu } = settings;
    let begin = |channels: Range<usize>, found: &mut [(T, T)]| {
        let line = |channel: usize| Line::new(moments[channel], eps, weight[channel], bias[channel]);
        let lines: Vec<Line<T>> = channels.clone().map(line).collect();
        let mut sums = vec![Sums::ZERO; channels.len()];
        collect(path, x, grad, sizes, channels.start, &lines, floor(relu), &mut sums);
        let parts = channels.zip(lines.iter().zip(&sums)).zip(found.iter_mut());
        let back = parts.map(|((channel, (&line, sums)), found)| {
            let (back, parameters) = solve(line, moments[channel], eps, weight[channel], sums, sizes.count());
            *found = parameters;
            if fixed { Back { by_x: T::zero(), constant: T::zero(), ..back } } else { back }
        });
        back.collect::<Vec<_>>()
    };
    let fill = |start: usize, back: &Vec<Back<T>>, dx: &mut [T]| {
        send(path, &x[start..], &grad[start..], back, floor(relu), dx);
    };
    let (x, parameters) = build_groups(sizes, begin, fill);
    let (weight, bias) = parameters.into_iter().unzip();
    Gradients { x, weight, bias }
}

/// A channel's dx = g · `by_grad` + (x − centre) · `by_x` + constant.
#[derive(Clone, Copy)]
struct Back<T> {
    line: Line<T>,
    by_grad: T,
    by_x: T,
    constant: T,
}

/// A channel's way back, and the gradients of its weight and bias.
fn solve<T: Element>(
    line: Line<T>,
    Moments { mean, var }: Moments,
    eps: f64,
    weight: T,
    sums: &Sums,
    count: usize,
) -> (Back<T>, (T, T)) {
    let (grads, products) = sums.totals();
    let rounding = line.centre.wide() - mean;
    let products = products + rounding * grads;
    let (precision, count) = (1.0 / (var + eps), count as f64);
    let by_grad = weight.wide() * precision.sqrt();
    let by_x = -by_grad * precision * products / count;
    let constant = by_x * rounding - by_grad * grads / count;
    let back = Back { line, by_grad: T::narrow(by_grad), by_x: T::narrow(by_x), constant: T::narrow(constant) };
    (back, (T::narrow(products * precision.sqrt()), T::narrow(grads)))
}

vectorised! {
    #[allow(clippy::too_many_arguments, reason = "slices and numbers of one loop")]
    fn collect<T>(
        x: &[T], grad: &[T], sizes: Sizes, first: usize, lines: &[Line<T>], floor: T, sums: &mut [Sums],
    ) {
        for picture in 0..sizes.n {
            let start = sizes.start(picture, first);
            let planes = x[start..].chunks_exact(sizes.plane).zip(grad[start..].chunks_exact(sizes.plane));
            for (((x, grad), &line), sums) in planes.zip(lines).zip(sums.iter_mut()) {
                let ((xs, rest_x), (grads, rest_grad)) = (x.as_chunks::<LANES>(), grad.as_chunks::<LANES>());
                let Sums { mut first, mut second } = *sums;
                for (x, grad) in xs.iter().zip(grads) {
                    for lane in 0..LANES {
                        let grad = if line.at(x[lane]) <= floor { T::zero() } else { grad[lane] };
                        first[lane] += grad.wide();
                        second[lane] += (grad * (x[lane] - line.centre)).wide();
                    }
                }
                for (lane, (&x, &grad)) in rest_x.iter().zip(rest_grad).enumerate() {
                    let grad = if line.at(x) <= floor { T::zero() } else { grad };
                    first[lane] += grad.wide();
                    second[lane] += (grad * (x - line.centre)).wide();
                }
                *sums = Sums { first, second };
            }
        }
    }
}

vectorised! {
    fn send<T>(x: &[T], grad: &[T], back: &[Back<T>], floor: T, dx: &mut [T]) {
        let plane = dx.len() / back.len();
        let planes = x.chunks_exact(plane).zip(grad.chunks_exact(plane));
        for ((back, (x, grad)), dx) in back.iter().zip(planes).zip(dx.chunks_exact_mut(plane)) {
            for ((dx, &x), &grad) in dx.iter_mut().zip(x).zip(grad) {
                let grad = if back.line.at(x) <= floor { T::zero() } else { grad };
                *dx = grad * back.by_grad + (x - back.line.centre) * back.by_x + back.constant;
            }
        }
    }
}
