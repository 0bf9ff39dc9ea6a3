//! Models, optimizers and the candle learner behind the runner's Learner trait.
