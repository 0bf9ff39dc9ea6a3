//! The machine that a run was made on.

use std::fs;

use serde::{Deserialize, Serialize};

/// What can be told of a machine without asking for rights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name in the network: on a cluster, the node.
    pub host: String,
    /// Operating system, for example `"linux"`.
    pub os: String,
    /// Architecture, for example `"x86_64"`.
    pub arch: String,
    /// The processor's own name for itself, where the system tells.
    pub cpu: Option<String>,
    /// Threads that the process may run at once, where the system tells.
    pub logical_cores: Option<u64>,
    /// Mean number of running processes over the last 1, 5 and 15 minutes, where the system tells.
    pub load_average: Option<[f64; 3]>,
}

impl Machine {
    /// This machine, now.
    pub fn here() -> Self {
        let cores = std::thread::available_parallelism();
        Self {
            host: host(),
            os: std::env::consts::OS.into(),
            arch: std::env::consts::ARCH.into(),
            cpu: fs::read_to_string("/proc/cpuinfo").ok().as_deref().and_then(cpu_model),
            logical_cores: cores.ok().map(|n| n.get() as u64),
            load_average: fs::read_to_string("/proc/loadavg").ok().as_deref().and_then(load_average),
        }
    }
}

/// This machine's name.
pub(super) fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

fn cpu_model(cpuinfo: &str) -> Option<String> {
    let fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let mut models = fields.filter(|(key, _)| matches!(key.trim(), "model name" | "Model" | "Hardware" | "cpu model"));
    models.next().map(|(_, model)| model.trim().to_owned())
}

fn load_average(loadavg: &str) -> Option<[f64; 3]> {
    let mut numbers =
        loadavg.split_whitespace().map_while(|word| word.parse().ok().filter(|number: &f64| number.is_finite()));
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_files_are_read_as_the_kernel_documents_them() {
        // proc_cpuinfo(5) and proc_loadavg(5).
        let cpuinfo = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) CPU\n\nprocessor\t: 1\nmodel name\t: other\n";
        assert_eq!(cpu_model(cpuinfo).as_deref(), Some("Intel(R) Xeon(R) CPU"));
        assert_eq!(cpu_model("processor : 0\n"), None);
        assert_eq!(load_average("0.20 0.18 0.12 1/80 11206\n"), Some([0.20, 0.18, 0.12]));
        assert_eq!(load_average("0.20 0.18"), None);
    }

    #[test]
    fn this_machine_has_a_name() {
        let here = Machine::here();
        assert!(!here.host.is_empty());
        if cfg!(target_os = "linux") {
            let uname = std::process::Command::new("uname").arg("-n").output().expect("uname runs");
            assert_eq!(here.host, String::from_utf8_lossy(&uname.stdout).trim());
            assert!(here.load_average.is_some());
        }
    }
}
