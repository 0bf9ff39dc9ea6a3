//! How wide text is, without a font at hand: the page decides the font, so widths are estimates on the safe side.

/// Advance widths of Helvetica's printable ASCII, from space on, in thousandths of the font size (Adobe's AFM files).
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// Other fonts of the stack are up to this much wider than Helvetica.
const SAFETY: f64 = 1.16;

/// Estimated width in pixels of `text` at `size` pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size * SAFETY
}

fn advance(c: char) -> f64 {
    let code = c as u32;
    if let Some(width) = code.checked_sub(32).and_then(|i| WIDTHS.get(i as usize)) {
        return f64::from(*width) / 1000.0;
    }
    match code {
        0xb2 | 0xb3 | 0xb9 | 0x2070..=0x207f => 0.36,
        0x1100.. if !(0x1e00..=0x2bff).contains(&code) => 1.05,
        _ => 0.65,
    }
}

/// `text` cut to at most `most` pixels, with an ellipsis where something was cut.
pub(super) fn fit(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = width("…", size);
    for c in text.chars() {
        used += advance(c) * size * SAFETY;
        if used > most {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// `text` broken at spaces into lines of at most `most` pixels; what does not fit into `lines` of them is cut.
pub(super) fn wrap(text: &str, size: f64, most: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = out.len() == lines;
        match out.last_mut() {
            // The last line takes all the rest, so that its ellipsis tells of it.
            Some(line) if full || fits_behind(line, word, size, most) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
    }
    out.iter().map(|line| fit(line, size, most)).collect()
}

fn fits_behind(line: &str, word: &str, size: f64, most: f64) -> bool {
    width(line, size) + width(" ", size) + width(word, size) <= most
}

/// `raw` without what XML 1.0 cannot hold and what would reorder the line: control characters become spaces.
pub(super) fn clean(raw: &str) -> String {
    crate::markdown::one_line(raw).chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_text_fits_and_says_that_it_was_cut() {
        for text in ["", "short", "a much longer piece of text", "ŵïdé 漢字漢字漢字漢字漢字"] {
            for most in [30.0, 60.0, 400.0] {
                let cut = fit(text, 13.0, most);
                assert!(width(&cut, 13.0) <= most, "{cut:?}");
                assert_eq!(cut == text, width(text, 13.0) <= most);
                assert!(cut == text || cut.ends_with('…'));
            }
        }
    }

    #[test]
    fn wrapped_lines_fit_and_lose_nothing_while_there_is_room() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        let lines = wrap(text, 13.0, 120.0, 10);
        assert!(lines.iter().all(|line| width(line, 13.0) <= 120.0));
        assert_eq!(lines.join(" "), text);
        let cut = wrap(text, 13.0, 120.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…'));
        assert!(wrap("", 13.0, 120.0, 2).is_empty());
    }
}
