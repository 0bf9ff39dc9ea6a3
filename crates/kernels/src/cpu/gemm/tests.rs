//! Products against a plain triple loop in f64.

use proptest::prelude::*;

use super::*;
use crate::Isa;

const PLANS: [Plan; 3] = [Plan::Rows, Plan::Panels, Plan::Swapped];

fn every_path(check: impl Fn(Path)) {
    for isa in Isa::available() {
        crate::with_isa(isa, || check(Path::current())).expect("it is available");
    }
}

/// Numbers between −1 and 1 that repeat only after long.
fn noise<T: Element>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1u32 << 23) - 1.0
    };
    (0..len).map(|_| T::from_f64(next())).collect()
}

/// How a matrix lies in memory.
#[derive(Debug, Clone, Copy)]
enum Lie {
    Rows,
    Columns,
    Gaps,
}

fn lies() -> impl Strategy<Value = Lie> {
    prop_oneof![Just(Lie::Rows), Just(Lie::Columns), Just(Lie::Gaps)]
}

fn lay<T>(data: &[T], rows: usize, cols: usize, lie: Lie) -> Matrix<'_, T> {
    let (row_stride, col_stride) = match lie {
        Lie::Rows => (cols, 1),
        Lie::Columns => (1, rows),
        Lie::Gaps => (2 * cols + 1, 2),
    };
    Matrix { data, rows, cols, row_stride, col_stride }
}

fn naive<T: Element>(a: Matrix<'_, T>, b: Matrix<'_, T>, bias: Option<&[T]>) -> Vec<f64> {
    let at = |m: Matrix<'_, T>, i: usize, j: usize| m.data[i * m.row_stride + j * m.col_stride].to_f64();
    let number =
        |i, j| (0..a.cols).map(|p| at(a, i, p) * at(b, p, j)).sum::<f64>() + bias.map_or(0.0, |bias| bias[j].to_f64());
    (0..a.rows).flat_map(|i| (0..b.cols).map(move |j| (i, j))).map(|(i, j)| number(i, j)).collect()
}

fn check<T: Element>(
    (m, n, k): (usize, usize, usize),
    (lie_a, lie_b): (Lie, Lie),
    with_bias: bool,
    seed: u64,
    eps: f64,
) {
    let room = |rows: usize, cols: usize| rows * (2 * cols + 1) + 1;
    let (a, b, bias) = (noise::<T>(room(m, k), seed), noise::<T>(room(k, n), seed + 1), noise::<T>(n, seed + 2));
    let (a, b) = (lay(&a, m, k, lie_a), lay(&b, k, n, lie_b));
    let bias = with_bias.then_some(&bias[..]);
    let expected = naive(a, b, bias);
    every_path(|path| {
        let products = PLANS.map(|plan| product_by(plan, T::kernel(path), a, b, bias).expect("small"));
        for (plan, product) in PLANS.iter().zip(&products) {
            assert!(product == &products[0], "{plan:?} on {path:?} gives other bits than Rows");
        }
        for (index, (&got, &wanted)) in products[0].iter().zip(&expected).enumerate() {
            let error = (got.to_f64() - wanted).abs();
            assert!(error <= eps * (k as f64 + 2.0), "{path:?}, number {index}: {} for {wanted}", got.to_f64());
        }
        assert_eq!(products[0].len(), expected.len());
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn products_are_right(
        m in 0..120usize, n in 0..70usize, k in 0..40usize,
        lies in (lies(), lies()), with_bias: bool, seed in 0..1_000_000u64,
    ) {
        check::<f64>((m, n, k), lies, with_bias, seed, f64::EPSILON);
        check::<f32>((m, n, k), lies, with_bias, seed, f64::from(f32::EPSILON));
    }

    #[test]
    fn deep_products_are_right(m in 1..10usize, n in 1..40usize, k in 250..800usize, lies in (lies(), lies()), seed in 0..1_000_000u64) {
        check::<f64>((m, n, k), lies, false, seed, f64::EPSILON);
        check::<f32>((m, n, k), lies, false, seed, f64::from(f32::EPSILON));
    }
}

#[test]
fn edges_are_right() {
    for m in [0, 1, 6, 7, 49] {
        for n in [0, 1, 16, 17] {
            for k in [0, 1, 256, 257] {
                check::<f32>((m, n, k), (Lie::Rows, Lie::Rows), true, 7, f64::from(f32::EPSILON));
                check::<f64>((m, n, k), (Lie::Columns, Lie::Gaps), true, 7, f64::EPSILON);
            }
        }
    }
}
