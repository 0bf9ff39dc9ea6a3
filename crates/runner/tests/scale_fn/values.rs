//! Values by hand and by arithmetic.

use std::f64::consts::{E, PI, TAU};

use lrscope_runner::resolve::compile_scale_fn;
use lrscope_schedule::{Group, Plan, ScheduleSpec};

use super::value;

#[track_caller]
fn close(text: &str, x: f64, expected: f64) {
    let found = value(text, x);
    assert!((found - expected).abs() <= 4e-16 * expected.abs(), "{text} at {x}: {found:?}, not {expected:?}");
}

/// A cyclic schedule from 0 to 1 whose odd steps show `scale_fn(step)`: what exmex 0.21 made of these is 1, 3, 5 and the like.
#[test]
fn constants_behind_the_variable_are_not_folded_into_one_another() {
    for (x, root, exponential) in [
        (1.0, 1.0, 1.010_050_167_084_168),
        (3.0, 1.732_050_807_568_877_2, 1.030_454_533_953_517),
        (5.0, 2.236_067_977_499_79, 1.051_271_096_376_024),
    ] {
        close("sqrt(x*0.5*2)", x, root);
        close("exp(x*0.1*0.1)", x, exponential);
    }
    // 3.14159 is short of π by d = 2.65e-6: sin(3π/2 − 3d/2) is −1 + (3d/2)² / 2 to the last bit, and so on.
    let wave = "0.5*(1+sin(x*0.5*3.14159))";
    #[allow(clippy::approx_constant, reason = "it is the text's")]
    let short = PI - 3.14159;
    for (x, foot) in [(1.0, 1.0), (3.0, 0.0), (5.0, 1.0)] {
        let off = (x * short / 2.0).powi(2) / 4.0;
        let expected = if foot == 0.0 { off } else { foot - off };
        assert!((value(wave, x) - expected).abs() < 2e-16, "{wave} at {x}: {}", value(wave, x));
    }
    close("sqrt(x + 1 + 2)", 6.0, 3.0);
    close("log(x * 2 * 3, 6)", 6.0, 2.0);
    close("max(x - 1 - 2, 0 + 1)", 9.0, 6.0);
    close("min(2 * 3 * x, x / 2 / 2)", 8.0, 2.0);
}

/// The same as rates: of a cyclic schedule from 0 to 1 with `step_size_up = 1`, odd steps are peaks.
#[test]
fn a_schedule_s_peaks_are_the_function_s_values() {
    let rates = |text: &str| {
        let spec = format!(
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nstep_size_up = 1\ncycle_momentum = false\nscale_mode = \"iterations\"\nscale_fn = {text:?}"
        );
        let spec: ScheduleSpec = toml::from_str(&spec).unwrap();
        let group = Group { name: "all".into(), lr_mult: 1.0, momentum: None };
        let plan = Plan::new(&spec, &[group], 100, &compile_scale_fn).unwrap();
        (0..6).map(|step| plan.at(step).unwrap().0[0].lr).collect::<Vec<_>>()
    };
    assert_eq!(rates("sqrt(x*0.5*2)"), [0.0, 1.0, 0.0, 3.0_f64.sqrt(), 0.0, 5.0_f64.sqrt()]);
    for (step, rate) in rates("exp(x*0.1*0.1)").into_iter().enumerate() {
        let expected = if step % 2 == 1 { (step as f64 / 100.0).exp() } else { 0.0 };
        assert!((rate - expected).abs() <= 4e-16 * expected, "step {step}: {rate}");
    }
    for (step, rate) in rates("0.5*(1+sin(x*0.5*3.14159))").into_iter().enumerate() {
        let expected = f64::from(u8::from(step % 4 == 1));
        assert!((rate - expected).abs() < 2e-11, "step {step}: {rate}");
    }
}

