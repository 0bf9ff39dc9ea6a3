use std::ops::Range;
use std::sync::Arc;

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Tensor};
use lrscope_data::{DataSet, Images};
use lrscope_runner::learner::Subset;
use lrscope_runner::random::Seed;
use lrscope_runner::spec::DataSpec;

use super::normalize::Value;
use super::{DataError, Normalizer, Order, Split};

/// Largest subset, in bytes of network input, that a GPU keeps for the whole run.
const RESIDENT_BYTES: usize = 2 << 30;

/// Examples on the run's device.
#[derive(Debug)]
pub struct Batch {
    /// Pictures, \[n, channels, height, width\], in the run's type.
    pub input: Tensor,
    /// Labels, \[n\], u32.
    pub labels: Tensor,
}

/// Turns places in a subset into network input.
///
/// On the CPU the bytes are converted batch by batch, each size of batch in a buffer of its own that the next batch of that
/// size overwrites. On a GPU a subset is converted once and stays there, if it is not too large.
pub struct Feed {
    data: Arc<DataSet>,
    split: Split,
    test: Vec<u32>,
    normalizer: Normalizer,
    order: Order,
    dtype: DType,
    device: Device,
    buffers: Vec<Tensor>,
    /// Largest subset, in bytes of network input, that stays on the device.
    resident_bytes: usize,
    resident: Vec<(Subset, Batch)>,
    resident_order: Option<(u64, Tensor)>,
}

impl Feed {
    /// The feed of a run.
    ///
    /// # Errors
    /// When the arrays of `data` do not fit together, or the split is impossible.
    pub fn new(
        data: Arc<DataSet>,
        spec: &DataSpec,
        seed: Seed,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, DataError> {
        check(&data)?;
        let split = Split::new(data.train.count, spec.validation, spec.train_limit)?;
        Ok(Self {
            normalizer: Normalizer::new(spec.normalization, &data.train, &split.train),
            order: Order::new(seed, split.train.len()),
            test: (0..data.test.count as u32).collect(),
            split,
            data,
            dtype,
            device: device.clone(),
            buffers: Vec::new(),
            resident_bytes: if device.is_cpu() { 0 } else { RESIDENT_BYTES },
            resident: Vec::new(),
            resident_order: None,
        })
    }

    /// Keeps every subset on the device, whatever it is, so that tests can compare both ways.
    #[cfg(test)]
    pub(crate) fn keep_all(&mut self) {
        self.resident_bytes = usize::MAX;
    }

    /// Examples in a subset.
    pub fn len(&self, subset: Subset) -> usize {
        self.places(subset).len()
    }

    /// Labels at `range` of a subset's own order.
    pub fn labels(&self, subset: Subset, range: Range<usize>) -> impl Iterator<Item = u8> {
        let images = self.images(subset);
        self.places(subset)[range].iter().map(|&place| images.labels[place as usize])
    }

    /// The examples at `range` of an epoch's order.
    pub fn training(&mut self, epoch: u64, range: Range<usize>) -> Result<Batch, DataError> {
        if self.fits(Subset::Train) {
            return self.training_from_device(epoch, range);
        }
        let order = &self.order.of(epoch)[range];
        let places: Vec<u32> = order.iter().map(|&place| self.split.train[place as usize]).collect();
        self.convert(Subset::Train, &places)
    }

    /// The examples at `range` of a subset, in the subset's own order.
    pub fn in_order(&mut self, subset: Subset, range: Range<usize>) -> Result<Batch, DataError> {
        if self.fits(subset) {
            let all = self.keep(subset)?;
            return Ok(Batch {
                input: all.input.narrow(0, range.start, range.len())?,
                labels: all.labels.narrow(0, range.start, range.len())?,
            });
        }
        let places = self.places(subset)[range].to_vec();
        self.convert(subset, &places)
    }

    fn places(&self, subset: Subset) -> &[u32] {
        match subset {
            Subset::Train => &self.split.train,
            Subset::Validation => &self.split.validation,
            Subset::Test => &self.test,
        }
    }

    fn images(&self, subset: Subset) -> &Images {
        match subset {
            Subset::Train | Subset::Validation => &self.data.train,
            Subset::Test => &self.data.test,
        }
    }

    fn shape(&self, subset: Subset, count: usize) -> (usize, usize, usize, usize) {
        let images = self.images(subset);
        (count, images.channels, images.height, images.width)
    }

    fn convert(&mut self, subset: Subset, places: &[u32]) -> Result<Batch, DataError> {
        let labels: Vec<u32> =
            places.iter().map(|&place| u32::from(self.images(subset).labels[place as usize])).collect();
        let buffer = self.buffer(subset, places.len())?;
        buffer.inplace_op1(&Fill { images: self.images(subset), places, normalizer: &self.normalizer })?;
        Ok(Batch {
            input: buffer.to_device(&self.device)?,
            labels: Tensor::from_vec(labels, places.len(), &self.device)?,
        })
    }

    /// The host buffer for batches of `count` examples.
    fn buffer(&mut self, subset: Subset, count: usize) -> Result<Tensor, DataError> {
        let shape = self.shape(subset, count);
        let same = |buffer: &&Tensor| buffer.dims()[0] == count;
        if let Some(buffer) = self.buffers.iter().find(same) {
            return Ok(buffer.clone());
        }
        let buffer = Tensor::zeros(shape, self.dtype, &Device::Cpu)?;
        self.buffers.push(buffer.clone());
        Ok(buffer)
    }

    fn fits(&self, subset: Subset) -> bool {
        let (count, channels, height, width) = self.shape(subset, self.len(subset));
        let bytes = count * channels * height * width * self.dtype.size_in_bytes();
        bytes <= self.resident_bytes
    }

    fn training_from_device(&mut self, epoch: u64, range: Range<usize>) -> Result<Batch, DataError> {
        let order = match &self.resident_order {
            Some((known, order)) if *known == epoch => order.clone(),
            _ => Tensor::new(self.order.of(epoch), &self.device)?,
        };
        self.resident_order = Some((epoch, order.clone()));
        let places = order.narrow(0, range.start, range.len())?;
        let all = self.keep(Subset::Train)?;
        Ok(Batch { input: all.input.index_select(&places, 0)?, labels: all.labels.index_select(&places, 0)? })
    }

    /// A whole subset on the device, put there the first time.
    fn keep(&mut self, subset: Subset) -> Result<&Batch, DataError> {
        let known = self.resident.iter().position(|(name, _)| *name == subset);
        let place = if let Some(place) = known {
            place
        } else {
            let batch = self.upload(subset)?;
            self.resident.push((subset, batch));
            self.resident.len() - 1
        };
        Ok(&self.resident[place].1)
    }

    fn upload(&mut self, subset: Subset) -> Result<Batch, DataError> {
        const CHUNK: usize = 4096;
        let places = self.places(subset).to_vec();
        let shape = self.shape(subset, places.len());
        let input = Tensor::zeros(shape, self.dtype, &self.device)?;
        let labels = Tensor::zeros(places.len(), DType::U32, &self.device)?;
        for (number, chunk) in places.chunks(CHUNK).enumerate() {
            let part = self.convert(subset, chunk)?;
            input.slice_set(&part.input, 0, number * CHUNK)?;
            labels.slice_set(&part.labels, 0, number * CHUNK)?;
        }
        self.buffers.clear();
        Ok(Batch { input, labels })
    }
}

/// Overwrites a host buffer with the pictures at `places`.
struct Fill<'a> {
    images: &'a Images,
    places: &'a [u32],
    normalizer: &'a Normalizer,
}

