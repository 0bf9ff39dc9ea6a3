use lrscope_data::Images;
use lrscope_runner::spec::Normalization;

/// A type of network input.
pub trait Value: Copy {
    /// `value`, rounded to this type.
    fn rounded(value: f64) -> Self;
}

impl Value for f32 {
    fn rounded(value: f64) -> Self {
        value as Self
    }
}

impl Value for f64 {
    fn rounded(value: f64) -> Self {
        value
    }
}

/// How pixels (bytes) become network input; every value is computed in f64 and then rounded once to the run's type.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalizer(Rule);

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    /// What each of the 256 pixel values becomes, channel by channel.
    PerChannel(Vec<[f64; 256]>),
    /// The mean picture.
    MeanImage(Vec<f64>),
}

impl Normalizer {
    /// The rule `kind`, with its statistics taken over the training examples alone (places in `images`).
    ///
    /// `Standard` uses the population's standard deviation; a channel that never varies is only centred.
    pub fn new(kind: Normalization, images: &Images, training: &[u32]) -> Self {
        match kind {
            Normalization::Unit => Self(Rule::PerChannel(vec![table(0.0, 1.0); images.channels])),
            Normalization::Standard => {
                let channels = moments(images, training);
                let tables = channels.iter().map(|&(mean, deviation)| table(mean, deviation));
                Self(Rule::PerChannel(tables.collect()))
            }
            Normalization::MeanImage => Self(Rule::MeanImage(mean_image(images, training))),
        }
    }

    /// Writes one picture, channel after channel.
    pub fn write<T: Value>(&self, picture: &[u8], out: &mut [T]) {
        match &self.0 {
            Rule::PerChannel(tables) => {
                let plane = (picture.len() / tables.len().max(1)).max(1);
                let planes = picture.chunks_exact(plane).zip(out.chunks_exact_mut(plane));
                for (table, (pixels, out)) in tables.iter().zip(planes) {
                    for (out, pixel) in out.iter_mut().zip(pixels) {
                        *out = T::rounded(table[usize::from(*pixel)]);
                    }
                }
            }
            Rule::MeanImage(mean) => {
                for (out, (pixel, mean)) in out.iter_mut().zip(picture.iter().zip(mean)) {
                    *out = T::rounded(f64::from(*pixel) - mean);
                }
            }
        }
    }
}

/// (pixel / 255 − mean) / deviation for every pixel value.
fn table(mean: f64, deviation: f64) -> [f64; 256] {
    std::array::from_fn(|pixel| (pixel as f64 / 255.0 - mean) / deviation)
}

/// Mean and standard deviation of pixel / 255 in every channel, from exact whole-number sums.
fn moments(images: &Images, training: &[u32]) -> Vec<(f64, f64)> {
    let plane = images.height * images.width;
    let mut sums = vec![(0_u64, 0_u64); images.channels];
    for picture in pictures(images, training) {
        for ((sum, squares), pixels) in sums.iter_mut().zip(picture.chunks_exact(plane)) {
            *sum += pixels.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
            *squares += pixels.iter().map(|&pixel| u64::from(pixel).pow(2)).sum::<u64>();
        }
    }
    let count = (training.len() * plane) as u64;
    sums.into_iter().map(|(sum, squares)| moments_of(count, sum, squares)).collect()
}

fn moments_of(count: u64, sum: u64, squares: u64) -> (f64, f64) {
    let n = count as f64 * 255.0;
    // count·Σx² − (Σx)² is exact in whole numbers: no cancellation.
    let spread = u128::from(count) * u128::from(squares) - u128::from(sum).pow(2);
    let deviation = (spread as f64).sqrt() / n;
    (sum as f64 / n, if spread == 0 { 1.0 } else { deviation })
}

fn mean_image(images: &Images, training: &[u32]) -> Vec<f64> {
    let mut sums = vec![0_u64; images.channels * images.height * images.width];
    for picture in pictures(images, training) {
        for (sum, pixel) in sums.iter_mut().zip(picture) {
            *sum += u64::from(*pixel);
        }
    }
    let count = training.len() as f64;
    sums.into_iter().map(|sum| sum as f64 / count).collect()
}

fn pictures<'a>(images: &'a Images, places: &'a [u32]) -> impl Iterator<Item = &'a [u8]> {
    let size = images.channels * images.height * images.width;
    places.iter().filter_map(move |&place| images.pixels.chunks_exact(size).nth(place as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> Images {
        Images {
            count: 3,
            channels: 2,
            height: 1,
            width: 2,
            pixels: vec![0, 255, 7, 7, 51, 102, 7, 7, 9, 9, 9, 9],
            labels: vec![0, 1, 0],
        }
    }

    fn written(kind: Normalization) -> Vec<f64> {
        let images = images();
        let mut out = vec![0.0; 4];
        // The third picture is held out: its channel 1 differs, and must not count.
        Normalizer::new(kind, &images, &[1, 0]).write(&images.pixels[4..8], &mut out);
        out
    }

    #[test]
    fn unit_divides_by_255() {
        assert_eq!(written(Normalization::Unit), [0.2, 0.4, 7.0 / 255.0, 7.0 / 255.0]);
    }

    #[test]
    fn standard_has_mean_0_and_deviation_1_over_the_training_examples() {
        // Channel 0 holds 0, 1, 0.2, 0.4: mean 0.4, variance (0.16 + 0.36 + 0.04 + 0) / 4 = 0.14.
        let out = written(Normalization::Standard);
        assert!((out[0] + 0.2 / 0.14_f64.sqrt()).abs() < 1e-15, "{out:?}");
        assert!(out[1].abs() < 1e-15 && out[2..] == [0.0, 0.0], "{out:?}");
    }

    #[test]
    fn mean_image_subtracts_each_place_s_own_mean() {
        assert_eq!(written(Normalization::MeanImage), [51.0 - 25.5, 102.0 - 178.5, 0.0, 0.0]);
    }
}
