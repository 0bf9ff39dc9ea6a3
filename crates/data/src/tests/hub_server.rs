//! The hub over the network, played by a small server on this machine.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::tempdir;

use super::real;
use crate::hub::{REVISION, repository};
use crate::{DataSet, Error, Locations, Name, Phase, Progress, Source, load};

/// How the server answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As the hub does.
    Right,
    /// Never.
    Silent,
    /// With the first half of every file, and then nothing.
    Stuck,
    /// With the first half of every file, and then it hangs up.
    Half,
    /// "404 not found".
    Absent,
    /// With a page that asks for a login, as a hotel's network does.
    Portal,
}

/// Serves the files below `snapshot` (empty: no files) and returns its address.
fn serve(snapshot: PathBuf, manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let snapshot = Arc::new(snapshot);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let snapshot = Arc::clone(&snapshot);
            thread::spawn(move || answer(stream, &snapshot, manner));
        }
    });
    address
}

fn answer(mut stream: TcpStream, snapshot: &Path, manner: Manner) -> Option<()> {
    let mut request = String::new();
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    reader.read_line(&mut request).ok()?;
    let mut line = String::new();
    while reader.read_line(&mut line).ok()? > 2 {
        line.clear();
    }
    let (method, path) = request.split_once(' ')?;
    let path = path.split_whitespace().next()?;
    let respond = |stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        stream
            .write_all(head.as_bytes())
            .and_then(|()| if method == "HEAD" { Ok(()) } else { stream.write_all(body) })
            .ok()
    };
    match manner {
        Manner::Silent => thread::sleep(Duration::from_mins(1)),
        Manner::Absent => respond(&mut stream, "404 Not Found", "X-Error-Code: RepoNotFound\r\n", b"{}")?,
        Manner::Portal => respond(&mut stream, "200 OK", "Content-Type: text/html\r\n", b"<html>please log in</html>")?,
        Manner::Right | Manner::Half | Manner::Stuck if path.starts_with("/api/") => {
            assert!(path.ends_with("/revision/refs%2Fconvert%2Fparquet"), "{path}");
            respond(&mut stream, "200 OK", "Content-Type: application/json\r\n", listing(snapshot).as_bytes())?;
        }
        Manner::Right | Manner::Half | Manner::Stuck => {
            let file = path.split_once("/resolve/refs%2Fconvert%2Fparquet/")?.1;
            let bytes = fs::read(snapshot.join(file)).ok()?;
            let headers = format!("ETag: \"{}\"\r\nX-Repo-Commit: {}\r\n", file.replace('/', "-"), "c".repeat(40));
            if manner == Manner::Right || method == "HEAD" {
                respond(&mut stream, "200 OK", &headers, &bytes)?;
            } else {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{headers}\r\n", bytes.len());
                stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes[..bytes.len() / 2])).ok()?;
                stream.flush().ok()?;
                thread::sleep(if manner == Manner::Stuck { Duration::from_mins(1) } else { Duration::ZERO });
            }
        }
    }
    Some(())
}

/// What the hub's API says of a repository.
fn listing(snapshot: &Path) -> String {
    let mut files = vec![".gitattributes".to_owned()];
    for config in fs::read_dir(snapshot).unwrap().flatten() {
        for split in fs::read_dir(config.path()).unwrap().flatten() {
            let name = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
            files.push(format!("{}/{}/0000.parquet", name(&config), name(&split)));
        }
    }
    let siblings: Vec<String> = files.iter().map(|file| format!("{{\"rfilename\":\"{file}\"}}")).collect();
    format!("{{\"_id\":\"1\",\"id\":\"some/set\",\"siblings\":[{}]}}", siblings.join(","))
}

/// The folder of real parquet files in the hub's cache that `HF_HOME` names.
fn snapshot(name: Name) -> Option<PathBuf> {
    let hub = real("HF_HOME")?.join("hub");
    let folders = repository(name)?.ids().map(|id| hub.join(format!("datasets--{}", id.replace('/', "--"))));
    let base = folders.into_iter().find(|folder| folder.is_dir()).unwrap();
    let commit = fs::read_to_string(base.join("refs").join(REVISION)).unwrap();
    Some(base.join("snapshots").join(commit.trim()))
}

fn locations(address: String, cache: &Path) -> Locations {
    Locations {
        hub: true,
        offline: None,
        hub_cache: Some(cache.join("hub")),
        cache_dir: Some(cache.join("lrscope")),
        hub_endpoint: Some(address),
        hub_patience: Duration::from_secs(5),
        only: Some(Source::Hub),
        ..Locations::none()
    }
}

#[test]
fn every_set_comes_over_the_network_and_is_then_cached() {
    for name in [Name::Mnist, Name::FashionMnist, Name::Cifar10] {
        let Some(snapshot) = snapshot(name) else { return };
        let cache = tempdir().unwrap();
        let mut locations = locations(serve(snapshot, Manner::Right), cache.path());
        let mut told: Vec<Progress> = Vec::new();
        let set = load(name, &locations, &mut |progress| told.push(progress)).unwrap();
        assert_eq!((set.source.source, set.data_hash().as_str()), (Source::Hub, name.facts().data_hash));
        check_progress(name, &told);
        // Now the server may be gone.
        locations.hub_endpoint = None;
        locations.only = Some(Source::HubCache);
        let again = load(name, &locations, &mut |_| ()).unwrap();
        assert_eq!(again.source.source, Source::HubCache);
        assert_eq!(again, DataSet { source: again.source.clone(), ..set });
    }
}

