//! Which device a run computes on, from its name.

use candle_core::{DType, Device};
use lrscope_runner::spec::{DeviceClass, FloatType};

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The name is none that is known.
    #[error("unknown device {0:?}: use \"cpu\", \"cuda\", \"cuda:N\" or \"metal\"")]
    Unknown(String),
    /// The program holds no code for the device.
    #[error("built without {name}: rebuild with `--features {feature}`, or use the device \"cpu\"")]
    NotBuilt {
        /// The device's kind as people write it.
        name: &'static str,
        /// The cargo feature that adds it.
        feature: &'static str,
    },
    /// The program has the code, but the machine has no such device.
    #[error("no {name} device {ordinal} on this machine")]
    Absent {
        /// The device's kind as people write it.
        name: &'static str,
        /// Number of the device, from 0.
        ordinal: usize,
        /// What the driver said.
        source: candle_core::Error,
    },
    /// The device cannot compute in this type.
    #[error("Metal computes in 32 bits at most: dtype = \"f64\" needs the device \"cpu\" or \"cuda\"")]
    NoDouble,
}

/// The device that `text` names: `"cpu"`, `"cuda"` (the same as `"cuda:0"`), `"cuda:N"` or `"metal"`.
///
/// The number of a GPU is no part of its class: it changes no result.
pub fn parse_device(text: &str) -> Result<(DeviceClass, Device), DeviceError> {
    match text.split_once(':').unwrap_or((text, "0")) {
        ("cpu", "0") if text == "cpu" => Ok((DeviceClass::Cpu, Device::Cpu)),
        ("cuda", number) => Ok((DeviceClass::Cuda, cuda(ordinal(number, text)?)?)),
        ("metal", "0") if text == "metal" => Ok((DeviceClass::Metal, metal()?)),
        _ => Err(DeviceError::Unknown(text.into())),
    }
}

/// The class of an opened device.
pub fn class_of(device: &Device) -> DeviceClass {
    match device {
        Device::Cpu => DeviceClass::Cpu,
        Device::Cuda(_) => DeviceClass::Cuda,
        Device::Metal(_) => DeviceClass::Metal,
    }
}

/// candle's name of a float type, after checking that the device has it.
pub fn float_type(dtype: FloatType, device: &Device) -> Result<DType, DeviceError> {
    match (dtype, device) {
        (FloatType::F64, Device::Metal(_)) => Err(DeviceError::NoDouble),
        (FloatType::F64, _) => Ok(DType::F64),
        (FloatType::F32, _) => Ok(DType::F32),
    }
}

fn ordinal(number: &str, text: &str) -> Result<usize, DeviceError> {
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = digits.then(|| number.parse().ok()).flatten();
    parsed.ok_or_else(|| DeviceError::Unknown(text.into()))
}

fn cuda(ordinal: usize) -> Result<Device, DeviceError> {
    if !candle_core::utils::cuda_is_available() {
        return Err(DeviceError::NotBuilt { name: "CUDA", feature: "cuda" });
    }
    Device::new_cuda(ordinal).map_err(|source| DeviceError::Absent { name: "CUDA", ordinal, source })
}

fn metal() -> Result<Device, DeviceError> {
    if !candle_core::utils::metal_is_available() {
        return Err(DeviceError::NotBuilt { name: "Metal", feature: "metal" });
    }
    Device::new_metal(0).map_err(|source| DeviceError::Absent { name: "Metal", ordinal: 0, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_always_there() {
        let (class, device) = parse_device("cpu").expect("the processor");
        assert_eq!(class, DeviceClass::Cpu);
        assert_eq!(class_of(&device), DeviceClass::Cpu);
        assert!(float_type(FloatType::F64, &device).is_ok());
    }

    #[test]
    fn unknown_names_are_repeated_in_the_error() {
        for text in
            ["", "gpu", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "metal:1", "cuda:99999999999999999999"]
        {
            let error = parse_device(text).expect_err(text);
            assert!(matches!(error, DeviceError::Unknown(_)), "{text}: {error}");
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_program_without_cuda_says_so() {
        for text in ["cuda", "cuda:1"] {
            let error = parse_device(text).expect_err(text).to_string();
            assert!(error.starts_with("built without CUDA: rebuild with `--features cuda`"), "{error}");
        }
    }

    #[cfg(not(feature = "metal"))]
    #[test]
    fn a_program_without_metal_says_so() {
        let error = parse_device("metal").expect_err("metal").to_string();
        assert!(error.starts_with("built without Metal"), "{error}");
    }
}
