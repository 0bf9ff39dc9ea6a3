use candle_core::{DType, Result, Tensor};

/// A number that an update leaves behind. On the CPU it is read at once; elsewhere reading is deferred, so that the device need
/// not wait before the block is done.
#[derive(Debug)]
pub(super) enum Reading {
    /// Read.
    Host(f64),
    /// Still a scalar tensor.
    Device(Tensor),
}

impl Reading {
    /// Σ share · scalar; left on the device where reading is `deferred`.
    pub(super) fn weighted_sum(parts: &[(f64, Tensor)], deferred: bool) -> Result<Self> {
        if deferred {
            let scaled = parts.iter().map(|(share, scalar)| scalar.detach().affine(*share, 0.0));
            let sum = scaled.reduce(|sum, scalar| sum? + scalar?);
            return sum.unwrap_or_else(|| candle_core::bail!("nothing to sum")).map(Self::Device);
        }
        let scaled = parts.iter().map(|(share, scalar)| Ok(share * numbers(scalar)?.iter().sum::<f64>()));
        scaled.sum::<Result<f64>>().map(Self::Host)
    }

    /// The values of many readings, with one read from the device at most.
    pub(super) fn values(readings: &[Self]) -> Result<Vec<f64>> {
        let waiting: Vec<&Tensor> = readings.iter().filter_map(Self::tensor).collect();
        let read = if waiting.is_empty() { Vec::new() } else { numbers(&Tensor::stack(&waiting, 0)?)? };
        let mut read = read.into_iter();
        let value = |reading: &Self| match reading {
            Self::Host(value) => *value,
            Self::Device(_) => read.next().unwrap_or(f64::NAN),
        };
        Ok(readings.iter().map(value).collect())
    }

    fn tensor(&self) -> Option<&Tensor> {
        match self {
            Self::Host(_) => None,
            Self::Device(tensor) => Some(tensor),
        }
    }
}

/// All values of a tensor, on the host.
pub(super) fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    let flat = tensor.flatten_all()?;
    match tensor.dtype() {
        DType::F64 => flat.to_vec1(),
        _ => Ok(flat.to_vec1::<f32>()?.into_iter().map(f64::from).collect()),
    }
}