impl Fill<'_> {
    fn fill<T: Value>(&self, out: &mut [T]) {
        let size = self.images.channels * self.images.height * self.images.width;
        for (out, &place) in out.chunks_exact_mut(size).zip(self.places) {
            let first = place as usize * size;
            self.normalizer.write(&self.images.pixels[first..first + size], out);
        }
    }
}

impl InplaceOp1 for Fill<'_> {
    fn name(&self) -> &'static str {
        "fill-batch"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> candle_core::Result<()> {
        match storage {
            CpuStorage::F32(out) => self.fill(out),
            CpuStorage::F64(out) => self.fill(out),
            _ => candle_core::bail!("fill-batch: only f32 and f64 can be filled"),
        }
        Ok(())
    }
}

/// Checks that a data set's arrays fit together, so that nothing later can index past them.
fn check(data: &DataSet) -> Result<(), DataError> {
    check_part(data, "train", &data.train)?;
    check_part(data, "test", &data.test)?;
    let [train, test] = [&data.train, &data.test].map(|images| [images.channels, images.height, images.width]);
    if train == test || data.test.count == 0 {
        return Ok(());
    }
    Err(DataError::Parts { name: data.name.to_string(), train, test })
}

fn check_part(data: &DataSet, part: &'static str, images: &Images) -> Result<(), DataError> {
    let picture = images.channels as u128 * images.height as u128 * images.width as u128;
    let needed = picture * images.count as u128;
    let fits = images.pixels.len() as u128 == needed && images.labels.len() == images.count;
    if !fits || picture == 0 || u32::try_from(images.count).is_err() {
        return Err(DataError::Shape {
            name: data.name.to_string(),
            part,
            count: images.count,
            channels: images.channels,
            height: images.height,
            width: images.width,
            needed,
            pixels: images.pixels.len(),
            labels: images.labels.len(),
        });
    }
    let classes = data.name.facts().classes;
    match images.labels.iter().position(|&label| usize::from(label) >= classes) {
        None => Ok(()),
        Some(picture) => {
            let label = images.labels[picture];
            Err(DataError::Label { name: data.name.to_string(), part, label, picture, classes })
        }
    }
}
