//! Convolutions and pools.

use lrscope_kernels::{Conv2dParams, Pool2dParams, avg_pool2d, conv2d, max_pool2d};

use crate::cases::{Case, shape};
use crate::measure::Work;

/// Name, pictures, result's channels, kernel's side, stride, padding.
type Convolution = (&'static str, [usize; 4], usize, usize, usize, usize);

const CONVOLUTIONS: [Convolution; 13] = [
    ("lenet 1", [64, 1, 28, 28], 32, 5, 1, 0),
    ("lenet 2", [64, 32, 12, 12], 64, 5, 1, 0),
    ("caffe_quick 1", [100, 3, 32, 32], 32, 5, 1, 2),
    ("caffe_quick 2", [100, 32, 16, 16], 32, 5, 1, 2),
    ("caffe_quick 3", [100, 32, 8, 8], 64, 5, 1, 2),
    ("resnet9 1", [128, 3, 32, 32], 32, 3, 1, 1),
    ("resnet9 2", [128, 32, 32, 32], 64, 3, 1, 1),
    ("resnet9 3 and 4", [128, 64, 16, 16], 64, 3, 1, 1),
    ("resnet9 5", [128, 64, 16, 16], 128, 3, 1, 1),
    ("resnet9 6", [128, 128, 8, 8], 128, 3, 1, 1),
    ("resnet9 7 and 8", [128, 128, 4, 4], 128, 3, 1, 1),
    ("resnet20 8", [128, 16, 32, 32], 32, 3, 2, 1),
    ("resnet20 14", [128, 32, 16, 16], 64, 3, 2, 1),
];

pub fn convolutions() -> Vec<Case> {
    CONVOLUTIONS.into_iter().map(convolution).collect()
}

fn convolution((name, x, channels, side, stride, padding): Convolution) -> Case {
    let w = [channels, x[1], side, side];
    let pixels = ((x[2] + 2 * padding - side) / stride + 1).pow(2);
    let params = Conv2dParams { stride, padding };
    Case {
        operation: "conv2d",
        name: format!("{name}: {} to {channels}, {side}×{side}, stride {stride}", shape(&x)),
        work: [Work::Multiplications(x[0] * pixels * w.iter().product::<usize>()); 2],
        inputs: vec![("x", x.to_vec()), ("w", w.to_vec())],
        together: Vec::new(),
        apply: Box::new(move |inputs| conv2d(&inputs[0], &inputs[1], None, params)),
    }
}

pub fn pools() -> Vec<Case> {
    let overlapping = Pool2dParams { kernel: 3, stride: 2, padding: 0, ceil_mode: true };
    let pools = [
        ("lenet, 2×2: ", [64, 32, 24, 24], Pool2dParams::tiles(2)),
        ("caffe_quick, 2×2: ", [100, 32, 32, 32], Pool2dParams::tiles(2)),
        ("caffe_full, 3×3, stride 2, ceil: ", [100, 32, 32, 32], overlapping),
        ("resnet9, 4×4: ", [128, 128, 4, 4], Pool2dParams::tiles(4)),
    ];
    pools.into_iter().flat_map(pool).collect()
}

fn pool((name, x, params): (&str, [usize; 4], Pool2dParams)) -> [Case; 2] {
    let count: usize = x.iter().product();
    let both = count + count / params.stride.pow(2);
    let max = Case::moving(("max_pool2d", name), &x, [both, both], move |x| max_pool2d(x, params));
    let avg = Case::moving(("avg_pool2d", name), &x, [both, both], move |x| avg_pool2d(x, params));
    [max, avg]
}
