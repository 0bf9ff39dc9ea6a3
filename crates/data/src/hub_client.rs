//! The hub's client, kept from hanging.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use candle_datasets::hub::Error as Opening;
use hf_hub::progress::{DownloadEvent, ProgressEvent, ProgressHandler};
use hf_hub::{HFClient, HFClientSync, HFError, HFRepositorySync, RepoTypeDataset, split_id};
use parquet::file::reader::SerializedFileReader;

use crate::guarded::guarded;
use crate::hub::{REVISION, Repository, chain};
use crate::locations::Locations;
use crate::parquet_file;
use crate::progress::{Phase, Reporter};

/// Tries after the first that failed; the client waits 0.2 s before the first of them and then twice as long each time.
const RETRIES: usize = 2;

/// A client of the hub.
pub(crate) struct Hub {
    settings: HFClient,
    client: HFClientSync,
}

impl Hub {
    pub fn new(locations: &Locations) -> Result<Self, HFError> {
        let mut builder = HFClient::builder().retry_max_attempts(RETRIES);
        if let Some(folder) = &locations.hub_cache {
            builder = builder.cache_dir(folder);
        }
        if let Some(endpoint) = &locations.hub_endpoint {
            builder = builder.endpoint(endpoint);
        }
        let settings = builder.build()?;
        Ok(Self { client: HFClientSync::from_inner(settings.clone())?, settings })
    }

    pub fn cache_dir(&self) -> &Path {
        self.settings.cache_dir()
    }

    pub fn endpoint(&self) -> &str {
        self.settings.endpoint()
    }

    fn repository(&self, repository: &Repository) -> HFRepositorySync<RepoTypeDataset> {
        let (owner, name) = split_id(repository.id);
        self.client.dataset(owner, name)
    }
}

/// Why nothing came from the hub.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}", of_hub(.0))]
    Hub(#[from] HFError),
    #[error("{}", chain(.0))]
    DataSets(#[from] Opening),
    #[error("no byte came for {} s: the network is cut off, or slow", .0.as_secs_f64())]
    Silent(Duration),
    #[error("cannot start a thread for the client: {0}")]
    Thread(std::io::Error),
    #[error("the client stopped without a result")]
    Stopped,
}

/// The client's message repeats the address and says little else when the hub cannot be reached; the cause says it all.
fn of_hub(error: &HFError) -> String {
    let HFError::Request { source, .. } = error else { return chain(error) };
    let what = if source.is_connect() { "cannot be reached" } else { "the transfer failed" };
    let cause = std::error::Error::source(source).map(chain);
    cause.map_or_else(|| chain(error), |cause| format!("{what}: {cause}"))
}

enum News {
    Bytes { file: String, done: u64, total: Option<u64> },
    End(Result<Vec<SerializedFileReader<File>>, Failure>),
}

/// Downloads the files into the hub's cache and opens them. A hub that is silent for longer than `patience` is given up; its
/// thread is left behind, since nothing can stop it, and ends with the process.
pub(crate) fn download(
    hub: Hub,
    repository: Repository,
    patience: Duration,
    reporter: &mut Reporter<'_>,
) -> Result<Vec<SerializedFileReader<File>>, Failure> {
    let (sender, news) = mpsc::channel();
    reporter.report(Phase::Downloading, repository.id, 0, None);
    let fetching = thread::Builder::new().name("hub".into()).spawn(move || {
        let result = fetch(&hub, &repository, &sender);
        // A receiver that has given up wants no result.
        drop(sender.send(News::End(result)));
    });
    fetching.map_err(Failure::Thread)?;
    let mut state = (String::new(), 0);
    let mut last_byte = Instant::now();
    loop {
        match news.recv_timeout(patience.saturating_sub(last_byte.elapsed())) {
            Ok(News::End(result)) => return result,
            Ok(News::Bytes { file, done, total }) => {
                if file != state.0 || done > state.1 {
                    last_byte = Instant::now();
                    reporter.report(Phase::Downloading, &file, done, total);
                    state = (file, done);
                } else if last_byte.elapsed() >= patience {
                    return Err(Failure::Silent(patience));
                }
            }
            Err(RecvTimeoutError::Timeout) => return Err(Failure::Silent(patience)),
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::Stopped),
        }
    }
}

/// The files come one by one with the client's progress, which candle-datasets' `from_hub` does not pass on; `from_hub` then
/// finds them in the cache, and opens them.
fn fetch(hub: &Hub, repository: &Repository, news: &Sender<News>) -> Result<Vec<SerializedFileReader<File>>, Failure> {
    for file in [repository.train, repository.test] {
        let watch = Watch { file: file.to_owned(), news: news.clone() };
        let path =
            hub.repository(repository).download_file().filename(file).revision(REVISION).progress(watch).send()?;
        // What comes from `from_hub` cannot be looked through any more.
        parquet_file::open(File::open(path).map_err(Opening::from)?).map_err(Opening::from)?;
    }
    Ok(guarded(|| candle_datasets::hub::from_hub(&hub.client, repository.id.to_owned()))?)
}

/// Passes the client's progress on.
struct Watch {
    file: String,
    news: Sender<News>,
}

impl ProgressHandler for Watch {
    fn on_progress(&self, event: &ProgressEvent) {
        let ProgressEvent::Download(event) = event else { return };
        let (done, total) = match event {
            DownloadEvent::Start { total_bytes, .. } => (0, *total_bytes),
            DownloadEvent::AggregateProgress { bytes_completed, total_bytes, .. } => (*bytes_completed, *total_bytes),
            DownloadEvent::Progress { files } => match files.iter().max_by_key(|file| file.bytes_completed) {
                Some(file) => (file.bytes_completed, file.total_bytes),
                None => return,
            },
            DownloadEvent::Complete => return,
        };
        let total = Some(total).filter(|&total| total > 0);
        // A receiver that has given up wants no news.
        drop(self.news.send(News::Bytes { file: self.file.clone(), done, total }));
    }
}
