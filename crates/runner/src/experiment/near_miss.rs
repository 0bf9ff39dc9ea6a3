/// Appends the nearest name to a message that refuses a word and lists the names it knows, in backticks: unknown variants and
/// fields as serde words them.
pub(super) fn with_suggestion(message: String) -> String {
    if !message.starts_with("unknown ") {
        return message;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(word) = quoted.next() else { return message };
    match lrscope_names::nearest(word, quoted) {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message,
    }
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
