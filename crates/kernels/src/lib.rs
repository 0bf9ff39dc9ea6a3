//! Differentiable operations that are right and fast, each with a twin composed of candle's own.
