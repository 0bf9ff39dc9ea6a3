//! The way of a GPU, taken on the CPU: data kept on the device, losses read back once a block. It must change no bit.

use std::sync::Arc;

use candle_core::Device;
use lrscope_data::{Locations, Name, load};
use lrscope_runner::learner::{Learner, Probes, Row, State, Subset};
use lrscope_runner::random::{Family, Seed};
use lrscope_runner::spec::{
    DataSpec, DeviceClass, EvaluationSpec, FloatType, GroupSpec, LossSpec, ModelSpec, NUMERICS_VERSION, Normalization,
    OptimizerSpec, RunSpec, Sgd,
};
use lrscope_schedule::{Point, Rates, ScheduleSpec};

use super::CandleLearner;

fn spec(dtype: FloatType) -> RunSpec {
    RunSpec {
        numerics: NUMERICS_VERSION,
        seed: Seed { family: Family::Training, number: 0 },
        data: DataSpec {
            name: "digits".into(),
            sha256: Name::Digits.facts().data_hash.into(),
            validation: 100,
            train_limit: Some(150),
            normalization: Normalization::Standard,
            batch_size: 16,
            accumulation_steps: 2,
            drop_last: false,
        },
        model: ModelSpec::Mlp { hidden: vec![16], dropout: 0.0 },
        optimizer: OptimizerSpec::Sgd(Sgd::default()),
        loss: LossSpec::default(),
        groups: vec![GroupSpec::all()],
        schedule: ScheduleSpec::constant(0.1),
        steps: 100,
        steps_per_epoch: 5,
        evaluation: EvaluationSpec { every: None, during: Subset::Validation, after: vec![] },
        stop: None,
        probes: Probes::default(),
        dtype,
        device: DeviceClass::Cpu,
        isa: lrscope_kernels::current_isa().to_string(),
    }
}

/// Rows, state and evaluations of a run of 12 updates in one block.
fn run(dtype: FloatType, as_on_a_gpu: bool) -> (Vec<Row>, State, Vec<f64>) {
    let data = Arc::new(load(Name::Digits, &Locations::none(), &mut |_| ()).expect("embedded"));
    let mut learner = CandleLearner::new(&spec(dtype), data, &Device::Cpu).expect("a good specification");
    assert_eq!(learner.block_len(), 1);
    if as_on_a_gpu {
        learner.deferred = true;
        learner.feed.keep_all();
        assert!(learner.block_len() > 1);
    }
    let block = vec![Rates(vec![Point { lr: 0.05, momentum: None }]); 12];
    let probes = Probes { grad_norm: true, update_ratio: true };
    let rows = learner.advance(&block, probes).expect("an update");
    let subsets = [Subset::Train, Subset::Validation, Subset::Test];
    let losses = subsets.map(|subset| learner.evaluate(subset).expect("a subset").loss);
    (rows, learner.save().expect("a state"), losses.to_vec())
}

#[test]
fn keeping_data_and_losses_on_the_device_changes_no_weight() {
    for (dtype, precision) in [(FloatType::F32, 1e-6), (FloatType::F64, 1e-14)] {
        let (rows, state, losses) = run(dtype, false);
        let (deferred_rows, deferred_state, deferred_losses) = run(dtype, true);
        assert!(state == deferred_state);
        for (loss, deferred) in losses.iter().zip(&deferred_losses) {
            assert!((loss - deferred).abs() <= precision, "{loss} {deferred}");
        }
        // Sums over passes and parameters are in f64 on the host, in the run's own type on a device.
        let close = |one: f64, other: f64| (one - other).abs() <= 10.0 * precision * one.abs();
        for (row, deferred) in rows.iter().zip(&deferred_rows) {
            assert!(close(row.loss, deferred.loss), "{row:?} {deferred:?}");
            let pairs =
                row.grad_norm.zip(deferred.grad_norm).into_iter().chain(row.update_ratio.zip(deferred.update_ratio));
            let pairs: Vec<_> = pairs.collect();
            assert!(pairs.len() == 2 && pairs.iter().all(|&(one, other)| close(one, other)), "{row:?} {deferred:?}");
        }
    }
}
