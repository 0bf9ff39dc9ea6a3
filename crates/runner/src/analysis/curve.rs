//! Loss curves of a range test.

use serde::{Deserialize, Serialize};

/// The raw curve of one seed of a range test.
///
/// `loss[k]` was measured *before* the update that used `lr[k]`, so the effect of `lr[k]` shows in `loss[k + 1]`. Both have
/// one entry for each update; non-finite losses are kept as they came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Seed number.
    pub seed: u64,
    /// Learning rate of each update.
    pub lr: Vec<f64>,
    /// Raw loss of each update, before smoothing of any kind.
    #[serde(with = "losses")]
    pub loss: Vec<f64>,
    /// How the sweep ended.
    pub ending: Ending,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All steps were done.
    Completed,
    /// The loss rose past the divergence threshold at this step.
    Diverged {
        /// Row in which it showed.
        step: u64,
    },
    /// The loss was infinite or NaN at this step.
    NonFinite {
        /// Row in which it showed.
        step: u64,
    },
}

/// JSON for losses that may be infinite or NaN, each as [`crate::float`] writes it.
pub(super) mod losses {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize, Serialize)]
    struct Written(#[serde(with = "crate::float")] f64);

    pub fn serialize<S: Serializer>(losses: &[f64], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(losses.iter().map(|loss| Written(*loss)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        let written: Vec<Written> = Vec::deserialize(from)?;
        Ok(written.into_iter().map(|Written(loss)| loss).collect())
    }
}

/// The same for one that may be absent.
pub(super) mod optional_loss {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize, Serialize)]
    struct Written(#[serde(with = "crate::float")] f64);

    #[expect(clippy::ref_option, reason = "serde passes a reference")]
    pub fn serialize<S: Serializer>(loss: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        loss.map(Written).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Written>::deserialize(from)?.map(|Written(loss)| loss))
    }
}

#[cfg(test)]
mod tests {
    use super::{Curve, Ending};

    #[test]
    fn non_finite_losses_survive_json() {
        let loss = vec![2.3, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        let curve = Curve { seed: 1, lr: vec![0.1, 0.2, 0.3, 0.4], loss, ending: Ending::NonFinite { step: 1 } };
        let json = serde_json::to_string(&curve).expect("a curve can be written");
        let read: Curve = serde_json::from_str(&json).expect("what was written can be read");
        let bits = |curve: &Curve| curve.loss.iter().map(|loss| loss.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(&curve), "{json}");
    }
}
