/// Why an optimizer cannot be built or cannot do an update.
#[derive(Debug, thiserror::Error)]
pub enum OptimizerError {
    /// A setting out of range.
    #[error("{name} = {value} must be {range}")]
    Setting {
        /// The setting.
        name: String,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// Nesterov's momentum as PyTorch refuses it.
    #[error("nesterov needs momentum above 0 and dampening 0, got momentum = {momentum} and dampening = {dampening}")]
    Nesterov {
        /// The momentum.
        momentum: f64,
        /// The dampening.
        dampening: f64,
    },
    /// A parameter in no group.
    #[error("parameter {parameter:?} matches no group ({groups}): add a last group with parameters = [\"*\"]")]
    Unmatched {
        /// The parameter.
        parameter: String,
        /// Names of the groups.
        groups: String,
    },
    /// A group without parameters.
    #[error("group {group:?} holds no parameter: {reason}; the parameters are {parameters}")]
    EmptyGroup {
        /// The group.
        group: String,
        /// Whether nothing matches or earlier groups took everything.
        reason: String,
        /// Names of the parameters.
        parameters: String,
    },
    /// Rates for another number of groups.
    #[error("the schedule gives rates for {found} groups, but there are {expected}")]
    Groups {
        /// Rates given.
        found: usize,
        /// Groups.
        expected: usize,
    },
    /// Gradients for another number of parameters.
    #[error("{found} gradients for {expected} parameters")]
    Gradients {
        /// Gradients given.
        found: usize,
        /// Parameters.
        expected: usize,
    },
    /// The update of a parameter failed.
    #[error("{parameter}: {source}")]
    Update {
        /// The parameter.
        parameter: String,
        /// The cause.
        source: candle_core::Error,
    },
}
