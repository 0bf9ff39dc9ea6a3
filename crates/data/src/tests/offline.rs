//! An offline wish holds for every source: stand-ins for the hub and for npm record every call.
#![cfg(unix)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::tempdir;

use crate::{Error, Locations, Name, Source, load};

/// A hub that counts who comes and sends everybody away.
fn hub() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    (address, calls)
}

/// Where nothing is found but over the network: from this hub, and by a client that writes `called` into `folder`.
fn locations(folder: &Path, hub: &str, offline: Option<&'static str>) -> Locations {
    let client = folder.join("npm");
    fs::write(&client, "#!/bin/sh\necho called > \"$(dirname $0)/called\"\nexit 1\n").unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    Locations {
        cache_dir: Some(folder.join("cache")),
        hub: true,
        hub_cache: Some(folder.join("hub")),
        hub_endpoint: Some(hub.to_owned()),
        hub_patience: Duration::from_secs(5),
        npm: Some(client),
        offline,
        ..Locations::none()
    }
}

#[test]
fn no_source_touches_the_network_where_it_is_not_to() {
    let (hub, calls) = hub();
    for name in [Name::Mnist, Name::FashionMnist, Name::Cifar10] {
        for who in ["HF_HUB_OFFLINE", "--offline"] {
            for only in [None, Some(Source::Hub), Some(Source::Npm)] {
                let folder = tempdir().unwrap();
                let locations = Locations { only, ..locations(folder.path(), &hub, Some(who)) };
                let Err(Error::NoSource(nothing)) = load(name, &locations, &mut |_| ()) else { panic!("{name}") };
                assert_eq!(calls.load(Ordering::SeqCst), 0, "{nothing}");
                assert!(!folder.path().join("called").exists(), "{nothing}");
                let remote = nothing.attempts.iter().filter(|it| [Source::Hub, Source::Npm].contains(&it.source));
                for attempt in remote.filter(|attempt| !attempt.reason.contains("no npm package")) {
                    assert_eq!(attempt.reason, format!("not asked: {who} keeps lrscope from the network"));
                }
            }
        }
    }
}

/// The stand-ins do record who asks.
#[test]
fn without_the_wish_both_are_asked() {
    let (hub, calls) = hub();
    let folder = tempdir().unwrap();
    load(Name::Mnist, &locations(folder.path(), &hub, None), &mut |_| ()).expect_err("nobody has anything");
    assert!(calls.load(Ordering::SeqCst) > 0 && folder.path().join("called").exists());
}
