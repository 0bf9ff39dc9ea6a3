//! The built-in networks: parameters, initial values, answers and gradients.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

mod fixture;

use candle_core::{DType, Device, Tensor};
use fixture::{dropping, learner, mlp, pictures, spec, train};
use lrscope_data::DataSet;
use lrscope_runner::learner::{Learner, Subset};
use lrscope_runner::random::{Family, Seed};
use lrscope_runner::spec::{FloatType, ModelSpec};
use lrscope_trainer::model::{ModelError, Network, ParameterSet, Pass, Problem, build};
use std::sync::Arc;

const LENET: ModelSpec = ModelSpec::Lenet {};
const QUICK: ModelSpec = ModelSpec::CaffeQuick {};
const FULL: ModelSpec = ModelSpec::CaffeFull {};
const RESNET20: ModelSpec = ModelSpec::Resnet20 {};
const SMALL9: ModelSpec = ModelSpec::Resnet9 { width: 3 };
const RESNET9: ModelSpec = ModelSpec::Resnet9 { width: 32 };

fn made(model: &ModelSpec, problem: (usize, usize, usize), dtype: DType) -> (Box<dyn Network>, ParameterSet) {
    let seed = Seed { family: Family::Training, number: 0 };
    let mut set = ParameterSet::new(seed, dtype, &Device::Cpu);
    let (channels, height, width) = problem;
    let network = build(model, &mut set, Problem { channels, height, width, classes: 10 }).unwrap();
    (network, set)
}

/// `sum(p.numel() for p in model.parameters())` of PyTorch's twins of these networks.
#[test]
fn parameter_counts_are_pytorch_s() {
    for (model, problem, count) in [
        (LENET, (1, 28, 28), 1_111_946),
        (QUICK, (3, 32, 32), 145_578),
        (FULL, (3, 32, 32), 89_578),
        (RESNET20, (3, 32, 32), 269_722),
        (RESNET9, (3, 32, 32), 611_882),
        (ModelSpec::Resnet9 { width: 8 }, (1, 28, 28), 38_786),
        (mlp(&[64]), (1, 8, 8), 4_810),
        (mlp(&[]), (1, 28, 28), 7_850),
        (mlp(&[300, 100]), (1, 28, 28), 266_610),
    ] {
        assert_eq!(made(&model, problem, DType::F32).1.count(), count, "{model:?}");
    }
}

#[test]
fn parameters_have_pytorch_s_names_in_order() {
    let names = |model| {
        let (_, set) = made(model, (3, 32, 32), DType::F32);
        set.trained().iter().map(|parameter| parameter.name.clone()).collect::<Vec<_>>().join(" ")
    };
    let lenet = "conv1.weight conv1.bias conv2.weight conv2.bias fc1.weight fc1.bias fc2.weight fc2.bias";
    assert_eq!(names(&LENET), lenet);
    assert!(names(&QUICK).starts_with("conv1.weight conv1.bias conv2.weight conv2.bias conv3.weight"));
    assert_eq!(names(&mlp(&[8])), "fc1.weight fc1.bias fc2.weight fc2.bias");
}

/// U(−b, b) with b = 1/√(inputs of an output): mean 0 and variance b²/3.
#[test]
fn initial_values_are_uniform_as_in_pytorch() {
    let (_, set) = made(&LENET, (1, 28, 28), DType::F64);
    for parameter in set.trained() {
        let fan_in = if parameter.name.starts_with("conv1") {
            25.0
        } else if parameter.name.starts_with("conv2") {
            800.0
        } else {
            1024.0
        };
        let bound = 1.0 / f64::sqrt(fan_in);
        let values = parameter.var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let n = values.len() as f64;
        assert!(values.iter().all(|value| value.abs() <= bound), "{}", parameter.name);
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| value * value).sum::<f64>() / n;
        // Six standard errors of a uniform sample's mean and mean square.
        assert!(mean.abs() < 6.0 * bound / (3.0 * n).sqrt(), "{}: mean {mean}", parameter.name);
        let spread = 6.0 * bound * bound * (4.0 / 45.0 / n).sqrt();
        assert!((variance - bound * bound / 3.0).abs() < spread, "{}: variance {variance}", parameter.name);
    }
}

#[test]
fn both_types_start_from_the_same_weights() {
    let (_, wide) = made(&QUICK, (3, 8, 8), DType::F64);
    let (_, narrow) = made(&QUICK, (3, 8, 8), DType::F32);
    for (wide, narrow) in wide.trained().iter().zip(narrow.trained()) {
        let rounded = wide.var.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(rounded, narrow.var.flatten_all().unwrap().to_vec1::<f32>().unwrap(), "{}", wide.name);
    }
}

