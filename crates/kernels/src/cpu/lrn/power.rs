//! s^−β. Where β is a number of quarters, up to 1, square roots are enough: they are vector instructions, and exact everywhere.

use crate::cpu::element::Element;
use crate::cpu::simd::vectorised;
use crate::isa::Path;

#[derive(Debug, Clone, Copy)]
pub(super) enum Power {
    Quarters(u8),
    Other(f64),
}

impl Power {
    pub fn new(beta: f64) -> Self {
        let quarters = (1..=4_u8).find(|&quarters| (f64::from(quarters) / 4.0).to_bits() == beta.to_bits());
        quarters.map_or(Self::Other(beta), Self::Quarters)
    }

    /// out = s^−β
    pub fn negative<T: Element>(self, path: Path, s: &[T], out: &mut [T]) {
        match self {
            Self::Quarters(1) => quarter(path, s, out),
            Self::Quarters(2) => half(path, s, out),
            Self::Quarters(3) => three_quarters(path, s, out),
            Self::Quarters(_) => whole(path, s, out),
            Self::Other(beta) => {
                out.iter_mut().zip(s).for_each(|(out, s)| *out = T::narrow(libm::pow(s.wide(), -beta)));
            }
        }
    }
}

vectorised! {
    fn quarter<T>(s: &[T], out: &mut [T]) {
        for (out, &s) in out.iter_mut().zip(s) {
            *out = T::one() / s.sqrt().sqrt();
        }
    }
}

vectorised! {
    fn half<T>(s: &[T], out: &mut [T]) {
        for (out, &s) in out.iter_mut().zip(s) {
            *out = T::one() / s.sqrt();
        }
    }
}

vectorised! {
    fn three_quarters<T>(s: &[T], out: &mut [T]) {
        for (out, &s) in out.iter_mut().zip(s) {
            let root = s.sqrt();
            *out = T::one() / (root * root.sqrt());
        }
    }
}

vectorised! {
    fn whole<T>(s: &[T], out: &mut [T]) {
        for (out, &s) in out.iter_mut().zip(s) {
            *out = T::one() / s;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_powers_agree() {
        let s: Vec<f64> = (1..100).map(|i| f64::from(i) * 0.37).collect();
        for beta in [0.25, 0.5, 0.75, 1.0, 0.3, 1.25] {
            let mut out = vec![0.0; s.len()];
            Power::new(beta).negative(Path::current(), &s, &mut out);
            for (out, s) in out.iter().zip(&s) {
                assert!((out * s.powf(beta) - 1.0).abs() < 1e-15, "{s}^-{beta}: {out}");
            }
        }
    }
}
