//! Which examples feed which update, and how their pixels become network input.
//!
//! Everything here is a pure function of the data set, the specification, the run's seed and the step, so that a resumed run
//! needs no generator state.

mod batches;
mod error;
mod feed;
mod normalize;
mod order;
mod split;

pub use batches::{BatchPlan, Place};
pub use error::DataError;
pub use feed::{Batch, Feed};
pub use normalize::{Normalizer, Value};
pub use order::{Order, epoch_order};
pub use split::Split;
