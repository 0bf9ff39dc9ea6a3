//! Schedules that PyTorch does not have, and printed values: the CLR paper's own policies, Caffe's `inv`, sweeps.

use lrscope_schedule::{
    Cyclic, CyclicMode, Interval, InverseDecay, Length, OneCycle, PaperDecay, Plan, ScheduleSpec, Sequential, Stage,
    Sweep, SweepKind,
};

mod support;
use support::{assert_close, lr, momentum, plan};

fn made(spec: impl Into<ScheduleSpec>) -> Plan {
    plan(&spec.into()).expect("a plan")
}

/// base 0.001, max 0.006, rise 2,000, gamma 0.99994: rates and momentums computed from the formulas in 64-bit floats.
#[test]
fn the_papers_range_in_every_mode() {
    let mode = |mode| made(Cyclic { mode, gamma: 0.99994, ..Cyclic::new(0.001, 0.006) });
    let triangular = mode(CyclicMode::Triangular);
    let triangular2 = mode(CyclicMode::Triangular2);
    let exp_range = mode(CyclicMode::ExpRange);
    let paper = mode(CyclicMode::ExpRangePaper);
    let table = [
        (0, 0.001, 0.001, 0.001, 0.001),
        (1, 0.001_002_500_000_000_000_8, 0.001_002_5, 0.001_002_499_850_000_001, 0.001_002_439_850_000_000_9),
        (1000, 0.0035, 0.0035, 0.003_354_407_095_854_63, 0.003_296_169_934_196_482),
        (2000, 0.006, 0.006, 0.005_434_586_218_408_506_5, 0.005_321_503_462_090_207),
        (3000, 0.0035, 0.0035, 0.003_088_164_251_960_027_5, 0.002_923_429_952_744_038_6),
        (3999, 0.001_002_499_999_999_998_6, 0.001_002_5, 0.001_001_966_673_493_258_3, 0.000_788_636_070_797_042_7),
        (4000, 0.001, 0.001, 0.001, 0.000_786_622_197_139_946_2),
        (4001, 0.001_002_5, 0.001_001_25, 0.001_001_966_437_499_522_7, 0.000_788_541_437_307_640_6),
        (6000, 0.006, 0.0035, 0.004_488_343_954_531_024, 0.004_186_012_745_437_229_5),
        (10_000, 0.006, 0.002_25, 0.003_744_008_785_893_043_4, 0.003_292_810_543_071_652),
        (14_000, 0.006, 0.001_625, 0.003_158_498_220_130_502, 0.002_590_197_864_156_602_4),
        (42_000, 0.006, 0.001_004_882_812_5, 0.001_402_267_619_950_270_8, 0.000_482_721_143_940_325_1),
    ];
    for (step, tri, tri2, exp, both) in table {
        assert_close(lr(&triangular, step), tri, 0.001);
        assert_close(lr(&triangular2, step), tri2, 0.001);
        assert_close(lr(&exp_range, step), exp, 0.001);
        assert_close(lr(&paper, step), both, 0.001);
    }
    let momentums = [
        (0, 0.9, 0.9, 0.9),
        (1, 0.89995, 0.89995, 0.899_950_003),
        (2000, 0.8, 0.8, 0.811_308_275_631_83),
        (4001, 0.89995, 0.899_975, 0.899_960_671_250_009_6),
        (6000, 0.8, 0.85, 0.830_233_120_909_379_5),
        (42_000, 0.8, 0.899_902_343_75, 0.891_954_647_600_994_6),
    ];
    for (step, tri, tri2, exp) in momentums {
        assert_close(momentum(&triangular, step), tri, 0.9);
        assert_close(momentum(&triangular2, step), tri2, 0.9);
        assert_close(momentum(&exp_range, step), exp, 0.9);
        assert_close(momentum(&paper, step), exp, 0.9);
    }
}

