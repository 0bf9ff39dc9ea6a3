//! Networks: the open [`Network`] trait, the parameters that it is built from, and the built-in ones.

mod build;
mod caffe_quick;
mod conv_norm;
mod error;
mod layers;
mod lenet;
mod mlp;
mod network;
mod parameters;
mod resnet9;

pub use build::build;
pub use caffe_quick::CaffeQuick;
pub use conv_norm::{ConvNorm, ConvNormParams, Fans};
pub use error::ModelError;
pub use layers::{Conv2d, Linear};
pub use lenet::LeNet;
pub use mlp::Mlp;
pub use network::{Network, Pass, Planes, Problem};
pub use parameters::{Parameter, ParameterSet};
pub use resnet9::ResNet9;
