//! Which name was meant by a word that is none: one rule for settings and their values, models, data sets and everything else
//! that is known by name.

use std::cmp::Reverse;

/// Jaro-Winkler similarity from which a word counts as a near miss: "cifar" of `cifar10`, but not "imagenet" of `mnist`.
const NEAR: f64 = 0.75;
/// A word that a name begins with is no worse than one with so many slips of the keys.
const SLIPS_OF_A_BEGINNING: usize = 2;
/// A word of so many letters that stands inside a name is a near miss too: "plateau" of `reduce_on_plateau`.
const LETTERS_OF_A_PART: usize = 4;
/// More of a word is not looked at: a pasted file is no near miss of anything.
const MOST_CHARACTERS: usize = 40;

/// The name that is nearest to a word, where one is near.
///
/// Case, hyphens, underscores and spaces do not count. Nearest is the name with the fewest slips between the two (letters that are
/// wrong, missing, too many or swapped); a word that a name begins with counts as two slips at most. Where names are equally near, it is
/// the one that shares the longer beginning with the word, then the shorter one, then the first.
///
/// ```
/// use lrscope_names::nearest;
///
/// assert_eq!(nearest("Triangular", ["triangular", "triangular2"]), Some("triangular"));
/// assert_eq!(nearest("transformer", ["mlp", "lenet"]), None);
/// ```
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(&written_out(word));
    let ranked = names.into_iter().filter_map(|name| Some((rank(&word, name)?, name)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, name)| name)
}

/// What orders the names that are near to a word: the smallest comes first.
fn rank(word: &str, name: &str) -> Option<(usize, Reverse<usize>, usize)> {
    let length = name.len();
    let name = plain(name);
    let slips = strsim::osa_distance(word, &name);
    let part = word.chars().count() >= LETTERS_OF_A_PART && name.contains(word);
    let near = !word.is_empty() && (slips <= 1 || part || strsim::jaro_winkler(word, &name) >= NEAR);
    let begins = name.starts_with(word);
    let shared = word.chars().zip(name.chars()).take_while(|(left, right)| left == right).count();
    let slips = if begins { slips.min(SLIPS_OF_A_BEGINNING) } else { slips };
    near.then_some((slips, Reverse(shared), length))
}

/// A word as it is without the abbreviation that Keras and Lightning begin it with: `val_loss` is `validation_loss`.
fn written_out(word: &str) -> String {
    let lower = word.to_lowercase();
    lower.strip_prefix("val_").map_or_else(|| lower.clone(), |rest| format!("validation_{rest}"))
}

