use lrscope_runner::spec::{GroupSpec, OptimizerSpec};
use lrscope_schedule::Rates;

use super::OptimizerError;

const FRACTION: &str = "at least 0 and below 1";
const FINITE: &str = "finite and not negative";

/// Checks an optimizer's own settings.
pub(super) fn settings(spec: &OptimizerSpec) -> Result<(), OptimizerError> {
    match spec {
        OptimizerSpec::Sgd(sgd) => {
            fraction("momentum", sgd.momentum)?;
            finite("dampening", sgd.dampening)?;
            finite("weight_decay", sgd.weight_decay)?;
            if sgd.nesterov && (sgd.momentum == 0.0 || sgd.dampening != 0.0) {
                return Err(OptimizerError::Nesterov { momentum: sgd.momentum, dampening: sgd.dampening });
            }
            Ok(())
        }
        OptimizerSpec::Adam(adam) | OptimizerSpec::Adamw(adam) => {
            fraction("betas[0]", adam.betas.0)?;
            fraction("betas[1]", adam.betas.1)?;
            finite("eps", adam.eps)?;
            finite("weight_decay", adam.weight_decay)
        }
    }
}

/// Checks the factors of parameter groups.
pub(super) fn groups(groups: &[GroupSpec]) -> Result<(), OptimizerError> {
    groups.iter().try_for_each(|group| {
        finite(&format!("lr_mult of group {:?}", group.name), group.lr_mult)?;
        finite(&format!("weight_decay_mult of group {:?}", group.name), group.weight_decay_mult)
    })
}

/// Checks the rates of one update.
pub(super) fn rates(groups: &[String], rates: &Rates) -> Result<(), OptimizerError> {
    if rates.0.len() != groups.len() {
        return Err(OptimizerError::Groups { found: rates.0.len(), expected: groups.len() });
    }
    groups.iter().zip(&rates.0).try_for_each(|(group, point)| {
        if !(point.lr.is_finite() && point.lr >= 0.0) {
            return finite(&format!("learning rate of group {group:?}"), point.lr);
        }
        match point.momentum {
            Some(momentum) if !(0.0..1.0).contains(&momentum) => {
                fraction(&format!("momentum of group {group:?}"), momentum)
            }
            _ => Ok(()),
        }
    })
}

fn fraction(name: &str, value: f64) -> Result<(), OptimizerError> {
    require(name, value, (0.0..1.0).contains(&value), FRACTION)
}

fn finite(name: &str, value: f64) -> Result<(), OptimizerError> {
    require(name, value, value.is_finite() && value >= 0.0, FINITE)
}

fn require(name: &str, value: f64, holds: bool, range: &'static str) -> Result<(), OptimizerError> {
    if holds {
        return Ok(());
    }
    Err(OptimizerError::Setting { name: name.into(), value, range })
}
