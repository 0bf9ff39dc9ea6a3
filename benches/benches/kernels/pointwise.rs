//! What works number by number.

use lrscope_kernels::{add, add_relu, dropout, flatten, relu, subsample2d};

use crate::cases::{Case, shape};
use crate::measure::Work;

const PICTURES: [usize; 4] = [128, 64, 16, 16];

pub fn all() -> Vec<Case> {
    let count: usize = PICTURES.iter().product();
    let kept: Vec<bool> = (0..count).map(|index| index % 3 != 1).collect();
    let mut cases = vec![
        Case::moving(("relu", ""), &PICTURES, [2 * count, 3 * count], relu),
        Case::moving(("flatten", ""), &PICTURES, [2 * count, 2 * count], flatten),
        // The flags are copied, too: each forward pass draws its own.
        Case::moving(("dropout", "half: "), &PICTURES, [2 * count, 2 * count], move |x| dropout(x, kept.clone(), 0.5)),
        Case::moving(
            ("subsample2d", "stride 2, twice the channels: "),
            &PICTURES,
            [3 * count / 4, 3 * count / 2],
            |x| subsample2d(x, 2, 128),
        ),
    ];
    for (operation, function) in [("add", add as fn(&_, &_) -> _), ("add_relu", add_relu)] {
        cases.push(Case {
            operation,
            name: shape(&PICTURES),
            work: [Work::Numbers(3 * count); 2],
            inputs: vec![("a", PICTURES.to_vec()), ("b", PICTURES.to_vec())],
            together: vec![0, 1],
            apply: Box::new(move |inputs| function(&inputs[0], &inputs[1])),
        });
    }
    cases
}
