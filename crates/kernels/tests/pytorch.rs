//! Results and gradients that PyTorch gave, kinks and ties included (`vectors/make.py` wrote them).

mod support;

use candle_core::{Device, Result, Tensor};
use lrscope_kernels::{Conv2dParams, Isa, Pool2dParams, with_isa};
use serde_json::Value;
use support::{Op, WAYS, distance, run};

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
    let conv = || Conv2dParams { stride: number("stride"), padding: number("padding") };
    let pool = || Pool2dParams {
        kernel: number("kernel"),
        stride: number("stride"),
        padding: number("padding"),
        ceil_mode: case["params"]["ceil_mode"].as_bool().expect("a mode"),
    };
    match case["op"].as_str().expect("an operation") {
        "conv2d" => Op::Conv2d(conv()),
        "max_pool2d" => Op::MaxPool2d(pool()),
        "avg_pool2d" => Op::AvgPool2d(pool()),
        "relu" => Op::Relu,
        "linear" => Op::Linear,
        "matmul" => Op::Matmul,
        "cross_entropy" => Op::CrossEntropy(&[0, 3, 3, 1]),
        other => panic!("no operation {other}"),
    }
}

fn inputs_of(op: Op) -> &'static [&'static str] {
    match op {
        Op::Conv2d(_) | Op::Linear => &["x", "w", "bias"],
        Op::Matmul => &["a", "b"],
        Op::CrossEntropy(_) => &["logits"],
        _ => &["x"],
    }
}

#[test]
fn every_operation_agrees_on_every_path() -> Result<()> {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().expect("a list");
    assert!(cases.len() >= 33, "only {} cases", cases.len());
    for case in cases {
        let op = operation(case);
        let names: Vec<_> = inputs_of(op).iter().filter(|&&name| !case["inputs"][name].is_null()).collect();
        let inputs = names.iter().map(|&&name| tensor(&case["inputs"][name])).collect::<Result<Vec<_>>>()?;
        for (way, isa) in WAYS.into_iter().flat_map(|way| Isa::available().into_iter().map(move |isa| (way, isa))) {
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
