//! Where tensors live: chosen at run time, with a clear message where the choice cannot be had.

use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, layer::dropout};

/// Fixes what the calling thread draws from here on: dropout, and whatever the framework draws on `device`.
pub fn seed(device: &Device, seed: u64) {
    device.seed(seed);
    dropout::restart(seed);
}

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// The best device there is.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            other => Err(Error::new(
                ErrorKind::Device,
                format!("unknown device `{other}`: use auto, cpu or cuda"),
            )),
        }
    }
}

impl DeviceChoice {
    /// The device, or why it cannot be had.
    pub fn resolve(self) -> Result<Device, Error> {
        match self {
            Self::Auto | Self::Cpu => Ok(Device::flex()),
            Self::Cuda => Err(Error::new(
                ErrorKind::Device,
                "this build of fusebind has no CUDA support: use `--device cpu` or `--device auto`",
            )),
        }
    }
}
