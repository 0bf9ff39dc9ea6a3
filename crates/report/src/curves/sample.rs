//! Every loss or, of very many, every n-th: limits of axes go by it.

/// The most losses that are kept.
const MOST: usize = 1 << 20;

/// A sample under construction.
#[derive(Debug)]
pub(super) struct Sample {
    values: Vec<f64>,
    stride: u64,
    seen: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { values: Vec::new(), stride: 1, seen: 0 }
    }
}

impl Sample {
    pub(super) fn push(&mut self, value: f64) {
        if self.seen.is_multiple_of(self.stride) {
            if self.values.len() == MOST {
                self.thin();
            }
            if self.seen.is_multiple_of(self.stride) {
                self.values.push(value);
            }
        }
        self.seen += 1;
    }

    /// Keeps every second value.
    fn thin(&mut self) {
        let mut index = 0_usize;
        self.values.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.stride *= 2;
    }

    pub(super) fn finish(self) -> Vec<f64> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_kept_and_of_many_every_nth() {
        for count in [0, 5, MOST, MOST + 1, 5 * MOST + 7] {
            let mut sample = Sample::default();
            (0..count).for_each(|value| sample.push(value as f64));
            let stride = count.div_ceil(MOST).next_power_of_two().max(1);
            let expected: Vec<f64> = (0..count).step_by(stride).map(|value| value as f64).collect();
            assert!(sample.finish() == expected, "{count}");
        }
    }
}
