//! Tasks that do not come from this program: `run-task` takes one from anybody.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use super::support::{Folder, Told, told};

/// A task that is right.
fn task() -> (Folder, Value) {
    let folder = Folder::small();
    folder.done(&["compare", "--config", "small.toml", "--name", "mine"]);
    let run = fs::read_dir(folder.join("results/runs")).unwrap().next().unwrap().unwrap().path();
    let spec: Value = serde_json::from_slice(&fs::read(run.join("spec.json")).unwrap()).unwrap();
    let task = json!({
        "spec": spec,
        "results": "elsewhere",
        "device": "cpu",
        "data_dir": null,
        "offline": false,
        "threads": 1,
        "checkpoint_every": 30.0,
    });
    (folder, task)
}

fn run(folder: &Folder, input: &[u8]) -> Told {
    let mut child = folder.command(&["run-task"]).stdin(Stdio::piped()).spawn().unwrap();
    // One that is refused early closes its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    told(child)
}

/// Where in the task, what stands there instead, and what the refusal says.
fn rows() -> Vec<(&'static str, Value, &'static str)> {
    let zeros = "0".repeat(64);
    let divergence = |factor: f64, window: u64| json!({"divergence": {"factor": factor, "window": window}});
    let group = |key: &str, value: Value| {
        let mut group = json!({"name": "all", "parameters": ["*"], "lr_mult": 1.0, "weight_decay_mult": 1.0});
        group[key] = value;
        json!([group])
    };
    let sgd = |key: &str, value: f64| {
        let mut sgd = json!({"momentum": 0.9, "dampening": 0.0, "nesterov": false, "weight_decay": 0.0});
        sgd[key] = json!(value);
        json!({"sgd": sgd})
    };
    let adam = |key: &str, value: Value| {
        let mut adam = json!({"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0, "amsgrad": false});
        adam[key] = value;
        json!({"adamw": adam})
    };
    let nesterov = json!({"sgd": {"momentum": 0.0, "nesterov": true}});
    vec![
        ("/threads", json!(0), "threads: 0"),
        ("/threads", json!(1025), "threads: 1025"),
        ("/threads", json!(-1), "holds no task"),
        ("/checkpoint_every", json!(-1.0), "checkpoint_every: -1"),
        ("/checkpoint_every", json!(86_401.0), "checkpoint_every: 86401"),
        ("/checkpoint_every", json!(1e300), "checkpoint_every: 1"),
        ("/checkpoint_every", json!(null), "holds no task"),
        ("/device", json!("gpu"), "gpu"),
        ("/device", json!("cuda"), "cuda"),
        ("/unknown", json!(1), "holds no task"),
        ("/spec/numerics", json!(0), "spec.numerics: 0"),
        ("/spec/numerics", json!(9999), "spec.numerics: 9999"),
        ("/spec/seed/family", json!("data_set"), "spec.seed.family"),
        ("/spec/seed/family", json!("statistics"), "spec.seed.family"),
        ("/spec/seed/number", json!(-1), "holds no task"),
        ("/spec/data/name", json!("imagenet"), "spec.data.name"),
        ("/spec/data/name", json!(""), "spec.data.name"),
        ("/spec/data/sha256", json!(zeros), "spec.data.sha256"),
        ("/spec/data/sha256", json!(""), "spec.data.sha256"),
        ("/spec/data/validation", json!(1_000_000), "spec.data.validation: 1000000"),
        ("/spec/data/validation", json!(u64::MAX), "spec.data.validation"),
        ("/spec/data/train_limit", json!(0), "spec.data.train_limit: 0"),
        ("/spec/data/train_limit", json!(1_000_000), "spec.data.train_limit: 1000000"),
        ("/spec/data/batch_size", json!(0), "spec.data.batch_size: 0"),
        ("/spec/data/batch_size", json!(u64::MAX), "spec.data.batch_size"),
        ("/spec/data/batch_size", json!(31), "spec.steps_per_epoch"),
        ("/spec/data/accumulation_steps", json!(0), "spec.data.accumulation_steps: 0"),
        ("/spec/data/accumulation_steps", json!(u64::MAX), "spec.data.accumulation_steps"),
        ("/spec/data/normalization", json!("none"), "holds no task"),
        ("/spec/model", json!({"mlp": {"hidden": [0]}}), "spec.model.mlp.hidden: 0"),
        ("/spec/model", json!({"mlp": {"hidden": vec![1; 65]}}), "spec.model.mlp.hidden: 65"),
        ("/spec/model", json!({"mlp": {"hidden": [1_u64 << 40]}}), "spec.model.mlp.hidden"),
        ("/spec/model", json!({"mlp": {"hidden": [4], "dropout": 1.0}}), "spec.model.mlp.dropout: 1"),
        ("/spec/model", json!({"resnet9": {"width": 0}}), "spec.model.resnet9.width: 0"),
        ("/spec/model", json!({"own": {"name": "mine"}}), "mine"),
        ("/spec/model", json!({"lenet": {}}), "conv2"),
        ("/spec/optimizer", sgd("momentum", 1.0), "spec.optimizer.sgd.momentum: 1"),
        ("/spec/optimizer", sgd("dampening", -1.0), "spec.optimizer.sgd.dampening: -1"),
        ("/spec/optimizer", sgd("weight_decay", -1.0), "spec.optimizer.sgd.weight_decay: -1"),
        ("/spec/optimizer", nesterov, "spec.optimizer.sgd.nesterov"),
        ("/spec/optimizer", adam("betas", json!([1.0, 0.999])), "spec.optimizer.adamw.betas: 1"),
        ("/spec/optimizer", adam("betas", json!([0.9, -0.1])), "spec.optimizer.adamw.betas: -0.1"),
        ("/spec/optimizer", adam("eps", json!(-1.0)), "spec.optimizer.adamw.eps: -1"),
        ("/spec/loss", json!({"label_smoothing": 1.0}), "spec.loss.label_smoothing: 1"),
        ("/spec/groups", json!([]), "spec.groups: there is none"),
        ("/spec/groups", group("parameters", json!([])), "spec.groups.0.parameters"),
        ("/spec/groups", group("parameters", json!(["nothing"])), "group"),
        ("/spec/groups", group("lr_mult", json!(-1.0)), "spec.groups.0.lr_mult: -1"),
        ("/spec/groups", group("weight_decay_mult", json!(-1.0)), "spec.groups.0.weight_decay_mult: -1"),
        ("/spec/schedule", json!({"constant": {"lr": -1.0}}), "got -1"),
        ("/spec/schedule", json!({"constant": {"lr": "range-test"}}), "spec.schedule.constant"),
        (
            "/spec/schedule",
            json!({"step": {"lr": 0.1, "step_size": 0, "gamma": 0.1}}),
            "holds no task: a length is above 0",
        ),
        ("/spec/schedule", json!({"constant": {"lr": [0.1, 0.2]}}), "spec.schedule.constant"),
        ("/spec/steps", json!(0), "spec.steps: 0"),
        ("/spec/steps", json!(u64::MAX), "spec.steps"),
        ("/spec/steps_per_epoch", json!(0), "spec.steps_per_epoch: 0"),
        ("/spec/steps_per_epoch", json!(u64::MAX), "spec.steps_per_epoch"),
        ("/spec/evaluation/every", json!(0), "spec.evaluation.every: 0"),
        ("/spec/evaluation/every", json!(u64::MAX), "spec.evaluation.every"),
        ("/spec/evaluation/after", json!(["test", "validation", "test"]), "spec.evaluation.after"),
        ("/spec/stop", divergence(1.0, 3), "spec.stop.divergence.factor: 1"),
        ("/spec/stop", divergence(-2.0, 3), "spec.stop.divergence.factor: -2"),
        ("/spec/stop", divergence(4.0, 0), "spec.stop.divergence.window: 0"),
        ("/spec/stop", divergence(4.0, u64::MAX), "spec.stop.divergence.window"),
        ("/spec/dtype", json!("f16"), "holds no task"),
        ("/spec/device", json!("cuda"), "another device"),
        ("/spec/isa", json!("sse2"), "sse2"),
        ("/spec/isa", json!(""), "instruction set"),
    ]
}

#[test]
fn every_field_that_makes_no_sense_is_refused_by_name() {
    let (folder, right) = task();
    let mut wrong = Vec::new();
    for (place, value, says) in rows() {
        let mut task = right.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        task.pointer_mut(parent).unwrap()[key] = value.clone();
        let told = run(&folder, &serde_json::to_vec(&task).unwrap());
        let mut faults = told.faults(2, &[says]);
        if folder.join("elsewhere/runs").exists() || folder.join("elsewhere/attempts").exists() {
            faults.push("something was written".into());
        }
        let last = told.out.lines().last().unwrap_or_default();
        let event: Value = serde_json::from_str(last).unwrap_or_default();
        if (&event["event"], &event["bad_input"]) != (&"failed".into(), &true.into()) {
            faults.push(format!("told {last}"));
        }
        if !faults.is_empty() {
            wrong.push(format!("{place} = {value}: {}\nsaid: {}", faults.join("; "), told.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // Numbers that JSON has no value for.
    for number in ["1e999", "-1e999", "NaN", "Infinity"] {
        let text = right.to_string().replace("30.0", number);
        run(&folder, text.as_bytes()).must_fail(number, 2, &["standard input holds no task"]);
    }
    // The task as it was is done.
    assert_eq!(run(&folder, &serde_json::to_vec(&right).unwrap()).code, Some(0));
    assert_eq!(fs::read_dir(folder.join("elsewhere/runs")).unwrap().count(), 1);
}

/// A table without a row for a field would say nothing of it.
#[test]
fn the_table_has_every_field() {
    let (_, right) = task();
    // These are taken as they are: a path, and whether something is done at all.
    let free = ["/results", "/data_dir", "/offline", "/spec/data/drop_last", "/spec/probes", "/spec/evaluation/during"];
    let rows = rows();
    let known = |place: &str| rows.iter().any(|row| row.0 == place) || free.contains(&place);
    let mut fields = vec![(String::new(), right)];
    while let Some((place, value)) = fields.pop() {
        match value {
            Value::Object(map) if !known(&place) => {
                fields.extend(map.into_iter().map(|(key, value)| (format!("{place}/{key}"), value)));
            }
            _ => assert!(known(&place), "no row for {place}"),
        }
    }
}

/// An input that does not end is given up with bounded memory, before the task and after it.
#[cfg(target_os = "linux")]
#[test]
fn an_input_without_end_is_refused() {
    let (folder, right) = task();
    let mut slow = right.clone();
    slow["spec"]["steps"] = json!(1_000_000);
    slow["spec"]["schedule"] = json!({"constant": {"lr": 0.01}});
    slow["checkpoint_every"] = json!(0.0);
    folder.write("task.json", serde_json::to_vec(&slow).unwrap());
    let rows = [
        ("tr '\\0' a </dev/zero", "holds no task"),
        ("tr '\\0' ' ' </dev/zero", "holds no task: it is longer than"),
        ("{ printf '{\"spec\":\"'; tr '\\0' a </dev/zero; }", "holds no task"),
        ("{ cat task.json; tr '\\0' a </dev/zero; }", "holds no order after the task"),
        ("{ cat task.json; printf '\\n'; tr '\\0' '\\n' </dev/zero; }", "holds no order after the task"),
        ("{ cat task.json; while :; do echo nonsense; done; }", "holds no order after the task"),
    ];
    for (input, says) in rows {
        // Half a gigabyte of addresses is little more than the program takes by itself.
        let script = format!("{input} 2>/dev/null | {{ ulimit -v 600000; exec \"$0\" run-task; }}");
        let mut command = folder.start("/bin/bash", &["-c", &script, super::support::PROGRAM]);
        let told = told(command.env("PATH", std::env::var_os("PATH").unwrap()).spawn().unwrap());
        told.must_fail(input, 2, &[says]);
    }
    assert!(!folder.join("elsewhere/runs").exists());
}
