use lrscope_runner::spec::ModelSpec;

use super::{CaffeFull, CaffeQuick, LeNet, Mlp, ModelError, Network, ParameterSet, Problem, ResNet9, ResNet20};

/// The network that a specification names.
///
/// # Errors
/// When it does not fit the pictures, is too large, or is none of the built-in ones.
pub fn build(spec: &ModelSpec, set: &mut ParameterSet, problem: Problem) -> Result<Box<dyn Network>, ModelError> {
    Ok(match spec {
        ModelSpec::Mlp { hidden, dropout } => Box::new(Mlp::new(set, problem, hidden, *dropout)?),
        ModelSpec::Lenet {} => Box::new(LeNet::new(set, problem)?),
        ModelSpec::CaffeQuick {} => Box::new(CaffeQuick::new(set, problem)?),
        ModelSpec::CaffeFull {} => Box::new(CaffeFull::new(set, problem)?),
        ModelSpec::Resnet20 {} => Box::new(ResNet20::new(set, problem)?),
        ModelSpec::Resnet9 { width } => Box::new(ResNet9::new(set, problem, *width)?),
        ModelSpec::Own { name } => return Err(ModelError::Own(name.clone())),
    })
}