/// A picture's planes: (channels, side, values).
type Planes = (usize, usize, Vec<f64>);

/// The definition of convolution, with loops.
fn convolved((channels, side, x): &Planes, weight: &[f64], bias: &[f64], pad: usize) -> Planes {
    let out = side + 2 * pad - 4;
    let pixel = |c: usize, i: usize, j: usize| {
        // Places count from the padded border.
        let inside = (pad..pad + side).contains(&i) && (pad..pad + side).contains(&j);
        if inside { x[(c * side + i - pad) * side + j - pad] } else { 0.0 }
    };
    let mut y = Vec::new();
    for (o, bias) in bias.iter().enumerate() {
        for place in 0..out * out {
            let mut sum = *bias;
            for tap in 0..channels * 25 {
                let value = pixel(tap / 25, place / out + tap % 25 / 5, place % out + tap % 5);
                sum += weight[o * channels * 25 + tap] * value;
            }
            y.push(sum);
        }
    }
    (bias.len(), out, y)
}

fn pooled((channels, side, x): &Planes) -> Planes {
    let half = side / 2;
    let at = |c: usize, i: usize, j: usize| x[(c * side + i) * side + j];
    let largest = |place: usize| {
        let (c, i, j) = (place / (half * half), place / half % half * 2, place % half * 2);
        at(c, i, j).max(at(c, i, j + 1)).max(at(c, i + 1, j)).max(at(c, i + 1, j + 1))
    };
    (*channels, half, (0..channels * half * half).map(largest).collect())
}

fn rectified(x: &Planes) -> Planes {
    (x.0, x.1, x.2.iter().map(|value| value.max(0.0)).collect())
}

fn connected(x: &Planes, weight: &[f64], bias: &[f64]) -> Planes {
    let rows = weight.chunks_exact(x.2.len()).zip(bias);
    let y: Vec<f64> = rows.map(|(row, bias)| bias + row.iter().zip(&x.2).map(|(w, x)| w * x).sum::<f64>()).collect();
    (y.len(), 1, y)
}

/// What `F.max_pool2d`, `F.relu`, `nn.Conv2d` and `nn.Linear` do, in the order of PyTorch's definition of each network.
fn by_definition(model: &ModelSpec, x: &Planes, p: &[Vec<f64>]) -> Vec<f64> {
    let x = match model {
        ModelSpec::Lenet {} => {
            let x = pooled(&convolved(x, &p[0], &p[1], 0));
            let x = pooled(&convolved(&x, &p[2], &p[3], 0));
            connected(&rectified(&connected(&x, &p[4], &p[5])), &p[6], &p[7])
        }
        ModelSpec::CaffeQuick {} => {
            let x = rectified(&pooled(&convolved(x, &p[0], &p[1], 2)));
            let x = pooled(&rectified(&convolved(&x, &p[2], &p[3], 2)));
            let x = pooled(&rectified(&convolved(&x, &p[4], &p[5], 2)));
            connected(&connected(&x, &p[6], &p[7]), &p[8], &p[9])
        }
        _ => connected(&rectified(&connected(x, &p[0], &p[1])), &p[2], &p[3]),
    };
    x.2
}

#[test]
fn networks_answer_as_their_definitions_say() {
    for (model, channels, side) in [(mlp(&[7]), 1, 8), (LENET, 1, 16), (QUICK, 3, 9)] {
        let (network, set) = made(&model, (channels, side, side), DType::F64);
        let data = pictures(channels, side, 1, 0);
        let x: Vec<f64> = data.train.pixels.iter().map(|&pixel| f64::from(pixel) / 255.0).collect();
        let input = Tensor::new(x.as_slice(), &Device::Cpu).unwrap().reshape((1, channels, side, side)).unwrap();
        let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let weights: Vec<Vec<f64>> = set.trained().iter().map(|parameter| values(&parameter.var)).collect();
        let expected = by_definition(&model, &(channels, side, x), &weights);
        for pass in [Pass::evaluation(), Pass::training(Seed { family: Family::Training, number: 0 }, 0)] {
            for (found, expected) in values(&network.forward(&input, pass).unwrap()).iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-12, "{model:?}: {found} instead of {expected}");
            }
        }
    }
}

