/// Jaro-Winkler similarity from which a word counts as a near miss of a name.
const NEAR: f64 = 0.75;

/// Appends the nearest name to a message that refuses a word and lists the names it knows, in backticks: unknown variants and
/// fields as serde words them.
pub(super) fn with_suggestion(message: String) -> String {
    if !message.starts_with("unknown ") {
        return message;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(word) = quoted.next() else { return message };
    let word: String = word.chars().take(40).collect::<String>().to_lowercase().replace('-', "_");
    let near = quoted.map(|name| (similarity(&word, name), name)).filter(|(similarity, _)| *similarity >= NEAR);
    match near.max_by(|left, right| left.0.total_cmp(&right.0)) {
        Some((_, name)) => format!("{message}; did you mean `{name}`?"),
        None => message,
    }
}

/// 1 for one slip of the keys, which counts for much in a short word; else Jaro and Winkler's.
fn similarity(word: &str, name: &str) -> f64 {
    if strsim::osa_distance(word, name) <= 1 { 1.0 } else { strsim::jaro_winkler(word, name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested() {
        let refused = |word: &str| {
            with_suggestion(format!(
                "unknown variant `{word}`, expected one of `mlp`, `lenet`, `caffe_quick`, `resnet9`"
            ))
        };
        for (word, name) in [("mpl", "mlp"), ("LeNet", "lenet"), ("caffe-quik", "caffe_quick"), ("resnet", "resnet9")] {
            assert!(refused(word).ends_with(&format!("; did you mean `{name}`?")), "{}", refused(word));
        }
        assert!(refused("transformer").ends_with("`resnet9`"));
        for other in ["invalid type: string \"x\", expected `f64`", "unknown", "unknown variant `"] {
            assert_eq!(with_suggestion(other.into()), other);
        }
    }
}
