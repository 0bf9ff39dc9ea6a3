//! `lrscope report`: the reports again, from the records.

use anyhow::{Result, anyhow};

use crate::args::ReportArgs;
use crate::exit::bad_input;
use crate::render;
use crate::tell::print;

/// Runs the command.
pub fn run(args: &ReportArgs) -> Result<()> {
    let known = render::studies(&args.results)?;
    let chosen = if args.names.is_empty() { known.clone() } else { args.names.clone() };
    if let Some(unknown) = chosen.iter().find(|name| !known.contains(name)) {
        let there = if known.is_empty() { "no report at all".to_owned() } else { known.join(", ") };
        let results = args.results.display();
        return Err(bad_input(anyhow!("there is no report {unknown:?} in {results}; there is {there}")));
    }
    for name in &chosen {
        render::report(&args.results, &args.results.join(name))?;
        if !args.output.quiet {
            print(&args.results.join(name).join("README.md").display().to_string())?;
        }
    }
    render::index(&args.results)
}
