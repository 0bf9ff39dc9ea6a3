//! PNG pictures into planes of bytes.

use std::io::{BufRead, Cursor, Seek};
use std::iter;
use std::sync::{Mutex, PoisonError};
use std::thread;

use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder, Limits};

use crate::error::Problem;
use crate::expected::Expected;

/// Threads that decode at once, at most.
const MOST_THREADS: usize = 8;
/// Pictures that are not worth a thread.
const FEW: usize = 64;

/// Decodes a PNG of exactly `width`×`height` pixels, grey for one channel and RGB for three, into `out`: the rows from the
/// top, the channels of a pixel side by side.
fn decode(
    png: impl BufRead + Seek,
    row: usize,
    (width, height, channels): (usize, usize, usize),
    out: &mut [u8],
) -> Result<(), Problem> {
    let broken = |error| Problem::Picture { row, source: Box::new(error) };
    let mut limits = Limits::default();
    limits.max_alloc = Some(16 << 20);
    let decoder = PngDecoder::with_limits(png, limits).map_err(broken)?;
    let kind = if channels == 1 { ColorType::L8 } else { ColorType::Rgb8 };
    let (size, color) = (decoder.dimensions(), decoder.color_type());
    if size != (width as u32, height as u32) || color != kind {
        let found = format!("{}×{} {color:?}", size.0, size.1);
        return Err(Problem::PictureKind { row, found, expected: format!("{width}×{height} {kind:?}") });
    }
    decoder.read_image(out).map_err(broken)
}

/// Decodes one PNG into the planes of one picture.
fn decode_picture(png: &[u8], row: usize, expected: &Expected, planes: &mut [u8]) -> Result<(), Problem> {
    let &Expected { channels, height, width, .. } = expected;
    if channels == 1 {
        return decode(Cursor::new(png), row, (width, height, channels), planes);
    }
    let mut pixels = vec![0; planes.len()];
    decode(Cursor::new(png), row, (width, height, channels), &mut pixels)?;
    to_planes(&pixels, channels, planes);
    Ok(())
}

/// Pixels with their channels side by side into one plane per channel.
fn to_planes(pixels: &[u8], channels: usize, planes: &mut [u8]) {
    let plane = planes.len() / channels;
    for (channel, plane) in planes.chunks_exact_mut(plane).enumerate() {
        for (pixel, out) in pixels.iter().skip(channel).step_by(channels).zip(plane) {
            *out = *pixel;
        }
    }
}

/// Decodes one PNG per picture, on several threads. `first` is the number of the first picture, for messages.
pub(crate) fn decode_all<P: AsRef<[u8]> + Sync>(
    pngs: &[P],
    first: usize,
    expected: &Expected,
    planes: &mut [u8],
) -> Result<(), Problem> {
    if pngs.len() < FEW {
        return decode_share(pngs, first, expected, planes);
    }
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let share = pngs.len().div_ceil(threads);
    let shares = Mutex::new(pngs.chunks(share).zip(planes.chunks_mut(share * expected.picture())).enumerate());
    let next = || shares.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let decoded = |(nth, (pngs, planes))| (nth, decode_share(pngs, first + nth * share, expected, planes));
        iter::from_fn(next).map(decoded).collect::<Vec<_>>()
    };
    let mut results = thread::scope(|scope| {
        // Where the machine has no room for another thread, those that are there do its share.
        let others = (1..threads).map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok());
        let others: Vec<_> = others.collect();
        let mut results = work();
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    results.sort_by_key(|(nth, _)| *nth);
    results.into_iter().try_for_each(|(_, result)| result)
}

fn decode_share<P: AsRef<[u8]>>(
    pngs: &[P],
    first: usize,
    expected: &Expected,
    planes: &mut [u8],
) -> Result<(), Problem> {
    let pictures = planes.chunks_exact_mut(expected.picture());
    let mut rows = pngs.iter().zip(pictures).enumerate();
    rows.try_for_each(|(row, (png, planes))| decode_picture(png.as_ref(), first + row, expected, planes))
}

/// Decodes a sheet: one PNG whose rows are the pictures, each row a picture's pixels from its top left corner.
pub(crate) fn decode_sheet(png: &[u8], expected: &Expected, planes: &mut [u8]) -> Result<(), Problem> {
    let size = (expected.plane(), expected.count, expected.channels);
    let mut pixels = vec![0; planes.len()];
    decode(Cursor::new(png), 0, size, &mut pixels)?;
    let pictures = pixels.chunks_exact(expected.picture()).zip(planes.chunks_exact_mut(expected.picture()));
    pictures.for_each(|(pixels, planes)| to_planes(pixels, expected.channels, planes));
    Ok(())
}
