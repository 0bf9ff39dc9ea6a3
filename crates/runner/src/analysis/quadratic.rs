//! The edge of a loss that shrank to 0 on its way.

use super::statistics::median;

/// Rows that must tell the curvature, four in five of which must agree on it.
const ROWS: usize = 3;
/// Relative spread of the curvatures up to which they agree.
const AGREEMENT: f64 = 1e-3;
/// Losses below this have lost digits, or will have where they are squares.
pub(super) const EXACT: f64 = 1e-280;

/// 2/λ of a curve that behaves as ½λx² under x ← (1 − lr·λ)x, read before the loss reached 0.
///
/// The loss then falls by the factor (1 − lr·λ)² at each row, so every row tells λ = (1 − √ratio)/lr as long as lr is below
/// 1/λ. Near that rate x shrinks so fast that a slow sweep takes ½λx² below the smallest number, where the curve itself
/// says nothing any more. Absent unless the rows agree, which those of a network never do.
pub(super) fn edge(lr: &[f64], loss: &[f64]) -> Option<f64> {
    let mut curvatures = Vec::new();
    for (lr, pair) in lr.iter().zip(loss.windows(2)) {
        let shrink = (pair[1] / pair[0]).sqrt();
        if pair[1] < EXACT {
            break;
        }
        // Closer to 1 the subtraction leaves no digits; once below 0.05 the rows may lie beyond 1/λ.
        match shrink {
            0.95.. => {}
            0.05..0.95 => curvatures.push((1.0 - shrink) / lr),
            _ => break,
        }
    }
    let middle = median(&curvatures)?;
    let agree = curvatures.iter().filter(|curvature| (*curvature - middle).abs() <= AGREEMENT * middle).count();
    let enough = curvatures.len() >= ROWS && 5 * agree >= 4 * curvatures.len();
    (enough && middle.is_finite()).then(|| 2.0 / middle)
}
