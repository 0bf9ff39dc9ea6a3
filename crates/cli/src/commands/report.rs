//! `lrscope report`: the reports again, from the records.

use anyhow::{Result, anyhow};

use crate::args::ReportArgs;
use crate::exit::bad_input;
use crate::progress::note;
use crate::render;
use crate::tell::print;

/// Runs the command.
pub fn run(args: &ReportArgs) -> Result<()> {
    let known = render::studies(&args.results)?;
    check(args, &known)?;
    let chosen = if args.names.is_empty() { &known } else { &args.names };
    let mut pages = Vec::new();
    for name in chosen {
        let page = args.results.join(name).join("README.md");
        if render::report(&args.results, &args.results.join(name))? {
            pages.push(page.display().to_string());
        } else {
            note(&format!("{name}: no run of it is done yet, so there is nothing to report"));
        }
    }
    render::index(&args.results)?;
    show(args, &pages)
}

fn check(args: &ReportArgs, known: &[String]) -> Result<()> {
    let results = args.results.display();
    if known.is_empty() {
        return Err(bad_input(anyhow!(
            "--results: there is no study in {results}; range-test, compare and train make some"
        )));
    }
    match args.names.iter().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(unknown) => {
            let known = known.join(", ");
            Err(bad_input(anyhow!("there is no report {unknown:?} in {results}; there is {known}")))
        }
    }
}

fn show(args: &ReportArgs, pages: &[String]) -> Result<()> {
    if args.output.json {
        return print(&serde_json::to_string_pretty(&serde_json::json!({ "reports": pages }))?);
    }
    if args.output.quiet || pages.is_empty() {
        return Ok(());
    }
    print(&pages.join("\n"))
}
