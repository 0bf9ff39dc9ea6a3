//! Charts as data, and one function that draws them as SVG.
//!
//! A [`Chart`] holds everything that is shown, limits included; [`draw`] adds no judgement of its own. The picture has its own
//! near-white panel, so that it reads the same on light and dark pages, and the colours of Okabe and Ito, which stay apart
//! for colour-blind readers; dash patterns tell series apart without any colour.

mod arrange;
mod canvas;
mod dash;
mod draw;
mod grid;
mod labels;
mod layout;
mod legend;
mod limits;
mod mapping;
mod model;
mod palette;
mod plot;
mod text;
mod thin;
mod tick_labels;
mod ticks;

pub use draw::{WIDTH, draw};
pub(crate) use limits::quantile;
pub use limits::{covering, loss_limits, outlier_limits};
pub use model::{
    Axis, Band, Chart, ChartError, Dash, Marker, Marks, Naming, Note, Panel, Scale, Series, Shape, Stroke, Ticks,
};
pub use palette::{Colour, arm_stroke, colours};