/// Letters and digits alone, in lower case.
fn plain(word: &str) -> String {
    let letters = word.chars().take(MOST_CHARACTERS).filter(|c| !matches!(c, '-' | '_' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: &[&str] = &["triangular", "triangular2", "exp_range", "exp_range_paper"];
    const KINDS: &[&str] = &[
        "constant",
        "step",
        "multi_step",
        "exponential",
        "inverse_decay",
        "linear",
        "polynomial",
        "paper_decay",
        "cosine",
        "cosine_warm_restarts",
        "one_cycle",
        "cyclic",
        "sweep",
        "sequential",
        "reduce_on_plateau",
    ];
    const KEYS: &[&str] =
        &["base_lr", "max_lr", "step_size_up", "step_size_down", "mode", "gamma", "scale_fn", "scale_mode"];
    const METRICS: &[&str] = &["validation_loss", "validation_accuracy", "train_loss"];
    const MODELS: &[&str] = &["mlp", "lenet", "caffe_quick", "caffe_full", "resnet20", "resnet9", "own"];
    const SETS: &[&str] = &["digits", "mnist", "fashion-mnist", "cifar10"];

    /// Words, and the names that are meant.
    type Words = &'static [(&'static str, &'static str)];

    /// Names that are known, and what people write with the name that they mean.
    const CASES: &[(&[&str], Words)] = &[
        (
            MODES,
            &[
                ("Triangular", "triangular"),
                ("TRIANGULAR", "triangular"),
                ("triangular1", "triangular"),
                ("Triangular2", "triangular2"),
                ("triangular-2", "triangular2"),
                ("triangular22", "triangular2"),
                ("triangle", "triangular"),
                ("trianguler", "triangular"),
                ("tri", "triangular"),
                ("exp", "exp_range"),
                ("ExpRange", "exp_range"),
                ("exp-range", "exp_range"),
                ("exprange", "exp_range"),
                ("exp_range_papr", "exp_range_paper"),
                ("Exp Range Paper", "exp_range_paper"),
            ],
        ),
        (
            KINDS,
            &[
                ("Cosine", "cosine"),
                ("cosin", "cosine"),
                ("cosine_warm", "cosine_warm_restarts"),
                ("CosineAnnealingLR", "cosine"),
                ("CosineAnnealingWarmRestarts", "cosine_warm_restarts"),
                ("OneCycleLR", "one_cycle"),
                ("onecycle", "one_cycle"),
                ("StepLR", "step"),
                ("MultiStepLR", "multi_step"),
                ("CyclicLR", "cyclic"),
                ("cyclc", "cyclic"),
                ("LinearLR", "linear"),
                ("ExponentialLR", "exponential"),
                ("ReduceLROnPlateau", "reduce_on_plateau"),
                ("plateau", "reduce_on_plateau"),
                ("SequentialLR", "sequential"),
                ("exp", "exponential"),
                ("poly", "polynomial"),
                ("const", "constant"),
            ],
        ),
        (
            KEYS,
            &[
                ("stepsize", "step_size_up"),
                ("step_size", "step_size_up"),
                ("stepSizeDown", "step_size_down"),
                ("Gamma", "gamma"),
                ("maxlr", "max_lr"),
                ("base-lr", "base_lr"),
                ("scalefn", "scale_fn"),
                ("scale_mod", "scale_mode"),
            ],
        ),
        (
            MODELS,
            &[
                ("MLP", "mlp"),
                ("mpl", "mlp"),
                ("LeNet", "lenet"),
                ("lenet5", "lenet"),
                ("resnet", "resnet9"),
                ("ResNet-20", "resnet20"),
                ("resnet2", "resnet20"),
                ("resnet_9", "resnet9"),
                ("caffe-quik", "caffe_quick"),
            ],
        ),
        (
            SETS,
            &[
                ("MNIST", "mnist"),
                ("minst", "mnist"),
                ("cifar", "cifar10"),
                ("CIFAR-10", "cifar10"),
                ("cifar100", "cifar10"),
                ("fashion_mnist", "fashion-mnist"),
                ("FashionMNIST", "fashion-mnist"),
                ("fashion", "fashion-mnist"),
                ("digit", "digits"),
            ],
        ),
    ];

    #[test]
    fn the_name_that_people_would_say() {
        for (names, words) in CASES {
            for (word, meant) in *words {
                assert_eq!(nearest(word, names.iter().copied()), Some(*meant), "{word}");
            }
        }
    }

    #[test]
    fn the_metric_that_other_libraries_call_so() {
        let words = [
            ("val_loss", "validation_loss"),
            ("val_acc", "validation_accuracy"),
            ("Val_Accuracy", "validation_accuracy"),
            ("valid_loss", "validation_loss"),
            ("training_loss", "train_loss"),
        ];
        for (word, meant) in words {
            assert_eq!(nearest(word, METRICS.iter().copied()), Some(meant), "{word}");
        }
    }

    #[test]
    fn what_is_near_to_nothing() {
        for (word, names) in [("imagenet", SETS), ("", SETS), ("", MODES), ("transformer", MODELS), ("zigzag", MODES)] {
            assert_eq!(nearest(word, names.iter().copied()), None, "{word}");
        }
        assert_eq!(nearest("mnist", []), None);
    }

    /// Whatever the order of the names, a name in other letters is that name.
    #[test]
    fn a_name_in_capitals_is_that_name() {
        for names in [MODES, KINDS, KEYS, MODELS, SETS] {
            for name in names {
                let backwards = names.iter().rev().copied();
                assert_eq!(nearest(&name.to_uppercase(), backwards), Some(*name));
                assert_eq!(nearest(&name.replace('_', "-"), names.iter().copied()), Some(*name));
            }
        }
    }
}
