//! An operation at one shape, forward and back.

use std::hint::black_box;

use candle_core::{Device, Result, Tensor, Var};
use criterion::Criterion;
use lrscope_kernels::backward;

use crate::measure::{Work, bench};

type Apply = Box<dyn Fn(&[Tensor]) -> Result<Tensor>>;

/// An operation at one shape.
pub struct Case {
    /// The operation.
    pub operation: &'static str,
    /// Where the shape comes from, and the shape.
    pub name: String,
    /// Forward, and back.
    pub work: [Work; 2],
    /// Inputs by name.
    pub inputs: Vec<(&'static str, Vec<usize>)>,
    /// Which inputs' gradients are taken together; all one by one if empty.
    pub together: Vec<usize>,
    /// The operation on its inputs.
    pub apply: Apply,
}

impl Case {
    /// An operation on one input, which reads and writes so many numbers forward and back.
    pub fn moving(
        (operation, name): (&'static str, impl Into<String>),
        dims: &[usize],
        [forward, back]: [usize; 2],
        apply: impl Fn(&Tensor) -> Result<Tensor> + 'static,
    ) -> Self {
        Self {
            operation,
            name: format!("{}{}", name.into(), shape(dims)),
            work: [Work::Numbers(forward), Work::Numbers(back)],
            inputs: vec![("x", dims.to_vec())],
            together: Vec::new(),
            apply: Box::new(move |inputs| apply(&inputs[0])),
        }
    }

    /// Times the operation, and its way back to each input or to those that go together.
    pub fn bench(&self, criterion: &mut Criterion) {
        let [forward, back] = self.work;
        self.time(criterion, "forward", forward, || {
            let inputs = self.tensors(&[])?;
            Ok(move || black_box((self.apply)(&inputs)).map(drop))
        });
        let each = (0..self.inputs.len()).map(|index| vec![index]);
        let ways: Vec<_> = if self.together.is_empty() { each.collect() } else { vec![self.together.clone()] };
        for wanted in ways {
            let names: Vec<_> = wanted.iter().map(|&index| self.inputs[index].0).collect();
            self.time(criterion, &format!("gradient of {}", names.join(", ")), back, || {
                let output = (self.apply)(&self.tensors(&wanted)?)?;
                Ok(move || black_box(backward(&output)).map(drop))
            });
        }
    }

    fn time<W: FnMut() -> Result<()>>(
        &self,
        criterion: &mut Criterion,
        way: &str,
        work: Work,
        prepare: impl Fn() -> Result<W>,
    ) {
        bench(criterion, (self.operation, &format!("{}, {way}", self.name)), work, prepare);
    }

    /// The inputs; those that are `wanted` as variables.
    fn tensors(&self, wanted: &[usize]) -> Result<Vec<Tensor>> {
        let one = |(index, (_, dims)): (usize, &(&str, Vec<usize>))| {
            if wanted.contains(&index) { Ok(variable(dims)?.into_inner()) } else { tensor(dims) }
        };
        self.inputs.iter().enumerate().map(one).collect()
    }
}

/// Numbers between −0.5 and 0.5.
pub fn tensor(dims: &[usize]) -> Result<Tensor> {
    let count: usize = dims.iter().product();
    let data: Vec<f32> = (0..count).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
    Tensor::from_vec(data, dims, &Device::Cpu)
}

pub fn variable(dims: &[usize]) -> Result<Var> {
    Var::from_tensor(&tensor(dims)?)
}

/// `64×32×12×12`.
pub fn shape(dims: &[usize]) -> String {
    dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}
