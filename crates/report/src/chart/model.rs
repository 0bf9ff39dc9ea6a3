//! What a chart holds.

use super::palette::Colour;

/// A picture: one or more panels above each other that share the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What the reader should take away.
    pub title: String,
    /// How to read it: what is bold, what is thin; may be empty.
    pub subtitle: String,
    /// Horizontal axis of all panels.
    pub x: Axis,
    /// Shaded ranges of x, through all panels.
    pub bands: Vec<Band>,
    /// Vertical lines with a label above, through all panels.
    pub markers: Vec<Marker>,
    /// From top to bottom.
    pub panels: Vec<Panel>,
}

/// One coordinate system.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Vertical axis.
    pub y: Axis,
    /// Height of the plotting area in pixels.
    pub height: f64,
    /// Lines, the later ones on top.
    pub series: Vec<Series>,
    /// Points, above the lines.
    pub marks: Vec<Marks>,
    /// Text to the right of the plotting area.
    pub notes: Vec<Note>,
}

/// An axis with its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Quantity and unit; may be empty.
    pub label: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Value at the left or lower end.
    pub low: f64,
    /// Value at the right or upper end; above `low`.
    pub high: f64,
    /// What stands at the ticks.
    pub ticks: Ticks,
}

/// How values map to positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally long.
    Linear,
    /// Equal ratios are equally long.
    Log,
}

/// What stands at an axis' ticks.
#[derive(Debug, Clone, PartialEq)]
pub enum Ticks {
    /// Round numbers.
    Numbers,
    /// Whole numbers only.
    Counts,
    /// These names at these places.
    Names(Vec<(f64, String)>),
}

/// A shaded range of x.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// One end.
    pub from: f64,
    /// The other end.
    pub to: f64,
    /// Its colour, drawn thin enough for lines to show through.
    pub colour: Colour,
}

/// A vertical line.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// Where.
    pub x: f64,
    /// Text above the line.
    pub label: String,
    /// How it is drawn.
    pub stroke: Stroke,
}

/// A line through points; a point that is NaN leaves a gap, an infinite one runs off the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Where its name stands, if anywhere.
    pub naming: Naming,
    /// Points by ascending x.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub stroke: Stroke,
    /// Whether a triangle marks where it leaves the chart upwards or downwards.
    pub mark_exits: bool,
}

/// Where a series' name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// Nowhere: another series or the subtitle speaks for it.
    None,
    /// In the legend above the chart.
    Legend(String),
    /// At the line's right end where that fits, else in the legend.
    End(String),
}

/// Points of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// Name for the legend.
    pub name: Option<String>,
    /// Where; a point beyond the limits sits at the edge as a triangle that points outwards.
    pub points: Vec<(f64, f64)>,
    /// What a point looks like.
    pub shape: Shape,
    /// Radius in pixels.
    pub radius: f64,
    /// Colour.
    pub colour: Colour,
    /// Opacity in (0, 1].
    pub opacity: f64,
}

/// What a point looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Filled circle.
    Disc,
    /// Filled diamond.
    Diamond,
    /// Saltire.
    Cross,
    /// Upright bar.
    Bar,
    /// Triangle pointing up.
    Up,
    /// Triangle pointing down.
    Down,
    /// Triangle pointing left.
    Left,
    /// Triangle pointing right.
    Right,
}

/// Text to the right of the plotting area.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Height it belongs to; it is moved where notes would overlap.
    pub y: f64,
    /// What it says.
    pub text: String,
    /// Colour of the text.
    pub colour: Colour,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub colour: Colour,
    /// Width in pixels.
    pub width: f64,
    /// Opacity in (0, 1].
    pub opacity: f64,
    /// Dash pattern.
    pub dash: Dash,
}

/// A dash pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dash {
    /// No gaps.
    Solid,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dash, dot, dash, dot.
    DashDot,
    /// Long dashes.
    Long,
}

/// Why a chart cannot be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChartError {
    /// The ends of an axis are no interval.
    #[error(
        "the axis {axis:?} runs from {low} to {high}; it needs two finite ends, the lower one first, and above 0 where it is logarithmic"
    )]
    Limits {
        /// The axis' label.
        axis: String,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// A chart without panels, or with a panel of no or absurd height.
    #[error("the panels of the chart {title:?} are {height} pixels high; 40 to {highest} can be drawn")]
    Height {
        /// The chart's title.
        title: String,
        /// Sum of its panels' heights.
        height: f64,
        /// The most that is drawn.
        highest: f64,
    },
    /// The drawing library refused.
    #[error("the picture cannot be written: {0}")]
    Backend(String),
}

/// The most pixels that a chart's panels may be high together.
const HIGHEST: f64 = 20_000.0;

impl Chart {
    pub(super) fn check(&self) -> Result<(), ChartError> {
        let height: f64 = self.panels.iter().map(|panel| panel.height).sum();
        if !(40.0..=HIGHEST).contains(&height) {
            return Err(ChartError::Height { title: self.title.clone(), height, highest: HIGHEST });
        }
        self.x.check()?;
        self.panels.iter().try_for_each(|panel| panel.y.check())
    }
}

impl Axis {
    fn check(&self) -> Result<(), ChartError> {
        let positive = self.scale == Scale::Linear || self.low > 0.0;
        if self.low < self.high && (self.high - self.low).is_finite() && positive {
            return Ok(());
        }
        Err(ChartError::Limits { axis: self.label.clone(), low: self.low, high: self.high })
    }
}

impl Series {
    /// An unnamed line that leaves the chart without a mark.
    pub fn plain(points: Vec<(f64, f64)>, stroke: Stroke) -> Self {
        Self { naming: Naming::None, points, stroke, mark_exits: false }
    }

    /// A line named at its end, with a mark where it leaves the chart.
    pub fn named(name: impl Into<String>, points: Vec<(f64, f64)>, stroke: Stroke) -> Self {
        Self { naming: Naming::End(name.into()), points, stroke, mark_exits: true }
    }
}

impl Stroke {
    /// A solid, opaque line.
    pub fn solid(colour: Colour, width: f64) -> Self {
        Self { colour, width, opacity: 1.0, dash: Dash::Solid }
    }

    /// The same line with an opacity in (0, 1].
    #[must_use]
    pub fn opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }

    /// The same line with a dash pattern.
    #[must_use]
    pub fn dash(self, dash: Dash) -> Self {
        Self { dash, ..self }
    }

    /// The same line with a width in pixels.
    #[must_use]
    pub fn width(self, width: f64) -> Self {
        Self { width, ..self }
    }
}