/// Central differences of the whole training loss, in f64, against what one update of plain SGD at rate 1 changed.
#[test]
fn gradients_of_the_loss_are_its_differences() {
    for (model, channels, side) in
        [(mlp(&[9, 7]), 1, 8), (LENET, 1, 16), (QUICK, 3, 8), (SMALL9, 3, 16), (RESNET20, 3, 8), (dropping(), 1, 8)]
    {
        let data = pictures(channels, side, 6, 1);
        let mut spec = spec(&data, model.clone());
        (spec.data.batch_size, spec.steps_per_epoch) = (6, 1);
        let loss = |change: Option<(usize, usize, f64)>| {
            let mut learner = learner(&spec, &data);
            if let Some((parameter, place, by)) = change {
                let var = &learner.parameters().trained()[parameter].var;
                let mut values = var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
                values[place] += by;
                var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
            }
            train(&mut learner, 0.0, 1)[0].loss
        };
        let (before, after) = around_an_update(&spec, &data);
        for (parameter, (before, after)) in before.iter().zip(&after).enumerate() {
            for place in [0, before.len() / 2, before.len() - 1] {
                let by = 1e-6;
                let difference =
                    (loss(Some((parameter, place, by))) - loss(Some((parameter, place, -by)))) / (2.0 * by);
                let gradient = before[place] - after[place];
                let error = (gradient - difference).abs();
                assert!(error < 1e-8, "{model:?} parameter {parameter} [{place}]: {gradient} against {difference}");
            }
        }
    }
}

/// All parameters before and after one update of plain SGD at rate 1.
fn around_an_update(spec: &lrscope_runner::spec::RunSpec, data: &Arc<DataSet>) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let mut learner = learner(spec, data);
    let values = |learner: &lrscope_trainer::CandleLearner| {
        let parameters = learner.parameters().trained().iter();
        parameters.map(|parameter| parameter.var.flatten_all().unwrap().to_vec1::<f64>().unwrap()).collect()
    };
    let before = values(&learner);
    train(&mut learner, 1.0, 1);
    (before, values(&learner))
}

/// A network that knows nothing gives every class about the same probability.
#[test]
fn an_untrained_network_guesses() {
    for (model, channels, side) in [(mlp(&[64]), 1, 8), (LENET, 1, 16), (QUICK, 3, 8), (FULL, 3, 8)] {
        for dtype in [FloatType::F32, FloatType::F64] {
            let data = pictures(channels, side, 10, 300);
            let mut spec = spec(&data, model.clone());
            spec.dtype = dtype;
            let evaluation = learner(&spec, &data).evaluate(Subset::Test).unwrap();
            assert_eq!(evaluation.examples, 300);
            assert!((evaluation.loss - 10_f64.ln()).abs() < 0.15, "{model:?}: {}", evaluation.loss);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_layer() {
    let refused = |model: &ModelSpec, side| {
        let mut set = ParameterSet::new(Seed { family: Family::Training, number: 0 }, DType::F32, &Device::Cpu);
        let problem = Problem { channels: 1, height: side, width: side, classes: 10 };
        build(model, &mut set, problem).err().map(|error: ModelError| error.to_string()).unwrap()
    };
    for (model, side, part) in [
        (LENET, 8, "conv2: a 5×5 kernel does not fit into its 2×2 input"),
        (LENET, 4, "conv1: a 5×5 kernel does not fit into its 4×4 input"),
        (QUICK, 4, "the pooling behind conv3"),
        (FULL, 4, "the pooling behind conv3"),
        (ModelSpec::Mlp { hidden: vec![3], dropout: 1.0 }, 8, "dropout with probability 1: it must be"),
        (RESNET9, 4, "the pooling behind block6"),
        (ModelSpec::Resnet9 { width: 0 }, 8, "block1.conv.weight: shape [0, 1, 3, 3]"),
        (ModelSpec::Resnet9 { width: u64::MAX }, 8, "block1.conv.weight"),
        (mlp(&[64, 0]), 8, "fc2.weight: shape [0, 64]"),
        (mlp(&[u64::MAX]), 8, "fc1.weight"),
        (mlp(&[1 << 20, 1 << 20]), 8, "fc2.weight: shape [1048576, 1048576]"),
        (mlp(&[1; 65]), 8, "65 hidden layers"),
        (ModelSpec::Own { name: "mine".into() }, 8, "\"mine\""),
    ] {
        let error = refused(&model, side);
        assert!(error.contains(part), "{error}");
    }
}
