//! Settings of local response normalisation.

/// Settings of a local response normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalResponseNormParams {
    /// Which numbers are neighbours.
    pub region: LrnRegion,
    /// Numbers in a neighbourhood, along each of its dimensions.
    pub size: usize,
    /// Weight of the mean square.
    pub alpha: f64,
    /// Power of the divisor.
    pub beta: f64,
    /// What is added to the mean square; Caffe has 1 within a channel.
    pub k: f64,
}

/// Where a local response normalisation finds neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LrnRegion {
    /// In `size` channels at the same pixel: PyTorch's `LocalResponseNorm`, Caffe's `ACROSS_CHANNELS`. An even size reaches one
    /// channel further back than ahead.
    AcrossChannels,
    /// In `size` × `size` pixels of the same channel: Caffe's `WITHIN_CHANNEL`.
    WithinChannel,
}

impl LocalResponseNormParams {
    /// N, the numbers of a whole neighbourhood.
    pub(crate) fn neighbours(&self) -> f64 {
        let size = self.size as f64;
        match self.region {
            LrnRegion::AcrossChannels => size,
            LrnRegion::WithinChannel => size * size,
        }
    }

    /// Neighbours before and after along a dimension; `reversed`: of those whose neighbour a number is.
    pub(crate) fn reach(&self, reversed: bool) -> (usize, usize) {
        let (before, after) = (self.size / 2, self.size.saturating_sub(1) / 2);
        if reversed { (after, before) } else { (before, after) }
    }
}
