use candle_core::{CpuStorage, Result, Storage, Tensor, WithDType};

use super::reading::Reading;

/// √Σ‖t‖² over the tensors.
pub(super) fn norm(tensors: &[Tensor], deferred: bool) -> Result<Reading> {
    root(&sum_of_squares(tensors, deferred)?, None)
}

/// Norm of the change from `before` to `after`, over the norm of `before`.
pub(super) fn change(before: &[Tensor], after: &[Tensor], deferred: bool) -> Result<Reading> {
    let moved = before.iter().zip(after).map(|(before, after)| after - before);
    let moved = moved.collect::<Result<Vec<_>>>()?;
    root(&sum_of_squares(&moved, deferred)?, Some(&sum_of_squares(before, deferred)?))
}

fn root(squares: &Reading, over: Option<&Reading>) -> Result<Reading> {
    Ok(match (squares, over) {
        (Reading::Host(squares), None) => Reading::Host(squares.sqrt()),
        (Reading::Device(squares), None) => Reading::Device(squares.sqrt()?),
        (Reading::Host(squares), Some(Reading::Host(over))) => Reading::Host((squares / over).sqrt()),
        (Reading::Device(squares), Some(Reading::Device(over))) => Reading::Device((squares / over)?.sqrt()?),
        _ => candle_core::bail!("the weights are on two devices"),
    })
}

/// Σ t²: on the host in f64, which does not overflow where the f32 values are finite; where reading is deferred in the tensors'
/// own type.
fn sum_of_squares(tensors: &[Tensor], deferred: bool) -> Result<Reading> {
    if deferred {
        let squares = tensors.iter().map(|tensor| Ok((1.0, tensor.detach().sqr()?.sum_all()?)));
        return Reading::weighted_sum(&squares.collect::<Result<Vec<_>>>()?, true);
    }
    tensors.iter().map(on_host).sum::<Result<f64>>().map(Reading::Host)
}

fn on_host(tensor: &Tensor) -> Result<f64> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let range = layout.start_offset()..layout.start_offset() + layout.shape().elem_count();
    match &*storage {
        Storage::Cpu(CpuStorage::F32(values)) => Ok(squares(&values[range])),
        Storage::Cpu(CpuStorage::F64(values)) => Ok(squares(&values[range])),
        _ => candle_core::bail!("only f32 and f64 weights on the host have a norm here"),
    }
}

/// Σ v² with eight running sums, which the compiler turns into vector code; the order is fixed.
fn squares<T: WithDType>(values: &[T]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value.to_f64().powi(2);
        }
    }
    let rest: f64 = rest.iter().map(|value| value.to_f64().powi(2)).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    fn value(reading: Reading) -> f64 {
        Reading::values(&[reading]).expect("on the host")[0]
    }

    #[test]
    fn norms_are_euclidean_over_all_tensors() {
        let device = Device::Cpu;
        let one = Tensor::arange(0.0_f32, 20.0, &device).expect("20 values");
        let two = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &device).expect("2×2").t().expect("a matrix");
        let doubled = [(&one * 2.0).expect("finite"), (&two * 2.0).expect("finite")];
        for deferred in [false, true] {
            // Σ k² for k < 20 is 2470, and 1 + 4 + 9 + 16 = 30.
            let tensors = [one.clone(), two.clone()];
            let found = value(norm(&tensors, deferred).expect("host tensors"));
            assert!((found - 2500_f64.sqrt()).abs() < 1e-5, "{found}");
            let ratio = value(change(&tensors, &doubled, deferred).expect("same shapes"));
            assert!((ratio - 1.0).abs() < 1e-6, "{ratio}");
        }
    }

    #[test]
    fn large_f32_values_do_not_overflow() {
        let large = Tensor::full(1e30_f32, 4, &Device::Cpu).expect("finite");
        let found = value(norm(std::slice::from_ref(&large), false).expect("host"));
        assert!((found / 2e30 - 1.0).abs() < 1e-6, "{found}");
        let double = large.to_dtype(DType::F64).expect("wider");
        assert!((value(norm(&[double], false).expect("host")) / found - 1.0).abs() < 1e-12);
    }
}
