//! Where in a configuration a value stands, and that no text trips the reader up.

use lrscope_runner::experiment::{ConfigError, Experiment, Place, Source};
use lrscope_runner::resolve::Setting;
use lrscope_runner::spec::DeviceClass;
use lrscope_schedule::Pick;
use proptest::prelude::*;

use super::texts::{TEXT, facts, parse};

fn place(text: &str, key: &str) -> String {
    let Place(place) = Source { origin: "f".into(), text: text.into() }.place(key);
    place
}

#[test]
fn values_are_found_by_their_keys() {
    // Lines and columns counted in an editor.
    let rows = [
        ("version", "1:11"),
        ("data.batch_size", "5:14"),
        ("model.mlp.hidden", "9:10"),
        ("model.mlp.hidden.0", "9:11"),
        ("optimizer.sgd.momentum", "12:12"),
        ("group.0.lr_mult", "17:11"),
        ("group.1.name", "20:8"),
        ("arm.0.schedule.cyclic.step_size_up", "42:16"),
        ("arm.1.name", "45:8"),
        ("arm.1.schedule.multi_step.gamma", "46:65"),
        ("arm.1.schedule.multi_step.milestones.0", "46:49"),
    ];
    for (key, at) in rows {
        assert_eq!(place(TEXT, key), format!("f:{at}: {key}"));
    }
}

#[test]
fn a_value_that_is_not_written_is_where_its_table_is() {
    for (key, at) in [("optimizer.sgd.nesterov", "11:1"), ("group.1.lr_mult", "19:1"), ("data.drop_last", "3:1")] {
        assert_eq!(place(TEXT, key), format!("f:{at}: {key}"));
    }
    for key in ["name", "name.x.y", "", ".", "group.7.name", "group.-1", "arm.18446744073709551616"] {
        let place = place(TEXT, key);
        assert!(place.starts_with('f') && place.ends_with(&format!(": {key}")), "{place}");
    }
    assert_eq!(place("no = [toml", "no"), "f: no");
}

#[test]
fn columns_count_characters_and_lines_may_end_in_two_bytes() {
    assert_eq!(place("[a]\r\nb = 'Ω→', # déjà\r\n", "a.b"), "f: a.b", "this is no TOML");
    assert_eq!(place("[a]\r\n'Ω→ü'.c = 1\r\nd = 2", "a.d"), "f:3:5: a.d");
    assert_eq!(place("x = { 'ü' = 1, y = 2 }", "x.y"), "f:1:20: x.y");
}

/// What the reader makes of a text, taken as far as runs.
fn take(text: &str) -> Result<Experiment, ConfigError> {
    let experiment = Source { origin: "f".into(), text: text.into() }.parse()?;
    let Ok(setting) = Setting::new(experiment.clone(), facts(1437, 100), DeviceClass::Cpu, "portable".into()) else {
        return Ok(experiment);
    };
    // A long schedule takes long to check.
    if experiment.training.seeds <= 10 && experiment.range_test.seeds <= 10 {
        let _ = setting.range_test();
        for arm in &experiment.arms {
            let _ = setting.check_schedule("arm.0.schedule", &arm.schedule);
            let _ = setting.training("arm.0.schedule", &arm.schedule, Some(Pick { base_lr: 0.01, max_lr: 0.1 }));
        }
    }
    Ok(experiment)
}

/// A value in the text, and what it may become.
fn values() -> impl Strategy<Value = String> {
    let strange = prop_oneof![
        Just("-1"),
        Just("0"),
        Just("1e300"),
        Just("nan"),
        Just("-inf"),
        Just("true"),
        Just("\"\""),
        Just("\"0ep\""),
        Just("[]"),
        Just("\"1e9ep\""),
        Just("{}"),
        Just("9223372036854775807"),
        Just("\"range-test\""),
        Just("1979-05-27"),
        Just("'''\n'''"),
    ];
    let starts: Vec<usize> = TEXT.match_indices(" = ").map(|(start, _)| start + 3).collect();
    (proptest::sample::select(starts), strange).prop_map(|(start, value)| {
        let end = start + TEXT[start..].find('\n').unwrap();
        format!("{}{value}{}", &TEXT[..start], &TEXT[end..])
    })
}

/// Any few bytes of the text replaced by any others.
fn mutations() -> impl Strategy<Value = String> {
    let edit = (0..TEXT.len(), 0..6_usize, "[-\\[\\]{}=\"'.,#a-z0-9\n ]{0,6}");
    proptest::collection::vec(edit, 1..4).prop_map(|edits| {
        let mut text = TEXT.to_owned();
        for (start, length, with) in edits {
            let start = start.min(text.len());
            let end = (start + length).min(text.len());
            text.replace_range(start..end, &with);
        }
        text
    })
}

fn must_be_placed(text: &str) -> Result<(), TestCaseError> {
    if let Err(error) = take(text) {
        let ConfigError::Text { line, column, ref message, .. } = error else {
            return Err(TestCaseError::fail(error.to_string()));
        };
        let lines = text.split('\n').count();
        prop_assert!((1..=lines).contains(&line) && column >= 1 && !message.is_empty(), "{}", error);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_value_crashes_the_reader(text in values()) {
        must_be_placed(&text)?;
    }

    #[test]
    fn no_text_crashes_the_reader(text in mutations()) {
        must_be_placed(&text)?;
    }

    #[test]
    fn no_key_crashes_the_search(key in "[a-z0-9.\\[\\]]{0,20}") {
        let found = place(TEXT, &key);
        prop_assert!(found.ends_with(&key));
    }
}

#[test]
fn a_configuration_reads_back_as_it_was_written() {
    let experiment = parse(TEXT);
    let written = toml::to_string(&experiment).unwrap();
    assert_eq!(parse(&written), experiment);
}
