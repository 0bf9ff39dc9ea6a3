//! Zero-phase smoothing, and how much of it a curve needs.

/// Centred (zero-phase) smoothing: Hann-weighted mean over `window` points around each, the window shrinking at both ends
/// so that it stays centred. `window` 1 returns the input.
///
/// Around point i, with h = min((window − 1)/2, i, n − 1 − i): Σⱼ wⱼ v₍ᵢ₊ⱼ₎ / Σⱼ wⱼ, wⱼ = 1 + cos(πj/(h + 1)), j = −h…h. No weight
/// is 0. An even window counts as the next smaller odd one, 0 as 1. The first and the last value stay as they are. A
/// non-finite value spreads over half a window to both sides.
pub fn centred_smoothing(values: &[f64], window: usize) -> Vec<f64> {
    let half = window.saturating_sub(1) / 2;
    let last = values.len().saturating_sub(1);
    let mut weights = weights(0);
    let smooth = |at: usize| {
        let reach = half.min(at).min(last - at);
        if weights.len() != reach + 1 {
            weights = self::weights(reach);
        }
        weighted_mean(values, at, &weights)
    };
    (0..values.len()).map(smooth).collect()
}

/// Hann weights of the points 0…h steps away from the centre, the whole window adding up to 1.
fn weights(half: usize) -> Vec<f64> {
    let angle = std::f64::consts::PI / (half + 1) as f64;
    let total = (half + 1) as f64;
    // Σⱼ (1 + cos(πj/(h + 1))) over −h…h is h + 1, twice over: 2(h + 1).
    (0..=half).map(|away| (1.0 + libm::cos(angle * away as f64)) / (2.0 * total)).collect()
}

fn weighted_mean(values: &[f64], centre: usize, weights: &[f64]) -> f64 {
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    let pairs = weights.iter().enumerate().skip(1);
    let sides = pairs.map(|(away, weight)| weight * (at(centre - away) + at(centre + away)));
    weights.first().map_or(f64::NAN, |weight| weight * at(centre)) + sides.sum::<f64>()
}

/// Σw² of the window's normalised weights: the share of independent noise's variance that smoothing leaves.
pub(super) fn noise_left(window: usize) -> f64 {
    let weights = weights(window.saturating_sub(1) / 2);
    let squares = weights.iter().map(|weight| weight * weight);
    2.0 * squares.sum::<f64>() - weights.first().map_or(0.0, |weight| weight * weight)
}
