//! Comparisons in which there is nothing to compare, or less than it looks like.

use super::support::{Folder, SMALL};

/// [`SMALL`] with these arms, each a name and a rate, and two seeds.
fn folder(arms: &[(&str, f64)]) -> Folder {
    let (head, _) = SMALL.split_once("[[arm]]").unwrap();
    let table = |(name, lr): &(&str, f64)| format!("[[arm]]\nname = {name:?}\n[arm.schedule.constant]\nlr = {lr}\n");
    let arms: String = arms.iter().map(table).collect();
    let folder = Folder::new();
    folder.write("small.toml", head.replace("seeds = 1", "seeds = 3") + &arms);
    folder
}

const COMPARE: [&str; 3] = ["compare", "-c", "small.toml"];

fn page(folder: &Folder, report: &serde_json::Value) -> String {
    std::fs::read_to_string(folder.join(report.as_str().unwrap()).join("README.md")).unwrap()
}

#[test]
fn two_names_of_the_same_runs_are_three_runs_and_no_comparison() {
    let folder = folder(&[("a", 0.1), ("b", 0.1)]);
    let told = folder.run(&COMPARE);
    assert_eq!(told.code, Some(0), "{told:?}");
    let said = "both arms are the same runs, which count once";
    assert!(told.err.contains(&format!("warning: {said}")), "it is said before anything is trained: {told:?}");
    assert!(told.out.contains(said) && !told.out.contains("seeds are needed"), "{told:?}");
    let again = folder.run(&COMPARE);
    assert!(again.err.contains("all 3 runs are done already"), "{again:?}");
    let json = folder.json(&COMPARE);
    assert_eq!(json["differences"].as_array().unwrap().len(), 0);
    assert_eq!(json["same_runs"], serde_json::json!([said]));
    assert_eq!(
        (&json["arms"][0]["same_runs_as"], &json["arms"][1]["same_runs_as"]),
        (&serde_json::Value::Null, &"a".into())
    );
    let page = page(&folder, &json["report"]);
    assert!(page.contains("Both arms are the same runs") && page.contains("over 3 runs"), "{page}");
    let runs = std::fs::read_dir(folder.join("results/runs")).unwrap().count();
    assert_eq!(runs, 3);
}

#[test]
fn one_arm_is_said_to_stand_alone() {
    let folder = folder(&[("a", 0.1), ("b", 0.2)]);
    let chosen = [&COMPARE[..], &["--arms", "b"]].concat();
    let told = folder.run(&chosen);
    let said = "one arm: nothing to compare with";
    assert_eq!(told.code, Some(0));
    assert!(told.err.contains(&format!("warning: {said}")) && told.out.contains(said), "{told:?}");
    let page = page(&folder, &folder.json(&chosen)["report"]);
    assert!(page.contains("One arm: nothing to compare with"), "{page}");
}

/// Two copies beside another arm: one comparison, not two.
#[test]
fn a_copy_is_no_comparison_of_its_own() {
    let folder = folder(&[("a", 0.1), ("b", 0.2), ("c", 0.2)]);
    let json = folder.json(&COMPARE);
    let differences = json["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1);
    assert_eq!((&differences[0]["arm"], &differences[0]["against"]), (&"a".into(), &"b".into()));
    assert_eq!(json["same_runs"], serde_json::json!(["the arms b and c are the same runs, which count once"]));
}

/// The mean of the seeds stands with its interval and n, and every seed's losses in the JSON are those of the table.
#[test]
fn a_training_says_its_mean_and_every_loss() {
    let folder = folder(&[("a", 0.1)]);
    let train = ["train", "-c", "small.toml", "--length", "2ep"];
    let out = folder.done(&train);
    let json = folder.json(&train);
    let accuracies: Vec<f64> =
        json["seeds"].as_array().unwrap().iter().map(|seed| seed["test_accuracy"].as_f64().unwrap()).collect();
    assert_eq!(accuracies.len(), 3);
    let mean = 100.0 * accuracies.iter().sum::<f64>() / 3.0;
    let spread = accuracies.iter().map(|share| (100.0 * share - mean).powi(2)).sum::<f64>() / 2.0;
    // Student's t for 97.5 % and two degrees of freedom.
    let half = 4.302_652_729_7 * (spread / 3.0).sqrt();
    let line = format!("mean test accuracy {mean:.2} % [{:.2}, {:.2}] (n = 3)", (mean - half).max(0.0), mean + half);
    assert!(out.contains(&line), "{line} is not in {out}");
    let report = folder.join(json["report"].as_str().unwrap());
    let mut table = csv::Reader::from_path(report.join("validation.csv")).unwrap();
    assert_eq!(table.headers().unwrap(), vec!["arm", "seed", "updates", "validation_accuracy", "validation_loss"]);
    let mut rows = table.records();
    for seed in json["seeds"].as_array().unwrap() {
        let evaluations = seed["evaluations"].as_array().unwrap();
        assert_eq!(evaluations.len(), 2);
        for at in evaluations {
            let row = rows.next().unwrap().unwrap();
            let numbers: Vec<f64> = row.iter().skip(2).map(|cell| cell.parse().unwrap()).collect();
            let same = [&at["updates"], &at["accuracy"], &at["loss"]].map(|value| value.as_f64().unwrap());
            assert_eq!(numbers, same);
        }
        assert_eq!(seed["validation_loss"], evaluations[1]["loss"], "the last of them was made at the end");
    }
    assert!(rows.next().is_none());
    assert!(report.join("evaluation-loss.svg").is_file());
    let single = folder.done(&["train", "-c", "small.toml", "--seeds", "1"]);
    assert!(!single.contains("mean"), "one seed has no mean: {single}");
}
