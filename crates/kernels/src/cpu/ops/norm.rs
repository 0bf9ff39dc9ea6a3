//! Batch normalisation.

use std::sync::{Arc, OnceLock};

use candle_core::{Result, Tensor};

use crate::BatchNormParams;
use crate::cpu::element::Element;
use crate::cpu::graph::{Operation, apply};
use crate::cpu::norm::{self, Moments, Settings, Sizes};
use crate::cpu::view::View;
use crate::isa::Path;

/// The result, and mean and biased variance of every channel: `given` ones or else the batch's own.
pub(crate) fn batch_norm2d(
    [x, weight, bias]: [&Tensor; 3],
    given: Option<Vec<(f64, f64)>>,
    params: BatchNormParams,
) -> Result<(Tensor, Vec<(f64, f64)>)> {
    let given = given.map(|given| given.into_iter().map(|(mean, var)| Moments { mean, var }).collect());
    let moments = Arc::new(OnceLock::new());
    let operation = BatchNorm { params, path: Path::current(), given, moments: Arc::clone(&moments) };
    let y = apply(operation, &[x, weight, bias])?;
    let moments = moments.get().into_iter().flatten();
    Ok((y, moments.map(|&Moments { mean, var }| (mean, var)).collect()))
}

struct BatchNorm {
    params: BatchNormParams,
    path: Path,
    given: Option<Vec<Moments>>,
    moments: Arc<OnceLock<Vec<Moments>>>,
}

impl BatchNorm {
    fn settings<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<Settings> {
        let (n, c, h, w) = inputs[0].dims4()?;
        let BatchNormParams { eps, relu } = self.params;
        Ok(Settings { path: self.path, sizes: Sizes { n, c, plane: h * w }, eps, relu })
    }
}

fn slices<'a, T: Element>(inputs: &'a [View<'_, T>]) -> [&'a [T]; 3] {
    [0, 1, 2].map(|index| &*inputs[index].data)
}

impl Operation for BatchNorm {
    const NAME: &'static str = "batch_norm2d";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let (y, moments) = norm::forward(self.settings(inputs)?, slices(inputs), self.given.as_deref());
        self.moments.get_or_init(|| moments);
        Ok((y, inputs[0].dims.clone()))
    }

    fn backward<T: Element>(
        &self,
        inputs: &[View<'_, T>],
        wanted: &[bool],
        _: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        let (settings, slices) = (self.settings(inputs)?, slices(inputs));
        let moments = self.moments.get_or_init(|| norm::forward(settings, slices, self.given.as_deref()).1);
        let grads = norm::backward(settings, slices, (moments, self.given.is_some()), grad);
        let all = [grads.x, grads.weight, grads.bias];
        Ok(all.into_iter().zip(wanted).map(|(grad, &wanted)| wanted.then_some(grad)).collect())
    }
}