#[test]
fn short_cycles_from_one_to_five() {
    let with = |mode, gamma| made(Cyclic { step_size_up: Length::from(4), mode, gamma, ..Cyclic::new(1.0, 5.0) });
    let rates = |plan: &Plan| (0..=12).map(|step| lr(plan, step)).collect::<Vec<_>>();
    let close = |got: &[f64], expected: &[f64]| {
        assert_eq!(got.len(), expected.len());
        got.iter().zip(expected).for_each(|(got, expected)| assert_close(*got, *expected, 1.0));
    };
    let triangular = [1.0, 2.0, 3.0, 4.0, 5.0, 4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    close(&rates(&with(CyclicMode::Triangular, 1.0)), &triangular);
    let halved = [1.0, 2.0, 3.0, 4.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.5, 2.0, 2.5, 3.0];
    close(&rates(&with(CyclicMode::Triangular2, 1.0)), &halved);
    let decayed = [
        1.0,
        1.9,
        2.62,
        3.187,
        3.6244,
        2.771_47,
        2.062_882,
        1.478_296_9,
        1.0,
        1.387_420_489,
        1.697_356_880_2,
        1.941_431_788_27,
        2.129_718_145_924,
    ];
    close(&rates(&with(CyclicMode::ExpRange, 0.9)), &decayed);
    let both: Vec<f64> = triangular.iter().zip(0..).map(|(lr, step)| lr * 0.9_f64.powi(step)).collect();
    close(&rates(&with(CyclicMode::ExpRangePaper, 0.9)), &both);
}

#[test]
fn uneven_cycle_and_its_momentum() {
    let plan =
        made(Cyclic { step_size_up: Length::from(2), step_size_down: Some(Length::from(6)), ..Cyclic::new(0.1, 1.0) });
    let rates = [0.1, 0.55, 1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1, 0.55];
    let momentums = [0.9, 0.85, 0.8, 2.45 / 3.0, 2.5 / 3.0, 0.85, 2.6 / 3.0, 2.65 / 3.0, 0.9, 0.85];
    for (step, (rate, expected)) in rates.into_iter().zip(momentums).enumerate() {
        assert_close(lr(&plan, step as u64), rate, 0.1);
        assert_close(momentum(&plan, step as u64), expected, 0.9);
    }
}

#[test]
fn a_scale_function_of_the_cycle_sets_each_peak() {
    let plan = made(Cyclic {
        step_size_up: Length::from(4),
        scale_fn: Some("0.5 * (1 + sin(x * pi / 2))".into()),
        ..Cyclic::new(0.001, 0.006)
    });
    for (step, peak) in [(4, 0.006), (12, 0.0035), (20, 0.001), (28, 0.0035)] {
        assert_close(lr(&plan, step), peak, 0.001);
    }
}

#[test]
fn one_cycle_values() {
    let plan = made(OneCycle::new(0.1, 100));
    let table = [
        (0, 0.004, 0.95),
        (14, 0.049_401_332_387_899_96, 0.902_706_945_429_270_9),
        (29, 0.1, 0.85),
        (30, 0.099_949_653_528_452_43, 0.850_050_346_672_934_2),
        (50, 0.079_389_345_057_574_3, 0.870_610_737_385_376_3),
        (75, 0.026_306_861_650_082_565, 0.923_693_433_123_649_9),
        (99, 4e-7, 0.95),
    ];
    for (step, rate, expected) in table {
        assert_close(lr(&plan, step), rate, 0.1);
        assert_close(momentum(&plan, step), expected, 0.95);
    }
}

/// Table 2 of the paper: triangular2 in three stages of 16,000, 6,000 and 3,000 iterations.
#[test]
fn staged_triangular2() {
    let stage = |length: u64, base: f64, max: f64, size: u64| Stage {
        length: Some(Length::from(length)),
        schedule: Cyclic { step_size_up: Length::from(size), mode: CyclicMode::Triangular2, ..Cyclic::new(base, max) }
            .into(),
    };
    let stages =
        vec![stage(16_000, 0.001, 0.005, 2000), stage(6000, 0.0001, 0.0005, 1000), stage(3000, 0.00001, 0.00005, 500)];
    let plan = made(Sequential { stages, interval: None });
    let table = [
        (2000, 0.005),
        (4000, 0.001),
        (6000, 0.003),
        (14_000, 0.0015),
        (16_000, 1e-4),
        (17_000, 5e-4),
        (19_000, 3e-4),
        (22_000, 1e-5),
        (22_500, 5e-5),
        (24_999, 1.002e-5),
    ];
    for (step, rate) in table {
        assert_close(lr(&plan, step), rate, 0.001);
    }
}

/// Section 4.1.1 of the paper: from 0.007 to 0.001 over 4,000 iterations, then 0.001.
#[test]
fn the_papers_decay() {
    let length = Length::from(4000);
    let plan = made(PaperDecay { max_lr: 0.007.into(), base_lr: 0.001.into(), length, interval: None });
    for (step, rate) in [(0, 0.007), (1000, 0.0055), (2000, 0.004), (3999, 0.001_001_5), (4000, 0.001), (70_000, 0.001)]
    {
        assert_close(lr(&plan, step), rate, 0.007);
    }
}

/// Caffe's `lenet_solver.prototxt`: `base_lr` 0.01, gamma 0.0001, power 0.75.
#[test]
fn inverse_decay_of_caffes_lenet() {
    let plan = made(InverseDecay { lr: 0.01.into(), gamma: 0.0001, power: 0.75, interval: None });
    assert_close(lr(&plan, 0), 0.01, 0.01);
    // 2^-0.75 and 16^-0.75.
    assert_close(lr(&plan, 10_000), 0.005_946_035_575_013_605, 0.01);
    assert_close(lr(&plan, 150_000), 0.00125, 0.01);
}

#[test]
fn sweeps_use_both_ends() {
    let steps = Length::from(101);
    let sweep = |start: f64, end: f64, kind| made(Sweep { start_lr: start.into(), end_lr: end.into(), steps, kind });
    let exponential = sweep(1e-7, 10.0, SweepKind::Exponential);
    for (step, rate) in [(0, 1e-7), (25, 1e-5), (50, 1e-3), (100, 10.0), (101, 10.0), (5000, 10.0)] {
        assert_close(lr(&exponential, step), rate, 0.0);
    }
    // Both ends are exact.
    assert_eq!([lr(&exponential, 0), lr(&exponential, 100)].map(f64::to_bits), [1e-7, 10.0].map(f64::to_bits));
    let linear = sweep(0.0, 0.02, SweepKind::Linear);
    for (step, rate) in [(0, 0.0), (25, 0.005), (50, 0.01), (100, 0.02), (101, 0.02)] {
        assert_close(lr(&linear, step), rate, 0.0);
    }
}

/// Two epochs a rise, stepped once per epoch: the rate is that of the epoch's number, for all its 500 updates.
#[test]
fn stepping_per_epoch() {
    let plan = made(Cyclic { step_size_up: Length::from(2), interval: Some(Interval::Epoch), ..Cyclic::new(1.0, 3.0) });
    for (epoch, rate) in [1.0, 2.0, 3.0, 2.0, 1.0, 2.0].into_iter().enumerate() {
        let first = epoch as u64 * 500;
        for step in [first, first + 1, first + 499] {
            assert_close(lr(&plan, step), rate, 1.0);
        }
    }
}

/// Half an epoch up and half down is one cycle an epoch, even where an epoch has an odd number of updates.
#[test]
fn cycles_of_half_epochs_stay_in_step_with_epochs() {
    let half = Length::Epochs("0.5".parse().expect("a half"));
    let spec = ScheduleSpec::from(Cyclic { step_size_up: half, ..Cyclic::new(0.0, 1.0) });
    let plan = Plan::new(&spec, &support::groups(1, None), 469, &support::compile).expect("a plan");
    for epoch in [0, 1, 7, 100] {
        assert_close(lr(&plan, epoch * 469), 0.0, 1.0);
        assert_close(lr(&plan, epoch * 469 + 234), 234.0 / 234.5, 1.0);
    }
}
