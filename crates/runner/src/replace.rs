//! Replacing a file as a whole: a reader sees the old content or the new, never a part.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::path::Path;

/// Writes `bytes` to a temporary file beside `path`, makes it durable and puts it in the place of `path`. The folder is made
/// where it is missing.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut file = temporary(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // Makes the new name last through a power cut where the system can; the file is right without it.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Creates a folder and those above it. What cannot even be looked at is not taken for a file in the way.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    match std::fs::create_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if std::fs::metadata(path)?.is_dir() {
                Ok(())
            } else {
                Err(error)
            }
        }
        other => other,
    }
}

/// Reads a text file of at most `limit` bytes; a device or pipe in its place is refused, which might never end.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> Result<String> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "this is not a regular file"));
    }
    if metadata.len() > limit {
        let problem = format!("it has {} bytes, more than the {limit} that such a file can have", metadata.len());
        return Err(Error::new(ErrorKind::FileTooLarge, problem));
    }
    let mut text = String::new();
    File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

/// A temporary file with the permissions of an ordinary one (0666 less the umask) rather than the owner's alone: results are
/// for others to read.
#[cfg(unix)]
fn temporary(folder: &Path) -> Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().permissions(permissions).tempfile_in(folder)
}

#[cfg(not(unix))]
fn temporary(folder: &Path) -> Result<tempfile::NamedTempFile> {
    tempfile::NamedTempFile::new_in(folder)
}
