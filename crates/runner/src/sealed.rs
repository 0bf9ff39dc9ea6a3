//! JSON files that carry their own checksum: the SHA-256 of what they would be without it is their last line.

use crate::record::Checksum;

/// How such a file ends, and how it goes on instead where the checksum follows.
const END: &str = "\n}\n";
const SUM: &str = ",\n  \"sha256\": \"";

/// The JSON of an object, as `serde_json` writes it for people, with its checksum as the last line.
pub fn seal(json: &str) -> String {
    let open = json.strip_suffix(END).unwrap_or(json);
    format!("{open}{SUM}{}\"{END}", Checksum::of(json.as_bytes()))
}

/// The JSON without its checksum, and whether that is the right one; nothing where the text has none.
pub fn unseal(text: &str) -> Option<(String, bool)> {
    let (open, _) = text.rsplit_once(SUM)?;
    let json = format!("{open}{END}");
    let right = seal(&json) == text;
    Some((json, right))
}
