use candle_core::{DType, Device, Result, Tensor};

use super::{Backend, backend, check_fit, check_rank, check_setting};
use crate::BatchNormParams;
use crate::norm::move_towards;
use crate::{KernelError, RunningStatistics, Statistics, cpu, twin};

/// Batch normalisation (arXiv 1502.03167), with relu behind it where `params` says so.
///
/// For every channel y = (x − mean) / √(variance + eps) · weight + bias; the variance is the biased one. `x` is \[n, c, h, w\],
/// `weight`, `bias` and the running statistics are \[c\]. Running statistics take the unbiased variance and are moved by the
/// call itself, as in PyTorch; no gradient runs through them.
///
/// # Errors
/// If the shapes do not fit, eps or momentum is out of range, or there is one number a channel only and its variance is asked
/// for.
pub fn batch_norm2d(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    statistics: Statistics<'_>,
    params: BatchNormParams,
) -> Result<Tensor> {
    check(x, weight, bias, statistics, params)?;
    let (y, batch) = match (backend(x), statistics) {
        (Backend::Cpu, Statistics::Batch { .. }) => on_cpu(x, weight, bias, params)?,
        (Backend::Cpu, Statistics::Running(RunningStatistics { mean, var })) => {
            let given = channels(mean)?.into_iter().zip(channels(var)?).collect();
            return Ok(cpu::batch_norm2d([x, weight, bias], Some(given), params)?.0);
        }
        (Backend::Composed, Statistics::Batch { .. }) => twin::batch_norm2d_train(x, weight, bias, params)?,
        (Backend::Composed, Statistics::Running(running)) => {
            return twin::batch_norm2d_eval(x, weight, bias, running, params);
        }
    };
    if let Statistics::Batch { running: Some(running), momentum } = statistics {
        move_towards(running.mean, &batch.mean, momentum)?;
        move_towards(running.var, &batch.unbiased, momentum)?;
    }
    Ok(y)
}

fn on_cpu(x: &Tensor, weight: &Tensor, bias: &Tensor, params: BatchNormParams) -> Result<(Tensor, twin::BatchMoments)> {
    let (y, moments) = cpu::batch_norm2d([x, weight, bias], None, params)?;
    let count = (x.elem_count() / x.dims()[1].max(1)) as f64;
    let (mean, unbiased): (Vec<f64>, Vec<f64>) =
        moments.into_iter().map(|(mean, var)| (mean, var * (count / (count - 1.0)))).unzip();
    let tensor = |numbers: Vec<f64>| Tensor::from_vec(numbers, x.dims()[1], &Device::Cpu);
    Ok((y, twin::BatchMoments { mean: tensor(mean)?, unbiased: tensor(unbiased)? }))
}

fn channels(statistic: &Tensor) -> Result<Vec<f64>> {
    statistic.to_dtype(DType::F64)?.to_vec1()
}

fn check(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    statistics: Statistics<'_>,
    BatchNormParams { eps, .. }: BatchNormParams,
) -> Result<()> {
    const OP: &str = "batch_norm2d";
    check_rank(OP, "x", "[n, c, h, w]", 4, x)?;
    let fits = |what, other: &Tensor| check_fit(OP, what, x, other, other.dims() == [x.dims()[1]]);
    fits("weight must have one entry a channel", weight)?;
    fits("bias must have one entry a channel", bias)?;
    let (running, momentum) = match statistics {
        Statistics::Batch { running, momentum } => (running, momentum),
        Statistics::Running(running) => (Some(running), 0.0),
    };
    if let Some(RunningStatistics { mean, var }) = running {
        fits("the running mean must have one entry a channel", mean)?;
        fits("the running variance must have one entry a channel", var)?;
    }
    check_setting(OP, "eps", "finite and at least 0", eps, eps.is_finite() && eps >= 0.0)?;
    check_setting(OP, "momentum", "from 0 to 1", momentum, (0.0..=1.0).contains(&momentum))?;
    let (count, channels) = (x.elem_count(), x.dims()[1]);
    if matches!(statistics, Statistics::Batch { .. }) && channels > 0 && count <= channels {
        Err(KernelError::OneNumber { op: OP, shape: x.dims().to_vec() })?;
    }
    Ok(())
}
