//! Results and gradients that PyTorch gave, kinks and ties included (`vectors/make.py` wrote them).

mod support;

use candle_core::{Device, Result, Tensor, Var};
use lrscope_kernels::{
    BatchNormParams, Conv2dParams, LrnRegion, Pool2dParams, RunningStatistics, Statistics, batch_norm2d, with_isa,
};
use serde_json::Value;
use support::{Op, WAYS, distance, isas, lrn, run};

/// PyTorch's own sums run in another order.
const TOLERANCE: f64 = 1e-13;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/pytorch.json")).expect("the file is JSON")
}

fn tensor(value: &Value) -> Result<Tensor> {
    let list = |key: &str| value[key].as_array().expect("a list").clone();
    let shape: Vec<usize> = list("shape").iter().map(|side| side.as_u64().expect("a side") as usize).collect();
    let data: Vec<f64> = list("data").iter().map(|number| number.as_f64().expect("a number")).collect();
    Tensor::from_vec(data, shape, &Device::Cpu)
}

fn operation(case: &Value) -> Op {
    let number = |key: &str| case["params"][key].as_u64().expect("a parameter") as usize;
    let real = |key: &str| case["params"][key].as_f64().expect("a parameter");
    let flag = |key: &str| case["params"][key].as_bool().expect("a parameter");
    let conv = || Conv2dParams { stride: number("stride"), padding: number("padding") };
    let pool = || Pool2dParams {
        kernel: number("kernel"),
        stride: number("stride"),
        padding: number("padding"),
        ceil_mode: flag("ceil_mode"),
    };
    match case["op"].as_str().expect("an operation") {
        "conv2d" => Op::Conv2d(conv()),
        "max_pool2d" => Op::MaxPool2d(pool()),
        "avg_pool2d" => Op::AvgPool2d(pool()),
        "relu" => Op::Relu,
        "linear" => Op::Linear,
        "matmul" => Op::Matmul,
        "batch_norm2d" => Op::BatchNorm { relu: flag("relu"), fixed: flag("fixed") },
        "add" => Op::Add,
        "add_relu" => Op::AddRelu,
        "subsample2d" => Op::Subsample2d { stride: number("stride"), channels: number("channels") },
        "dropout" => Op::Dropout(real("p")),
        "local_response_norm" => {
            let region = if flag("across") { LrnRegion::AcrossChannels } else { LrnRegion::WithinChannel };
            Op::LocalResponseNorm(lrn(region, number("size"), real("alpha"), real("beta"), real("k")))
        }
        "smoothed_cross_entropy" => Op::SmoothedCrossEntropy(&[0, 3, 3, 1], real("smoothing")),
        "cross_entropy" => Op::CrossEntropy(&[0, 3, 3, 1]),
        other => panic!("no operation {other}"),
    }
}

fn inputs_of(op: Op) -> &'static [&'static str] {
    match op {
        Op::Conv2d(_) | Op::Linear => &["x", "w", "bias"],
        Op::BatchNorm { .. } => &["x", "weight", "bias"],
        Op::Matmul | Op::Add | Op::AddRelu => &["a", "b"],
        Op::CrossEntropy(_) | Op::SmoothedCrossEntropy(..) => &["logits"],
        _ => &["x"],
    }
}

#[test]
fn every_operation_agrees_on_every_path() -> Result<()> {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().expect("a list");
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    for case in cases {
        let op = operation(case);
        let names: Vec<_> = inputs_of(op).iter().filter(|&&name| !case["inputs"][name].is_null()).collect();
        let inputs = names.iter().map(|&&name| tensor(&case["inputs"][name])).collect::<Result<Vec<_>>>()?;
        for (way, isa) in WAYS.into_iter().flat_map(|way| isas().into_iter().map(move |isa| (way, isa))) {
            let (output, grads) =
                with_isa(isa, || run(op, way, &inputs, &tensor(&case["upstream"])?)).expect("available")?;
            let place = format!("{} ({}), {way:?} on {isa}", case["op"], case["name"]);
            let error = distance(&output, &tensor(&case["output"])?)?;
            assert!(error <= TOLERANCE, "{place}: output off by {error}");
            for (name, grad) in names.iter().zip(&grads) {
                let error = distance(grad, &tensor(&case["grads"][*name])?)?;
                assert!(error <= TOLERANCE, "{place}: gradient of {name} off by {error}");
            }
        }
    }
    Ok(())
}

/// Running mean and variance after every batch.
#[test]
fn running_statistics_move_as_pytorch_s_do() -> Result<()> {
    let vectors = vectors();
    let case = &vectors["running"];
    let (mean, var) = (Var::from_tensor(&tensor(&case["mean"])?)?, Var::from_tensor(&tensor(&case["var"])?)?);
    let (weight, bias) = (mean.ones_like()?, mean.zeros_like()?);
    let batches = case["batches"].as_array().expect("a list");
    assert!(batches.len() > 2);
    for batch in batches {
        let running = RunningStatistics { mean: &mean, var: &var };
        let statistics = Statistics::Batch { running: Some(running), momentum: 0.1 };
        batch_norm2d(&tensor(&batch["x"])?, &weight, &bias, statistics, BatchNormParams::default())?;
        assert!(distance(&mean, &tensor(&batch["mean"])?)? <= TOLERANCE);
        assert!(distance(&var, &tensor(&batch["var"])?)? <= TOLERANCE);
    }
    Ok(())
}
