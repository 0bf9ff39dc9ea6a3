//! Networks: the open [`Network`] trait, the parameters that it is built from, and the built-in ones.

mod build;
mod caffe_full;
mod caffe_quick;
mod conv_norm;
mod dropout;
mod error;
mod layers;
mod lenet;
mod mlp;
mod network;
mod parameters;
mod pooling;
mod resnet20;
mod resnet9;

pub use build::build;
pub use caffe_full::CaffeFull;
pub use caffe_quick::CaffeQuick;
pub use conv_norm::{ConvNorm, ConvNormParams, Fans};
pub use dropout::Dropout;
pub use error::ModelError;
pub use layers::{Conv2d, Linear, Start};
pub use lenet::LeNet;
pub use mlp::Mlp;
pub use network::{Network, Pass, Planes, Problem};
pub use parameters::{Parameter, ParameterSet};
pub use resnet9::ResNet9;
pub use resnet20::ResNet20;
