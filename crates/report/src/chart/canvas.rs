//! The only place that knows the drawing library.
//!
//! plotters' SVG backend works in whole units. The picture is therefore drawn ten times as large as it is shown, which keeps a
//! tenth of a pixel, and the root element's size is set back at the end; the `viewBox` does the scaling. The root also
//! carries what the library cannot say: round joins, a title and a description for readers who cannot see the picture.

use plotters::prelude::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle};

use super::model::ChartError;

/// Units of the picture per pixel shown.
pub(super) const FINE: f64 = 10.0;

/// Fonts that look alike on the systems that pages are read on.
const FONTS: &str = "-apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";

/// The library divides font sizes by this (`plotters-svg`, `draw_text`).
const FONT_FACTOR: f64 = 1.24;

type Point = (f64, f64);

/// Colour and opacity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) rgb: (u8, u8, u8),
    pub(super) opacity: f64,
}

impl Ink {
    pub(super) fn opaque(rgb: (u8, u8, u8)) -> Self {
        Self { rgb, opacity: 1.0 }
    }

    fn style(self, width: f64, filled: bool) -> ShapeStyle {
        let (r, g, b) = self.rgb;
        ShapeStyle { color: RGBAColor(r, g, b, self.opacity), filled, stroke_width: (width * FINE).round() as u32 }
    }
}

/// How a piece of text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lettering {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) rgb: (u8, u8, u8),
    pub(super) anchor: Anchor,
}

/// Which point of a text is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture under construction; positions are pixels from the top left.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

fn unit(at: Point) -> (i32, i32) {
    ((at.0 * FINE).round() as i32, (at.1 * FINE).round() as i32)
}

fn failed(error: impl std::fmt::Display) -> ChartError {
    ChartError::Backend(error.to_string())
}

impl Canvas<'_> {
    pub(super) fn line(&mut self, points: &[Point], ink: Ink, width: f64) -> Result<(), ChartError> {
        let mut units: Vec<_> = points.iter().map(|point| unit(*point)).collect();
        units.dedup();
        let style = ink.style(width, false);
        self.backend.draw_path(units, &style).map_err(failed)
    }

    pub(super) fn area(&mut self, corners: &[Point], ink: Ink) -> Result<(), ChartError> {
        let units: Vec<_> = corners.iter().map(|corner| unit(*corner)).collect();
        let style = ink.style(0.0, true);
        self.backend.fill_polygon(units, &style).map_err(failed)
    }

    pub(super) fn rectangle(&mut self, from: Point, to: Point, ink: Ink) -> Result<(), ChartError> {
        let style = ink.style(0.0, true);
        self.backend.draw_rect(unit(from), unit(to), &style, true).map_err(failed)
    }

    pub(super) fn disc(&mut self, centre: Point, radius: f64, ink: Ink) -> Result<(), ChartError> {
        let radius = (radius * FINE).round() as u32;
        let style = ink.style(0.0, true);
        self.backend.draw_circle(unit(centre), radius, &style, true).map_err(failed)
    }

    /// One line of text, its middle at the height of `at`.
    pub(super) fn text(&mut self, text: &str, at: Point, how: Lettering) -> Result<(), ChartError> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let (r, g, b) = how.rgb;
        let weight = if how.bold { FontStyle::Bold } else { FontStyle::Normal };
        let size = how.size * FINE * FONT_FACTOR;
        let horizontal = match how.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let colour = RGBAColor(r, g, b, 1.0);
        let style = TextStyle::from(FontDesc::new(FontFamily::Name(FONTS), size, weight))
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Center));
        self.backend.draw_text(text, &style, unit(at)).map_err(failed)
    }
}

/// Draws a picture of the given size in pixels; `title` and `description` are for readers who cannot see it.
pub(super) fn picture(
    size: (f64, f64),
    title: &str,
    description: &str,
    draw: impl FnOnce(&mut Canvas) -> Result<(), ChartError>,
) -> Result<String, ChartError> {
    let mut svg = String::new();
    let fine = ((size.0 * FINE) as u32, (size.1 * FINE) as u32);
    let mut canvas = Canvas { backend: SVGBackend::with_string(&mut svg, fine) };
    draw(&mut canvas)?;
    canvas.backend.present().map_err(failed)?;
    drop(canvas);
    let (_, content) =
        svg.split_once('\n').ok_or_else(|| ChartError::Backend("the library wrote no picture".into()))?;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         stroke-linejoin=\"round\" stroke-linecap=\"round\">\n<title>{}</title>\n<desc>{}</desc>\n{content}",
        size.0,
        size.1,
        fine.0,
        fine.1,
        escaped(title),
        escaped(description),
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
