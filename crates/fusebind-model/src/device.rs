//! Where tensors live: chosen at run time, with a clear message where the choice cannot be had.
//!
//! A build with the feature `cuda` needs no CUDA toolkit: the driver is looked for when a GPU is asked for, and kernels are compiled by
//! NVRTC on the machine that runs them. Goes out: a [`Chosen`] device, or what is missing and what to do about it.

use std::{
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, layer::dropout};

/// Fixes what the calling thread draws from here on: dropout, and whatever the framework draws on `device`.
pub fn seed(device: &Device, seed: u64) {
    let turn = generator();
    device.seed(seed);
    drop(turn);
    dropout::restart(seed);
}

/// A turn at the framework's generator, of which there is one for the whole process: who seeds it and draws from it holds this, or a
/// training in another thread would seed it in between.
pub(crate) fn generator() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A device, and what the user should know of the choice.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Where tensors live.
    pub device: Device,
    /// Why it is not the GPU that this build could use.
    pub remark: Option<String>,
}

impl DeviceChoice {
    /// The device, or why it cannot be had.
    pub fn resolve(self) -> Result<Chosen, Error> {
        let cpu = |remark| Chosen {
            device: Device::flex(),
            remark,
        };
        if self == Self::Cpu {
            return Ok(cpu(None)); // no driver is woken for nothing
        }
        match (self, gpu()) {
            (_, Ok(device)) => Ok(Chosen { device, remark: None }),
            (Self::Auto, Err(Missing::Support)) => Ok(cpu(None)),
            (Self::Auto, Err(missing)) => Ok(cpu(Some(format!("no GPU is used: {}", missing.what())))),
            (_, Err(missing)) => {
                let message = format!("{}: {}", missing.what(), missing.remedy());
                Err(Error::new(ErrorKind::Device, message))
            }
        }
    }
}

/// Why there is no GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code)] // which of them can be missing depends on the feature `cuda`
enum Missing {
    Support,
    Driver,
    Gpu,
    Compiler,
}

impl Missing {
    fn what(self) -> &'static str {
        match self {
            Self::Support => "this build of fusebind has no CUDA support",
            Self::Driver => "no NVIDIA driver was found (libcuda cannot be loaded)",
            Self::Gpu => "the NVIDIA driver reports no GPU",
            Self::Compiler => "the CUDA run-time compiler was not found (libnvrtc cannot be loaded)",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Support => "use `--device cpu` or `--device auto`, or build with `--features cuda`",
            Self::Driver | Self::Gpu => "use `--device cpu` or `--device auto`, or look at what `nvidia-smi` says",
            Self::Compiler => {
                "install NVRTC and the CUDA headers (CUDA toolkit, or the nvidia-cuda-nvrtc and nvidia-cuda-runtime packages) and let \
                 CUDA_PATH point to them, or use `--device cpu`"
            }
        }
    }
}

#[cfg(not(feature = "cuda"))]
fn gpu() -> Result<Device, Missing> {
    Err(Missing::Support)
}

/// The first GPU. The framework panics on a thread of its own where there is none, so the driver is asked first.
#[cfg(feature = "cuda")]
fn gpu() -> Result<Device, Missing> {
    use libloading::Library;

    type Initialise = unsafe extern "C" fn(u32) -> i32;
    type Count = unsafe extern "C" fn(*mut i32) -> i32;
    // SAFETY: what is loaded are the vendor's driver and compiler, under the names that their documentation gives. Their initialisers
    // are made to run in any process, and they stand where the system looks for libraries, which is trusted like the system.
    let load = |names: &[&str]| names.iter().find_map(|name| unsafe { Library::new(*name) }.ok());
    let driver = load(&["libcuda.so.1", "libcuda.so", "nvcuda.dll"]).ok_or(Missing::Driver)?;
    // SAFETY: both types are those of the vendor's header, `CUresult cuInit(unsigned int)` and `CUresult cuDeviceGetCount(int *)`. The
    // functions are called while `driver` is loaded, in the documented order, and the pointer is to a number that lives here.
    let count = unsafe {
        let initialise = driver.get::<Initialise>(b"cuInit\0").map_err(|_| Missing::Driver)?;
        let number = driver
            .get::<Count>(b"cuDeviceGetCount\0")
            .map_err(|_| Missing::Driver)?;
        let mut count = 0;
        if initialise(0) != 0 || number(&mut count) != 0 {
            return Err(Missing::Gpu);
        }
        count
    };
    if count < 1 {
        return Err(Missing::Gpu);
    }
    let compiler = [
        "libnvrtc.so",
        "libnvrtc.so.13",
        "libnvrtc.so.12",
        "nvrtc64_130_0.dll",
        "nvrtc64_120_0.dll",
    ];
    load(&compiler).ok_or(Missing::Compiler)?;
    Ok(Device::cuda(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_and_a_missing_one_says_what_to_do() {
        assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda);
        let error = "gpu".parse::<DeviceChoice>().unwrap_err().to_string();
        assert!(error.contains("auto, cpu or cuda"), "{error}");
        assert!(DeviceChoice::Cpu.resolve().unwrap().remark.is_none());
        match gpu() {
            Ok(_) => assert!(DeviceChoice::Auto.resolve().unwrap().remark.is_none()),
            Err(missing) => {
                let error = DeviceChoice::Cuda.resolve().unwrap_err();
                assert!(error.to_string().contains(missing.what()), "{error}");
                let fallback = DeviceChoice::Auto.resolve().unwrap();
                assert!(!fallback.device.is_autodiff());
                assert_eq!(fallback.remark.is_none(), missing == Missing::Support);
            }
        }
        for missing in [Missing::Support, Missing::Driver, Missing::Gpu, Missing::Compiler] {
            assert!(missing.remedy().contains("--device cpu"));
        }
    }
}
