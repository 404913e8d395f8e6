//! Stands in for cubecl's LLVM backend, which cannot be built without downloading LLVM.
//!
//! cubecl-cuda names that backend unconditionally, but with the feature `cuda-cpp` it compiles kernels through CUDA C++ and never calls
//! it. Here are the names that it needs to compile, and nothing behind them: asked for a kernel, the compiler refuses with a reason.

use std::fmt;

use cubecl_core::{
    ir::nvidia::SmArch,
    prelude::KernelDefinition,
};
use cubecl_environment::backtrace::BackTrace;
use cubecl_server::{
    compiler::{CompilationError, Compiler},
    kernel::BufferIOAttr,
};

/// Versions of PTX, which nothing here emits.
pub mod nvptx {
    /// See [`ptx_version::PtxVersion`].
    pub mod ptx_version {
        use std::fmt;

        /// No version: there is no value of this type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum PtxVersion {}

        impl PtxVersion {
            /// None for any driver.
            pub fn for_driver(_driver: i32) -> Option<Self> {
                None
            }
        }

        impl fmt::Display for PtxVersion {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {}
            }
        }
    }
}

/// What a device may advertise.
pub mod shared {
    /// See [`lowered_features::restrict_features`].
    pub mod lowered_features {
        use cubecl_core::ir::DeviceProperties;

        /// Target that features are narrowed for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum GpuTarget {
            /// NVIDIA.
            Nvptx,
        }

        /// Leaves `properties` alone: it is called for the LLVM backend only.
        pub fn restrict_features(_properties: &mut DeviceProperties, _target: GpuTarget) {}
    }
}

/// Target of the backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LlvmTarget {
    /// NVIDIA.
    #[default]
    Nvptx,
}

/// The compiler that refuses.
#[derive(Clone, Debug, Default)]
pub struct PlironCompiler {
    /// Target.
    pub target: LlvmTarget,
}

/// What the compiler would be told.
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    /// Architecture of another vendor.
    pub arch: Option<()>,
    /// Architecture.
    pub sm_arch: Option<SmArch>,
    /// Version of PTX.
    pub ptx_version: Option<nvptx::ptx_version::PtxVersion>,
    /// Layout of the parameters.
    pub grid_constants: bool,
    /// Keeps `..Default::default()` from being needless where the options are made.
    pub unused: (),
}

/// What the compiler would give.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    /// NUL-terminated PTX.
    pub ptx: Vec<std::ffi::c_char>,
    /// Entry point.
    pub entrypoint: String,
    /// Source for logs.
    pub ir: String,
    /// Bytes of shared memory.
    pub shared_memory_size: usize,
    /// Access to buffers.
    pub io: Vec<BufferIOAttr>,
}

/// What the compiler would give, by target.
#[derive(Clone, Debug)]
pub enum PlironArtifact {
    /// For NVIDIA.
    NvptxCode(NvptxModule),
    /// For none, so that a match on the other is not the only one.
    Nothing,
}

impl fmt::Display for PlironArtifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NvptxCode(module) => f.write_str(&module.ir),
            Self::Nothing => Ok(()),
        }
    }
}

impl Compiler for PlironCompiler {
    type Representation = PlironArtifact;
    type CompilationOptions = PlironOptions;

    fn compile(&mut self, _: KernelDefinition, _: &PlironOptions) -> Result<PlironArtifact, CompilationError> {
        Err(CompilationError::Generic {
            reason: "this build compiles kernels through CUDA C++ only, it has no LLVM".into(),
            backtrace: BackTrace::capture(),
        })
    }

    fn extension(&self) -> &'static str {
        "ll"
    }

    fn lang_tag(&self) -> &'static str {
        "llvm"
    }
}
