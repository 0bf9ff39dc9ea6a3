//! What is known of each data set before a byte of it is read.

use crate::name::Name;

/// What is known of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Its name in full, with its authors.
    pub title: &'static str,
    /// Channels of a picture.
    pub channels: usize,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// Pictures in the training part, of which a validation part is split off by whoever trains.
    pub train: usize,
    /// Pictures in the test part.
    pub test: usize,
    /// Classes; a label is in `0..classes`.
    pub classes: usize,
    /// What each label stands for.
    pub class_names: &'static [&'static str],
    /// The data hash ([`DataSet::data_hash`](crate::DataSet::data_hash)) that every source must give.
    pub data_hash: &'static str,
    /// Pictures of the training part that validate by default.
    pub validation: usize,
}

const DIGIT_NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

const DIGITS: Facts = Facts {
    title: "Optical Recognition of Handwritten Digits, test part (Alpaydin and Kaynak, UCI 1998)",
    channels: 1,
    height: 8,
    width: 8,
    train: 1437,
    test: 360,
    classes: 10,
    class_names: &DIGIT_NAMES,
    data_hash: "3e832953cc86d9aa73e9e99a3aeb9c508092fd9882555053b0215e57820203c0",
    validation: 200,
};

const MNIST: Facts = Facts {
    title: "MNIST handwritten digits (LeCun, Cortes and Burges 1998)",
    channels: 1,
    height: 28,
    width: 28,
    train: 60_000,
    test: 10_000,
    classes: 10,
    class_names: &DIGIT_NAMES,
    data_hash: "459e86cca9eec1bf7c66f43c52a1884db5d2fde29e2801a7e0e2abef1b3e2ef2",
    validation: 10_000,
};

const FASHION_MNIST: Facts = Facts {
    title: "Fashion-MNIST (Xiao, Rasul and Vollgraf 2017)",
    class_names: &[
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ],
    data_hash: "c0a2a90343bef2ee3c4b74cb740f3678fb31145486472ab7f7e8f21bff759538",
    ..MNIST
};

const CIFAR10: Facts = Facts {
    title: "CIFAR-10 (Krizhevsky 2009)",
    channels: 3,
    height: 32,
    width: 32,
    train: 50_000,
    test: 10_000,
    classes: 10,
    class_names: &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    data_hash: "a3fca188de34eecb3eac7e3cf980e9b9c88020a606f362a56bb6fbdf9e13a545",
    validation: 5_000,
};

impl Name {
    /// What is known of this data set.
    pub const fn facts(self) -> Facts {
        match self {
            Self::Digits => DIGITS,
            Self::Mnist => MNIST,
            Self::FashionMnist => FASHION_MNIST,
            Self::Cifar10 => CIFAR10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_consistent() {
        for name in Name::ALL {
            let facts = name.facts();
            assert_eq!(facts.class_names.len(), facts.classes, "{name}");
            assert!(facts.classes <= 256, "{name}: a label is one byte");
            assert!(facts.validation < facts.train, "{name}");
            assert_eq!(facts.data_hash.len(), 64, "{name}");
        }
    }
}
