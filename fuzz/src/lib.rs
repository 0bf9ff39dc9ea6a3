//! A folder for the targets whose readers want files: in memory where that can be.

use std::path::{Path, PathBuf};

/// This process's own folder below `/dev/shm`, else below the system's temporary one.
pub fn folder(target: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let folder = base.join(format!("lrscope-fuzz-{target}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
