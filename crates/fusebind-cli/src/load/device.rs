//! The device that a flag names.

use fusebind::model::device::{Device, DeviceChoice};

use crate::{args::DeviceName, console::Console};

/// The device that a flag names, with a note if a GPU was possible and is not used.
pub fn device(name: DeviceName, console: &Console) -> Result<Device, fusebind::model::Error> {
    let choice = match name {
        DeviceName::Auto => DeviceChoice::Auto,
        DeviceName::Cpu => DeviceChoice::Cpu,
        DeviceName::Cuda => DeviceChoice::Cuda,
    };
    let chosen = choice.resolve()?;
    if let Some(remark) = chosen.remark {
        console.note(remark);
    }
    Ok(chosen.device)
}
