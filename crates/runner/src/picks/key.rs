//! What a pick depends on, in a form that does not change with what cannot matter.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::spec::{GroupSpec, LossSpec, ModelSpec, Normalization, OptimizerSpec, RunSpec};

/// Everything that a pick depends on beside the sweep itself. Another value of any of these asks for another range test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickKey {
    /// Data set.
    pub data: String,
    /// Its data hash.
    pub sha256: String,
    /// Training examples used; absent for all.
    pub train_limit: Option<u64>,
    /// How pixels become network input.
    pub normalization: Normalization,
    /// Examples per update: batch size × accumulation steps.
    pub examples_per_update: u64,
    /// The network.
    pub model: ModelSpec,
    /// The optimizer with momentum and weight decay.
    pub optimizer: OptimizerSpec,
    /// What is minimised; left out where it is the plain cross-entropy.
    #[serde(default, skip_serializing_if = "LossSpec::is_plain")]
    pub loss: LossSpec,
    /// Parameter groups with their factors, in [canonical order](canonical).
    pub groups: Vec<GroupSpec>,
}

impl PickKey {
    /// What a run's pick would depend on.
    pub fn of(spec: &RunSpec) -> Self {
        Self { groups: canonical(&spec.groups), ..Self::as_written(spec) }
    }

    /// The same with the groups as the run has them: the key of picks of schema 1.
    pub(super) fn as_written(spec: &RunSpec) -> Self {
        Self {
            data: spec.data.name.clone(),
            sha256: spec.data.sha256.clone(),
            train_limit: spec.data.train_limit,
            normalization: spec.data.normalization,
            examples_per_update: spec.data.batch_size * spec.data.accumulation_steps,
            model: spec.model.clone(),
            optimizer: spec.optimizer.clone(),
            loss: spec.loss,
            groups: spec.groups.clone(),
        }
    }

    /// How the names of this key's files begin: `digits-0123456789abcdef`.
    pub(super) fn file_stem(&self) -> Result<String, serde_json::Error> {
        let digest = Sha256::digest(serde_json::to_vec(self)?);
        Ok(format!("{}-{}", self.data, crate::spec::hex(&digest[..8])))
    }

    /// What of `self` is not as in `other`, by name.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let differs = [
            ("data set", self.data != other.data || self.sha256 != other.sha256),
            ("number of training examples", self.train_limit != other.train_limit),
            ("normalization", self.normalization != other.normalization),
            ("examples per update", self.examples_per_update != other.examples_per_update),
            ("network", self.model != other.model),
            ("optimizer", self.optimizer != other.optimizer),
            ("loss", self.loss != other.loss),
            ("parameter groups", self.groups != other.groups),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

/// The groups without what cannot matter: their names, the order of a group's patterns, and the order of groups that share no
/// parameter, whatever the network's parameters are called. A parameter belongs to the first group that matches it, so two
/// groups whose patterns may match one name keep their order.
///
/// Of all such orders it is the one that takes the smallest group that may come next, again and again.
fn canonical(groups: &[GroupSpec]) -> Vec<GroupSpec> {
    let mut left: Vec<GroupSpec> = groups.iter().map(without_name).collect();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let free = |at: &usize| left[..*at].iter().all(|earlier| !overlap(earlier, &left[*at]));
        let next = (0..left.len()).filter(free).min_by(|a, b| by_content(&left[*a], &left[*b]));
        ordered.push(left.remove(next.unwrap_or(0)));
    }
    ordered
}

/// Known by its patterns instead of its name. Negative zero is zero.
fn without_name(group: &GroupSpec) -> GroupSpec {
    let mut parameters = group.parameters.clone();
    parameters.sort();
    parameters.dedup();
    GroupSpec {
        name: parameters.join(" "),
        parameters,
        lr_mult: group.lr_mult + 0.0,
        weight_decay_mult: group.weight_decay_mult + 0.0,
    }
}

fn by_content(a: &GroupSpec, b: &GroupSpec) -> Ordering {
    let factors = a.lr_mult.total_cmp(&b.lr_mult).then(a.weight_decay_mult.total_cmp(&b.weight_decay_mult));
    a.parameters.cmp(&b.parameters).then(factors)
}

fn overlap(a: &GroupSpec, b: &GroupSpec) -> bool {
    a.parameters.iter().any(|one| b.parameters.iter().any(|other| patterns_overlap(one.as_bytes(), other.as_bytes())))
}

