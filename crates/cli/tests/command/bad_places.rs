//! Files and folders that cannot be used, and disks that are full.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::support::{Folder, SMALL, records, skipped, told};

#[test]
fn configurations_that_cannot_be_read() {
    let folder = Folder::new();
    fs::create_dir(folder.join("folder.toml")).unwrap();
    folder.write("binary.toml", [0xff, 0xfe, 0x00, 0x80]);
    folder.write("huge.toml", vec![b'#'; (1 << 20) + 1]);
    let rows: [(&str, &[&str]); 4] = [
        ("folder.toml", &["folder.toml: cannot read this configuration"]),
        ("absent.toml", &["absent.toml: cannot read this configuration", "No such file"]),
        ("binary.toml", &["binary.toml: cannot read this configuration", "not a TOML file"]),
        ("huge.toml", &["huge.toml: cannot read this configuration", "more than 1048576 bytes"]),
    ];
    for (file, says) in rows {
        for command in ["range-test", "compare", "train", "schedule"] {
            folder.run(&[command, "--config", file]).must_fail(file, 2, says);
        }
    }
    assert!(!folder.join("results").exists());
}

/// A file without an end must not fill the memory.
#[cfg(target_os = "linux")]
#[test]
fn a_configuration_without_an_end_is_given_up() {
    let told = Folder::new().run(&["train", "--config", "/dev/zero"]);
    told.must_fail("/dev/zero", 2, &["/dev/zero: cannot read this configuration", "more than 1048576 bytes"]);
}

#[test]
fn a_file_where_the_results_should_go() {
    for command in ["range-test", "compare", "train"] {
        let folder = Folder::small();
        folder.write("taken", "mine");
        let told = folder.run(&[command, "--config", "small.toml", "--results", "taken"]);
        told.must_fail(command, 2, &["--results: taken is not a folder: move it away"]);
        let told = folder.run(&[command, "--config", "small.toml", "--results", "taken/inside"]);
        told.must_fail(command, 2, &["--results: taken/inside: taken is not a folder"]);
        assert_eq!(fs::read(folder.join("taken")).unwrap(), b"mine");
    }
    let folder = Folder::new();
    folder.write("taken", "mine");
    folder.run(&["report", "--results", "taken"]).must_fail("report", 2, &["--results: taken is not a folder"]);
}

#[test]
fn a_plot_that_cannot_be_written() {
    let constant = ["schedule", "constant = { lr = 1 }", "--length", "9"];
    let told = Folder::new().run(&[&constant[..], &["--plot", "absent/plot.svg"]].concat());
    told.must_fail("a plot", 1, &["cannot write the plot to absent/plot.svg"]);
}

#[test]
fn damaged_records_picks_and_studies_are_named() {
    let folder = Folder::small();
    folder.done(&["range-test", "--config", "small.toml", "--name", "mine"]);
    let results = folder.join("results");
    let only = |name: &str| fs::read_dir(results.join(name)).unwrap().next().unwrap().unwrap().path();
    let damage = |path: &Path, says: &[&str]| {
        let whole = fs::read(path).unwrap();
        fs::write(path, &whole[..whole.len() / 2]).unwrap();
        let arguments = ["train", "--config", "small.toml", "--schedule", "constant = { lr = \"range-test.max_lr\" }"];
        let told = folder.run(if path.ends_with("study.json") { &["report"] } else { &arguments });
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        told.must_fail(&file, 1, &[&[file.as_str()], says].concat());
        fs::write(path, whole).unwrap();
    };
    damage(&only("picks"), &["delete it and run the range test again"]);
    damage(&results.join("range-test-mine/study.json"), &["line"]);
    let run = only("runs");
    let steps = run.join("steps.bin");
    fs::write(&steps, &fs::read(&steps).unwrap()[1..]).unwrap();
    let told = folder.run(&["report"]);
    told.must_fail("a damaged record", 1, &["steps.bin is damaged", "SHA-256", "delete the run's folder"]);
}

/// A folder that a test may mount a file system on, unmounted in the end.
struct SmallDisk(Folder);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = Folder::new();
        fs::create_dir(folder.join("disk")).unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.join("disk")).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.join("disk")).output();
    }
}

#[test]
fn a_full_disk_is_an_error_that_can_be_repaired() {
    let whole = Folder::small();
    whole.done(&["train", "--config", "small.toml"]);
    let mut failed = 0;
    for size in ["8k", "16k", "24k", "32k", "48k", "64k"] {
        let Some(disk) = SmallDisk::mount(size) else {
            return skipped("no tmpfs can be mounted here: a full disk is not tested");
        };
        let folder = &disk.0;
        folder.write("small.toml", SMALL);
        let arguments = ["train", "--config", "small.toml", "--results", "disk/results"];
        let told = folder.run(&arguments);
        if told.code != Some(0) {
            failed += 1;
            told.must_fail(size, 1, &["o space left on"]);
            let remount = Command::new("mount").args(["-o", "remount,size=16m"]).arg(folder.join("disk")).output();
            assert!(remount.unwrap().status.success());
            folder.done(&arguments);
        }
        assert_eq!(records(&folder.join("disk/results")), records(&whole.join("results")), "{size}");
    }
    assert!(failed > 1, "only {failed} of the disks were full");
}

/// Nothing is forbidden to the superuser, so somebody else tries.
#[cfg(unix)]
#[test]
fn folders_without_the_right_to_read_or_write() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65534;
    let folder = Folder::small();
    let mode = |name: &str, mode| fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    folder.write("closed/mnist/train-images-idx3-ubyte", "");
    folder.write("locked/mine", "");
    folder.write("open/mine", "");
    mode("", 0o755);
    mode("open", 0o777);
    mode("closed", 0o000);
    mode("locked", 0o555);
    let superuser = fs::read_dir(folder.join("closed")).is_ok();
    let rows: [(&[&str], i32, &[&str]); 3] = [
        (
            &["range-test", "mnist", "--data-dir", "closed", "--results", "open/results"],
            2,
            &["closed", "cannot be read", "make it readable"],
        ),
        (
            &["train", "--config", "small.toml", "--results", "locked/results"],
            1,
            &["locked/results", "ermission denied"],
        ),
        (&["train", "--config", "closed/small.toml"], 2, &["closed/small.toml: cannot read this configuration"]),
    ];
    for (arguments, code, says) in rows {
        let mut command = folder.command(arguments);
        if superuser {
            command.uid(NOBODY).gid(NOBODY);
        }
        match command.spawn() {
            Ok(child) => told(child).must_fail(&format!("{arguments:?}"), code, says),
            Err(_) => skipped("nobody may start the program: folders without rights are not tested"),
        }
    }
    mode("closed", 0o755);
}
