//! What a test wants to know of a picture, read by an XML parser.

use roxmltree::{Document, Node};

/// A piece of text with an estimate of the room it takes, in the picture's units.
#[derive(Debug, Clone)]
pub struct Words {
    pub text: String,
    pub x: f64,
    pub y: f64,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

pub fn parse(svg: &str) -> Document<'_> {
    Document::parse(svg).expect("a picture is well-formed XML")
}

pub fn number(node: Node, name: &str) -> f64 {
    let value = node.attribute(name).unwrap_or_else(|| panic!("{name} is missing"));
    value.parse().unwrap_or_else(|_| panic!("{name} = {value:?} is not a number"))
}

/// Width and height of the view box.
pub fn size(document: &Document) -> (f64, f64) {
    let view = document.root_element().attribute("viewBox").expect("a view box");
    let parts: Vec<f64> = view.split(' ').map(|part| part.parse().expect("a number")).collect();
    assert_eq!((parts[0], parts[1]), (0.0, 0.0));
    (parts[2], parts[3])
}

pub fn elements<'a>(document: &'a Document, tag: &'a str) -> impl Iterator<Item = Node<'a, 'a>> + 'a {
    document.descendants().filter(move |node| node.has_tag_name(tag))
}

/// Points of a polyline or polygon.
pub fn points(node: Node) -> Vec<(f64, f64)> {
    let text = node.attribute("points").expect("points");
    let pair = |pair: &str| {
        let (x, y) = pair.split_once(',').expect("x,y");
        (x.parse().expect("x"), y.parse().expect("y"))
    };
    text.split_whitespace().map(pair).collect()
}

/// All text, each letter taken as 0.5 of the font size wide and a line as 0.9 high: what any usual font needs at least.
pub fn words(document: &Document) -> Vec<Words> {
    elements(document, "text")
        .map(|node| {
            let text = node.text().expect("text has content").trim().to_owned();
            let (x, y, size) = (number(node, "x"), number(node, "y"), number(node, "font-size"));
            let width = text.chars().count() as f64 * 0.5 * size;
            let left = match node.attribute("text-anchor") {
                Some("end") => x - width,
                Some("middle") => x - width / 2.0,
                _ => x,
            };
            let (right, half) = (left + width, 0.45 * size);
            Words { text, x, y, left, right, top: y - half, bottom: y + half }
        })
        .collect()
}

/// Fails where something lies outside the view box, or where two pieces of text overlap.
pub fn check(svg: &str) {
    let document = parse(svg);
    let (width, height) = size(&document);
    let inside = |x: f64, y: f64| (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
    for node in elements(&document, "polyline").chain(elements(&document, "polygon")) {
        let points = points(node);
        assert!(!points.is_empty());
        assert!(points.iter().all(|(x, y)| inside(*x, *y)), "{points:?}");
    }
    for node in elements(&document, "circle") {
        assert!(inside(number(node, "cx"), number(node, "cy")));
    }
    for node in elements(&document, "rect") {
        let (x, y) = (number(node, "x"), number(node, "y"));
        assert!(inside(x, y) && inside(x + number(node, "width"), y + number(node, "height")));
    }
    let words = words(&document);
    for (i, a) in words.iter().enumerate() {
        assert!(inside(a.left, a.top) && inside(a.right, a.bottom), "{a:?}");
        for b in &words[..i] {
            let apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
            assert!(apart, "{:?} covers {:?}", a.text, b.text);
        }
    }
}

/// The number that a tick label stands for: `70,000`, `−0.5`, `2×10⁻⁵`.
pub fn label_value(label: &str) -> Option<f64> {
    let plain = label.replace(',', "").replace('−', "-");
    let Some((mantissa, exponent)) = plain.split_once("10").filter(|(_, e)| e.starts_with(is_superscript)) else {
        return plain.parse().ok();
    };
    let mantissa = mantissa.trim_end_matches('×');
    let mantissa: f64 = if mantissa.is_empty() { 1.0 } else { mantissa.parse().ok()? };
    let digits: String = exponent.chars().map(|c| if c == '⁻' { '-' } else { digit(c) }).collect();
    Some(mantissa * 10_f64.powi(digits.parse().ok()?))
}

fn is_superscript(c: char) -> bool {
    c == '⁻' || digit(c) != '?'
}

fn digit(c: char) -> char {
    let place = "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|d| d == c);
    place.and_then(|d| char::from_digit(d as u32, 10)).unwrap_or('?')
}