#[test]
fn operators_bind_as_in_mathematics() {
    for (text, x, expected) in [
        ("-x^2", 3.0, -9.0),
        ("2 * -x^2", 3.0, -18.0),
        ("2^-x", 3.0, 0.125),
        ("2**-x*3", 3.0, 0.375),
        ("2^3^2", 0.0, 512.0),
        ("2^3**x", 2.0, 512.0),
        ("(2^3)^2", 0.0, 64.0),
        ("2^-x^2", 2.0, 0.0625),
        ("-2^-2", 0.0, -0.25),
        ("x^2 * x^3", 2.0, 32.0),
        ("2 * x ^ 2 + 1", 3.0, 19.0),
        ("x - 1 - 1", 5.0, 3.0),
        ("x - 1 + 1", 5.0, 5.0),
        ("6 / 2 * x", 3.0, 9.0),
        ("2 * 7 % 4", 0.0, 2.0),
        ("7 % 4 * 2", 0.0, 6.0),
        ("1 - -x", 2.0, 3.0),
        ("--x", 2.0, 2.0),
        ("+x", 2.0, 2.0),
        ("- (x + 1)", 1.0, -2.0),
        ("exp(-x^2)", 2.0, (-4.0_f64).exp()),
        ("1 / (5 ^ (x * 0.0001))", 10_000.0, 0.2),
        ("(((x)))", 4.0, 4.0),
        (" x\n+\t1 ", 4.0, 5.0),
    ] {
        close(text, x, expected);
    }
}

/// Every name, and the spellings of numbers. Remainders are Python's: -7 % 3 is 2 there.
#[test]
fn names_and_numbers_mean_what_python_means_by_them() {
    for (text, x, expected) in [
        ("1e-4*x", 3.0, 3e-4),
        ("exp(-1e-4*x)", 1e4, (-1.0_f64).exp()),
        ("2. + .5 + 1.e1 + 1E+2", 0.0, 112.5),
        ("0.99994**x", 2.0, 0.99994 * 0.99994),
        ("1/(2.**(x-1))", 3.0, 0.25),
        ("min(1, max(0, x))", 7.0, 1.0),
        ("max(1, 4, x, 2)", 3.0, 4.0),
        ("pow(x, 2)", 3.0, 9.0),
        ("atan2(1, x)", 1.0, PI / 4.0),
        ("hypot(x, 4)", 3.0, 5.0),
        ("fmod(0 - x, 3)", 7.0, -1.0),
        ("-x % 3", 7.0, 2.0),
        ("x % -3", 7.0, -2.0),
        ("x // 3", 7.0, 2.0),
        ("-x // 3", 7.0, -3.0),
        ("1 // 0.1", 0.0, 9.0),
        ("log(x)", E, 1.0),
        ("ln(x)", E, 1.0),
        ("log(x, 2)", 8.0, 3.0),
        ("log10(x)", 1000.0, 3.0),
        ("log2(x)", 8.0, 3.0),
        ("abs(-x)", 2.0, 2.0),
        ("round(x)", 2.5, 2.0),
        ("round(x)", 3.5, 4.0),
        ("floor(-x)", 2.5, -3.0),
        ("ceil(-x)", 2.5, -2.0),
        ("trunc(-x)", 2.5, -2.0),
        ("fract(x)", 2.5, 0.5),
        ("sign(-x) + sign(x - x)", 2.0, -1.0),
        ("pi + PI + π", 0.0, 3.0 * PI),
        ("e ^ (0 * x) + E", 7.0, 1.0 + E),
        ("tau - TAU + τ", 0.0, TAU),
        ("0.5 * (1 + sin(x * pi / 2))", 1.0, 1.0),
        ("sin (x)", 0.0, 0.0),
    ] {
        close(text, x, expected);
    }
}

/// What has no value must reach the schedule, which refuses it as a rate; nothing may hide it.
#[test]
fn what_has_no_value_is_not_hidden() {
    for text in [
        "sqrt(-x)",
        "min(1, sqrt(-x))",
        "max(sqrt(-x), 0)",
        "min(log(-x), 1)",
        "(-x)^0.5",
        "sign(log(-x))",
        "0 * log(x - x)",
    ] {
        assert!(value(text, 2.0).is_nan(), "{text}: {}", value(text, 2.0));
    }
    assert_eq!(value("1 / x", 0.0), f64::INFINITY);
    assert_eq!(value("1e308 * 10 * x", 1.0), f64::INFINITY);
}

/// Equality goes by the text, so that a specification keeps its identity whatever reads it.
#[test]
fn a_function_is_known_by_its_text() {
    let of = |text| compile_scale_fn(text).unwrap();
    assert_eq!(of("1 / x"), of("1 / x"));
    assert_ne!(of("1 / x"), of("1/x"));
    assert_eq!(of("1 / x").text(), "1 / x");
}
