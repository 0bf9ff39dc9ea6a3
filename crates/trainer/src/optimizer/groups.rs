use lrscope_runner::spec::GroupSpec;

use super::OptimizerError;

/// The group of every parameter, as places in `groups`: the first one with a pattern that [matches](matches()) the name.
///
/// # Errors
/// When a parameter is in no group, or a group holds no parameter.
pub fn assign(groups: &[GroupSpec], names: &[&str]) -> Result<Vec<usize>, OptimizerError> {
    let places = names
        .iter()
        .map(|name| {
            let place = groups.iter().position(|group| holds(group, name));
            place.ok_or_else(|| OptimizerError::Unmatched {
                parameter: (*name).into(),
                groups: quoted(groups.iter().map(|group| group.name.as_str())),
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    match (0..groups.len()).find(|place| !places.contains(place)) {
        None => Ok(places),
        Some(place) => Err(empty(&groups[place], names)),
    }
}

/// Whether `name` is what `pattern` describes, where `*` stands for any run of characters, the empty one included.
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        // The earliest place leaves the most for what follows, so no other one needs to be tried.
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn holds(group: &GroupSpec, name: &str) -> bool {
    group.parameters.iter().any(|pattern| matches(pattern, name))
}

fn empty(group: &GroupSpec, names: &[&str]) -> OptimizerError {
    let reason = if names.iter().any(|name| holds(group, name)) {
        "earlier groups match everything that it matches".into()
    } else {
        let patterns = quoted(group.parameters.iter().map(String::as_str));
        format!("nothing matches its patterns ({patterns})")
    };
    OptimizerError::EmptyGroup { group: group.name.clone(), reason, parameters: quoted(names.iter().copied()) }
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("{word:?}")).collect();
    if words.is_empty() { "there are none".into() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, by backtracking: the oracle for the greedy matcher.
    fn by_definition(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*', rest)) => (0..=name.len()).any(|skipped| by_definition(rest, &name[skipped..])),
            Some((byte, rest)) => {
                name.split_first().is_some_and(|(first, name)| first == byte && by_definition(rest, name))
            }
        }
    }

    proptest! {
        #[test]
        fn patterns_match_by_their_definition(pattern in "[ab*]{0,8}", name in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &name), by_definition(pattern.as_bytes(), name.as_bytes()));
        }
    }

    fn group(name: &str, patterns: &[&str]) -> GroupSpec {
        GroupSpec {
            name: name.into(),
            parameters: patterns.iter().map(|&pattern| pattern.into()).collect(),
            ..GroupSpec::all()
        }
    }

    const NAMES: [&str; 4] = ["conv1.weight", "conv1.bias", "fc1.weight", "fc1.bias"];

    #[test]
    fn the_first_matching_group_takes_a_parameter() {
        let groups = [group("bias", &["*.bias"]), group("first", &["conv1.*"]), group("rest", &["*"])];
        assert_eq!(assign(&groups, &NAMES).expect("all match"), [1, 0, 2, 0]);
    }

    #[test]
    fn what_no_group_matches_is_named() {
        let error = assign(&[group("bias", &["*.bias"])], &NAMES).expect_err("weights match nothing").to_string();
        assert!(error.contains("\"conv1.weight\"") && error.contains("\"bias\""), "{error}");
        assert!(assign(&[], &NAMES).is_err());
    }

    #[test]
    fn a_group_without_parameters_is_named_with_the_reason() {
        for (groups, reason) in [
            ([group("all", &["*"]), group("bias", &["*.bias"])], "earlier groups"),
            (
                [group("typo", &["conv1.wieght"]), group("all", &["*"])],
                "nothing matches its patterns (\"conv1.wieght\")",
            ),
            ([group("none", &[]), group("all", &["*"])], "there are none"),
        ] {
            let error = assign(&groups, &NAMES).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
