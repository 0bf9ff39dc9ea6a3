//! Whether a folder that the user names can be used, told before anything is done.

use std::path::Path;

use anyhow::{Result, anyhow};

use crate::exit::bad_input;

/// Checks the folder of results, which need not be there yet. `flag` is what it was named by.
///
/// # Errors
/// Where it cannot be one.
pub fn results(flag: &str, folder: &Path) -> Result<()> {
    named_in_text(flag, folder)?;
    let refused = |problem: String| Err(bad_input(anyhow!("{flag}: {problem}")));
    // What cannot be looked at is for whoever uses it to report.
    if std::fs::metadata(folder).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    for place in folder.ancestors().filter(|place| !place.as_os_str().is_empty()) {
        let Ok(found) = std::fs::symlink_metadata(place) else { continue };
        let on_the_way = if place == folder { String::new() } else { format!("{}: ", folder.display()) };
        let name = place.display();
        return match std::fs::metadata(place) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => refused(format!("{on_the_way}{name} is not a folder: move it away, or choose another")),
            Err(_) if found.is_symlink() => {
                let target = std::fs::read_link(place).unwrap_or_default();
                let target = target.display();
                refused(format!(
                    "{on_the_way}{name} is a link to {target}, which is not there: make that folder, or remove the link"
                ))
            }
            Err(_) => Ok(()),
        };
    }
    Ok(())
}

/// Checks that a path can stand in records and tasks, which are JSON.
///
/// # Errors
/// Where it is not UTF-8.
pub fn named_in_text(flag: &str, path: &Path) -> Result<()> {
    if path.to_str().is_some() {
        return Ok(());
    }
    let shown = path.display();
    Err(bad_input(anyhow!(
        "{flag}: {shown} is not UTF-8, which what is written about it has to be: choose another name"
    )))
}