/// Whether any name matches both patterns, in which `*` stands for any run of characters.
fn patterns_overlap(a: &[u8], b: &[u8]) -> bool {
    // `row[j]` tells it of what is left of `a` and of `b` from `j` on; what is left of `a` grows with every round.
    let empty = |rest: &[u8]| rest.iter().all(|byte| *byte == b'*');
    let mut row: Vec<bool> = (0..=b.len()).map(|j| empty(&b[j..])).collect();
    for (i, first) in a.iter().enumerate().rev() {
        let shorter = row;
        row = vec![empty(&a[i..]); b.len() + 1];
        for j in (0..b.len()).rev() {
            row[j] = match (*first, b[j]) {
                // The star ends here, or takes what stands first in the other one.
                (b'*', _) | (_, b'*') => shorter[j] || row[j + 1],
                (one, other) => one == other && shorter[j + 1],
            };
        }
    }
    row[0]
}

#[cfg(test)]
mod tests {
    use super::{canonical, patterns_overlap};
    use crate::spec::GroupSpec;
    use proptest::prelude::*;

    /// What a pattern matches among all names of up to six characters of two letters: the oracle, by brute force.
    fn names() -> impl Iterator<Item = Vec<u8>> {
        (0..=6_u32).flat_map(|length| {
            (0..2_u32.pow(length)).map(move |bits| (0..length).map(|at| b'a' + (bits >> at & 1) as u8).collect())
        })
    }

    fn matches(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*', rest)) => (0..=name.len()).any(|skipped| matches(rest, &name[skipped..])),
            Some((byte, rest)) => name.split_first().is_some_and(|(first, name)| first == byte && matches(rest, name)),
        }
    }

    /// The group that each name falls to, as its factor.
    fn assigned(groups: &[GroupSpec]) -> Vec<Option<u64>> {
        let holds = |group: &&GroupSpec, name: &[u8]| group.parameters.iter().any(|p| matches(p.as_bytes(), name));
        names()
            .map(|name| groups.iter().find(|group| holds(group, &name)).map(|group| group.lr_mult.to_bits()))
            .collect()
    }

    fn groups() -> impl Strategy<Value = Vec<GroupSpec>> {
        let group = (prop::collection::vec("[ab*]{0,3}", 1..3), 0..3_u8);
        prop::collection::vec(group, 1..5).prop_map(|groups| {
            let group = |(place, (parameters, mult)): (usize, (Vec<String>, u8))| GroupSpec {
                name: format!("group {place}"),
                parameters,
                lr_mult: f64::from(mult),
                weight_decay_mult: 1.0,
            };
            groups.into_iter().enumerate().map(group).collect()
        })
    }

    proptest! {
        /// Patterns of up to three characters that overlap do so in a name of six: each may need three of its own.
        #[test]
        fn patterns_overlap_where_a_name_matches_both(a in "[ab*]{0,3}", b in "[ab*]{0,3}") {
            let found = names().any(|name| matches(a.as_bytes(), &name) && matches(b.as_bytes(), &name));
            prop_assert_eq!(patterns_overlap(a.as_bytes(), b.as_bytes()), found, "{} {}", a, b);
        }

        #[test]
        fn the_canonical_order_assigns_every_name_as_before(groups in groups()) {
            let ordered = canonical(&groups);
            prop_assert_eq!(assigned(&ordered), assigned(&groups));
            prop_assert_eq!(canonical(&ordered), ordered);
        }

        /// Two neighbours that share no name may be swapped, and names may be any.
        #[test]
        fn what_cannot_matter_changes_nothing(groups in groups(), at in any::<prop::sample::Index>()) {
            let at = at.index(groups.len());
            let mut other = groups.clone();
            other[at].name = "another".into();
            other[at].parameters.reverse();
            prop_assert_eq!(canonical(&other), canonical(&groups));
            let shared = |a: &GroupSpec, b: &GroupSpec| {
                names().any(|name| [a, b].iter().all(|group| group.parameters.iter().any(|p| matches(p.as_bytes(), &name))))
            };
            if at > 0 && !shared(&groups[at - 1], &groups[at]) {
                let mut other = groups.clone();
                other.swap(at - 1, at);
                prop_assert_eq!(canonical(&other), canonical(&groups));
            }
        }
    }
}
