//! A run's identity: every value that can change a number changes it, and nothing else does.

use lrscope_runner::spec::{RunId, RunSpec};
use serde_json::{Map, Value, json};

fn sample() -> Value {
    json!({
        "numerics": 1,
        "seed": {"family": "training", "number": 3},
        "data": {
            "name": "digits", "sha256": "00ff", "validation": 100, "train_limit": 500, "normalization": "unit",
            "batch_size": 32, "accumulation_steps": 1, "drop_last": false
        },
        "model": {"mlp": {"hidden": [64, 32]}},
        "optimizer": {"sgd": {"momentum": 0.9, "dampening": 0.25, "nesterov": false, "weight_decay": 0.5}},
        "groups": [{"name": "all", "parameters": ["*"], "lr_mult": 1.0, "weight_decay_mult": 1.0}],
        "schedule": {"constant": {"lr": 0.125}},
        "steps": 100,
        "steps_per_epoch": 10,
        "evaluation": {"every": 10, "during": "validation", "after": ["test"]},
        "stop": {"divergence": {"factor": 4.0, "window": 3}},
        "probes": {"grad_norm": true, "update_ratio": false},
        "dtype": "f32", "device": "cpu", "isa": "portable"
    })
}

fn id(spec: &Value) -> RunId {
    serde_json::from_value::<RunSpec>(spec.clone()).unwrap_or_else(|error| panic!("{error}: {spec}")).id()
}

/// Paths of all values that hold no others.
fn leaves(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Object(map) => map.iter().flat_map(|(key, value)| leaves(value, &format!("{path}/{key}"))).collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, value)| leaves(value, &format!("{path}/{index}"))).collect()
        }
        _ => vec![path.to_owned()],
    }
}

/// Another value that may stand in the same place.
fn another(path: &str, value: &Value) -> Value {
    let word = match path {
        "/seed/family" => "range_test",
        "/data/normalization" => "standard",
        "/evaluation/during" | "/evaluation/after/0" => "train",
        "/dtype" => "f64",
        "/device" => "cuda",
        _ => "another",
    };
    match value {
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) if number.is_u64() => json!(number.as_u64().unwrap() + 1),
        Value::Number(number) => json!(number.as_f64().unwrap().next_up()),
        _ => json!(word),
    }
}

#[test]
fn every_value_counts_down_to_its_last_bit() {
    let sample = sample();
    let (own, paths) = (id(&sample), leaves(&sample, ""));
    assert!(paths.len() >= 33, "{paths:?}");
    let mut seen = vec![own];
    for path in paths {
        let mut changed = sample.clone();
        let value = changed.pointer_mut(&path).unwrap();
        *value = another(&path, value);
        let id = id(&changed);
        assert!(!seen.contains(&id), "{path} does not count");
        seen.push(id);
    }
}

#[test]
fn whole_parts_count() {
    let own = id(&sample());
    for (path, value) in [
        ("/model", json!({"lenet": {}})),
        ("/model", json!({"own": {"name": "mlp"}})),
        ("/model/mlp/hidden", json!([64])),
        ("/optimizer", json!({"adam": {}})),
        ("/optimizer", json!({"adamw": {}})),
        ("/schedule", json!({"sweep": {"start_lr": 0.1, "end_lr": 0.2, "steps": 100, "kind": "linear"}})),
        ("/groups/0/parameters", json!(["*", "*.bias"])),
        ("/stop", json!(null)),
        ("/stop", json!({"non_finite": {}})),
        ("/evaluation/every", json!(null)),
        ("/evaluation/after", json!([])),
        ("/data/train_limit", json!(null)),
    ] {
        let mut changed = sample();
        *changed.pointer_mut(path).unwrap() = value;
        assert_ne!(id(&changed), own, "{path}");
    }
}

/// The same object with its keys the other way round, as text.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().rev().map(|(key, value)| format!("{key:?} : {}", reversed(value))).collect();
            format!("{{ {} }}", entries.join(" ,\n"))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(reversed).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[test]
