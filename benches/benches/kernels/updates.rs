//! The optimizers' updates, in place.

use criterion::Criterion;
use lrscope_kernels::{AdamOptions, AdamState, SgdOptions, SgdState, adam_step, sgd_step};

use crate::cases::{tensor, variable};
use crate::measure::{Work, bench};

/// As many as lenet has.
const COUNT: usize = 1_111_946;

pub fn all(criterion: &mut Criterion) {
    for (name, momentum, nesterov, numbers) in
        [("SGD", 0.0, false, 3), ("SGD, momentum", 0.9, false, 5), ("SGD, Nesterov", 0.9, true, 5)]
    {
        let options = SgdOptions { lr: 1e-6, momentum, weight_decay: 5e-4, nesterov, ..SgdOptions::default() };
        bench(criterion, ("update", name), Work::Numbers(numbers * COUNT), || {
            let (w, grad, mut state) = (variable(&[COUNT])?, tensor(&[COUNT])?, SgdState::default());
            Ok(move || sgd_step(&w, &grad, &mut state, &options))
        });
    }
    for (name, decoupled, amsgrad, numbers) in
        [("Adam", false, false, 7), ("AdamW", true, false, 7), ("AdamW, amsgrad", true, true, 9)]
    {
        let options = AdamOptions { lr: 1e-6, weight_decay: 1e-2, decoupled, amsgrad, ..AdamOptions::default() };
        bench(criterion, ("update", name), Work::Numbers(numbers * COUNT), || {
            let (w, grad) = (variable(&[COUNT])?, tensor(&[COUNT])?);
            let mut state = AdamState::new(&w)?;
            Ok(move || adam_step(&w, &grad, &mut state, &options))
        });
    }
}