/// A bar can be drawn: both files with their lengths, growing to the end, then decoding and checking.
fn check_progress(name: Name, told: &[Progress]) {
    let repository = repository(name).unwrap();
    for file in [repository.train, repository.test] {
        let steps: Vec<&Progress> =
            told.iter().filter(|step| step.phase == Phase::Downloading && step.subject == file).collect();
        assert!(steps.len() > 2, "{file}: {steps:?}");
        assert!(steps.windows(2).all(|pair| pair[0].done <= pair[1].done), "{steps:?}");
        let last = steps.last().unwrap();
        assert_eq!(Some(last.done), last.total);
    }
    for (phase, total) in [(Phase::Decoding, name.facts().train as u64), (Phase::Checking, 0)] {
        let last = told.iter().rfind(|step| step.phase == phase && step.total.is_some_and(|t| t >= total)).unwrap();
        assert!(last.done > 0 && last.done <= last.total.unwrap(), "{last:?}");
    }
}

fn failure(name: Name, locations: &Locations) -> String {
    match load(name, locations, &mut |_| ()) {
        Err(Error::NoSource(nothing)) => nothing.attempts[0].to_string(),
        other => panic!("expected no source: {:?}", other.map(|set| set.source)),
    }
}

#[test]
fn a_hub_that_answers_wrongly_or_not_at_all_is_given_up() {
    let cases = [
        (Manner::Silent, "no byte came for 1 s"),
        (Manner::Absent, "Entry not found: mnist/train/0000.parquet in ylecun/mnist"),
        (Manner::Portal, "Hub response missing required data: missing ETag header"),
    ];
    for (manner, message) in cases {
        let cache = tempdir().unwrap();
        let mut locations = locations(serve(PathBuf::new(), manner), cache.path());
        locations.hub_patience = Duration::from_secs(1);
        let text = failure(Name::Mnist, &locations);
        assert!(text.starts_with("hub: ylecun/mnist on http://127.0.0.1:") && text.contains(message), "{text}");
    }
}

#[test]
fn a_download_that_stops_half_way_leaves_nothing_that_is_read() {
    let Some(snapshot) = snapshot(Name::Mnist) else { return };
    for (manner, message) in [(Manner::Half, "the transfer failed: "), (Manner::Stuck, "no byte came for 1 s")] {
        let cache = tempdir().unwrap();
        let mut locations = locations(serve(snapshot.clone(), manner), cache.path());
        locations.hub_patience = Duration::from_secs(1);
        let text = failure(Name::Mnist, &locations);
        assert!(text.contains(message), "{text}");
        locations.only = Some(Source::HubCache);
        let text = failure(Name::Mnist, &locations);
        assert!(text.starts_with("hub-cache: ylecun/mnist"), "{text}");
    }
}

#[test]
fn a_hub_that_refuses_the_connection_is_given_up_soon() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let cache = tempdir().unwrap();
    let start = Instant::now();
    let text = failure(Name::Cifar10, &locations(address, cache.path()));
    assert!(text.contains(": cannot be reached: ") && text.contains("onnect"), "{text}");
    // Not a measurement: the patience is the promise.
    assert!(start.elapsed() < Duration::from_secs(20));
}

/// Either it gives the data or it says, in time, that it cannot be reached.
#[test]
#[ignore = "asks the public hub"]
fn the_public_hub() {
    let cache = tempdir().unwrap();
    let patience = Duration::from_secs(20);
    let mut locations = locations(String::new(), cache.path());
    (locations.hub_endpoint, locations.hub_patience) = (None, patience);
    let start = Instant::now();
    match load(Name::Mnist, &locations, &mut |_| ()) {
        Ok(set) => assert_eq!(set.data_hash(), Name::Mnist.facts().data_hash),
        Err(Error::NoSource(nothing)) => {
            assert!(start.elapsed() < patience + Duration::from_secs(2));
            assert!(nothing.attempts[0].to_string().contains("ylecun/mnist"), "{nothing}");
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_damaged_file_in_the_hub_cache_is_an_error_that_names_it() {
    let cache = tempdir().unwrap();
    let base = cache.path().join("hub/datasets--cifar10");
    for part in ["train", "test"] {
        let folder = base.join("snapshots").join("a".repeat(40)).join("plain_text").join(part);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("0000.parquet"), "PAR1 is how it starts, but not how it goes on PAR1").unwrap();
    }
    let reference = base.join("refs").join(REVISION);
    fs::create_dir_all(reference.parent().unwrap()).unwrap();
    fs::write(reference, "a".repeat(40)).unwrap();
    let mut locations = locations(String::new(), cache.path());
    locations.hub_endpoint = None;
    locations.only = Some(Source::HubCache);
    let (place, problem) = super::problem(load(Name::Cifar10, &locations, &mut |_| ()));
    assert!(place.ends_with("plain_text/train/0000.parquet"), "{place}");
    assert!(problem.to_string().starts_with("the parquet file is damaged"), "{problem}");
}