fn order_of_keys_and_spelling_of_numbers_do_not_count() {
    let own = id(&sample());
    let text = reversed(&sample());
    assert_ne!(text, sample().to_string());
    assert_eq!(serde_json::from_str::<RunSpec>(&text).unwrap().id(), own);
    let spelt = sample().to_string().replace("0.125", "1.25e-1").replace("4.0", "4");
    assert_eq!(serde_json::from_str::<RunSpec>(&spelt).unwrap().id(), own);
    let again: RunSpec = serde_json::from_str(&spelt).unwrap();
    let written = serde_json::to_string(&again).unwrap();
    assert_eq!(
        serde_json::from_str::<RunSpec>(&written).unwrap().id(),
        own,
        "what is written reads back as the same run"
    );
}

/// Runs that were done years ago must still be found: this changes with [`NUMERICS_VERSION`] alone. The text was written by
/// hand, and its hash made by `sha256sum`.
///
/// [`NUMERICS_VERSION`]: lrscope_runner::spec::NUMERICS_VERSION
#[test]
fn an_identity_is_the_hash_of_the_specification_s_text() {
    let text = concat!(
        r#"{"numerics":1,"seed":{"family":"training","number":3},"data":{"name":"digits","sha256":"00ff","validation":100,"#,
        r#""train_limit":500,"normalization":"unit","batch_size":32,"accumulation_steps":1,"drop_last":false},"#,
        r#""model":{"mlp":{"hidden":[64,32]}},"optimizer":{"sgd":{"momentum":0.9,"dampening":0.25,"nesterov":false,"#,
        r#""weight_decay":0.5}},"groups":[{"name":"all","parameters":["*"],"lr_mult":1.0,"weight_decay_mult":1.0}],"#,
        r#""schedule":{"constant":{"lr":0.125}},"steps":100,"steps_per_epoch":10,"evaluation":{"every":10,"#,
        r#""during":"validation","after":["test"]},"stop":{"divergence":{"factor":4.0,"window":3}},"#,
        r#""probes":{"grad_norm":true,"update_ratio":false},"dtype":"f32","device":"cpu","isa":"portable"}"#
    );
    let spec: RunSpec = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&spec).unwrap(), text);
    assert_eq!(spec.id().as_str(), SHA256);
}

/// Without smoothing the specification has the text, and so the identity, that it had before there was any.
#[test]
fn smoothing_changes_an_identity_only_where_there_is_some() {
    let with = |smoothing: f64| {
        let mut spec = sample();
        spec["loss"] = json!({ "label_smoothing": smoothing });
        serde_json::from_value::<RunSpec>(spec).unwrap()
    };
    assert_eq!(with(0.0).id(), id(&sample()));
    assert!(!serde_json::to_string(&with(0.0)).unwrap().contains("loss"));
    assert_ne!(with(0.1).id(), id(&sample()));
    assert_ne!(with(0.1).id(), with(0.2).id());
    let text = serde_json::to_string(&with(0.1)).unwrap();
    assert!(text.contains(r#""loss":{"label_smoothing":0.1},"groups""#), "{text}");
    assert_eq!(serde_json::from_str::<RunSpec>(&text).unwrap(), with(0.1));
}

const SHA256: &str = "4e40e38508d0613a078e";

#[test]
fn an_identity_names_a_folder_and_nothing_else() {
    let own = id(&sample());
    assert_eq!(own.as_str().parse::<RunId>().unwrap(), own);
    assert_eq!(serde_json::from_str::<RunId>(&serde_json::to_string(&own).unwrap()).unwrap(), own);
    let long = "0".repeat(21);
    for bad in
        ["", "..", "../../../etc/passwd0", "ABCDEF0123456789ABCD", "0123456789abcdef012", "0123456789abcdef012/", &long]
    {
        assert!(bad.parse::<RunId>().unwrap_err().contains("not a run id"), "{bad}");
        assert!(serde_json::from_value::<RunId>(json!(bad)).is_err(), "{bad}");
    }
}

#[test]
fn unknown_keys_are_no_specification() {
    for path in [
        "",
        "/seed",
        "/data",
        "/model/mlp",
        "/optimizer/sgd",
        "/groups/0",
        "/evaluation",
        "/stop/divergence",
        "/probes",
    ] {
        let mut changed = sample();
        let table: &mut Map<String, Value> = changed.pointer_mut(path).unwrap().as_object_mut().unwrap();
        table.insert("extra".into(), json!(1));
        assert!(serde_json::from_value::<RunSpec>(changed).is_err(), "{path}");
    }
}
