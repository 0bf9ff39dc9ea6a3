//! Colours that colour-blind readers can tell apart.

use super::model::{Dash, Stroke};

/// A colour for marks, and a darker one of the same hue for text, which needs more contrast (4.5 : 1 on white).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// Red, green and blue of lines and points.
    pub mark: (u8, u8, u8),
    /// Red, green and blue of text.
    pub text: (u8, u8, u8),
}

/// The colours of Okabe and Ito, <https://jfly.uni-koeln.de/color/>, without their yellow, which is too pale on white.
pub mod colours {
    use super::Colour;

    const fn colour(mark: (u8, u8, u8), text: (u8, u8, u8)) -> Colour {
        Colour { mark, text }
    }

    /// Blue.
    pub const BLUE: Colour = colour((0, 114, 178), (0, 95, 150));
    /// Vermillion.
    pub const VERMILLION: Colour = colour((213, 94, 0), (168, 70, 0));
    /// Bluish green.
    pub const GREEN: Colour = colour((0, 158, 115), (0, 112, 81));
    /// Reddish purple.
    pub const PURPLE: Colour = colour((204, 121, 167), (150, 65, 112));
    /// Orange.
    pub const ORANGE: Colour = colour((230, 159, 0), (133, 88, 0));
    /// Sky blue.
    pub const SKY: Colour = colour((86, 180, 233), (18, 104, 153));
    /// Near black, for titles and values.
    pub const INK: Colour = colour((31, 35, 40), (31, 35, 40));
    /// Grey of what stands behind.
    pub const GREY: Colour = colour((110, 119, 129), (89, 99, 110));
    pub(crate) const GRID: Colour = colour((221, 225, 230), (89, 99, 110));
    pub(crate) const FINE_GRID: Colour = colour((238, 240, 243), (89, 99, 110));
    pub(crate) const PAPER: Colour = colour((255, 255, 255), (255, 255, 255));
}

/// The bold line of the arm with this place: colours repeat after six, dash patterns after five, both together after thirty.
pub fn arm_stroke(place: usize) -> Stroke {
    let colours = [colours::BLUE, colours::VERMILLION, colours::GREEN, colours::PURPLE, colours::ORANGE, colours::SKY];
    let dashes = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot, Dash::Long];
    Stroke::solid(colours[place % colours.len()], 2.2).dash(dashes[place % dashes.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance after WCAG 2.1.
    fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    #[test]
    fn text_has_the_contrast_that_wcag_asks_for() {
        use colours::{BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION};
        for colour in [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK, GREY] {
            let contrast = 1.05 / (luminance(colour.text) + 0.05);
            assert!(contrast >= 4.5, "{colour:?}: {contrast}");
        }
    }

    #[test]
    fn thirty_arms_look_different() {
        let looks: Vec<_> = (0..30).map(arm_stroke).collect();
        for (i, a) in looks.iter().enumerate() {
            assert!(!looks[..i].contains(a), "arm {i}");
        }
    }
}
