//! Own CPU kernels inside the framework's graph: plain Rust over slices, each with its own backward.
//!
//! Comes in: contiguous `f32` tensors. Goes out: one tensor, tracked by autodiff. A [`HostKernel`] is the only thing a
//! layer has to write; this file carries it across the backend boundary. The kernels run on the CPU backend; a layer
//! composes framework operations on every other device ([`super::composed`]) and its tests hold the two forms against each other.

use std::{fmt::Debug, sync::Arc};

use burn::{
    backend::{Autodiff, Backend, Dispatch, DispatchDevice, Flex, backend_extension, tensor::FloatTensor},
    tensor::{DType, Device, Shape, Tensor},
};
use burn_autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn_flex::FlexTensor;

/// Borrowed input of a kernel: contiguous values and their shape.
#[derive(Clone, Copy, Debug)]
pub struct ArrayView<'a> {
    /// Values in row-major order.
    pub values: &'a [f32],
    /// Shape.
    pub shape: &'a [usize],
}

impl ArrayView<'_> {
    /// Length of the last axis (channels `D`).
    pub fn channels(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }
}

/// A differentiable function on CPU slices.
pub trait HostKernel: Debug + Send + Sync + 'static {
    /// Shape of the output for the given inputs.
    fn output_shape(&self, inputs: &[ArrayView<'_>]) -> Vec<usize>;
    /// Writes the output (zeroed on entry).
    fn forward(&self, inputs: &[ArrayView<'_>], output: &mut [f32]);
    /// Writes the gradient of every input (each zeroed on entry) from the gradient of the output. A kernel that does not need all
    /// finds an empty slice for an input that nobody asks the gradient of.
    fn backward(&self, inputs: &[ArrayView<'_>], grad: &[f32], grads: &mut [&mut [f32]]);
    /// Whether the backward pass writes every gradient, wanted for or not.
    fn needs_all(&self) -> bool {
        true
    }
}

/// A shared kernel.
pub type Kernel = Arc<dyn HostKernel>;

/// Forward passes of host kernels by number of inputs.
#[backend_extension(Flex, Autodiff)]
pub trait HostKernels: Backend {
    /// Kernel of one input.
    fn host_unary(x: FloatTensor<Self>, kernel: Kernel) -> FloatTensor<Self>;
    /// Kernel of two inputs.
    fn host_binary(x: FloatTensor<Self>, y: FloatTensor<Self>, kernel: Kernel) -> FloatTensor<Self>;
    /// Kernel of three inputs.
    fn host_ternary(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        kernel: Kernel,
    ) -> FloatTensor<Self>;
    /// Kernel of seven inputs.
    #[allow(clippy::too_many_arguments)] // tensors cross the backend boundary one by one
    fn host_septenary(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        f: FloatTensor<Self>,
        g: FloatTensor<Self>,
        kernel: Kernel,
    ) -> FloatTensor<Self>;
}

/// Backward passes of host kernels; first order only.
pub trait HostGradients: Backend {
    /// Gradients of the inputs of `kernel` that `wanted` names.
    fn host_gradients(
        inputs: &[FloatTensor<Self>],
        wanted: &[bool],
        grad: FloatTensor<Self>,
        kernel: &dyn HostKernel,
    ) -> Vec<Option<FloatTensor<Self>>>;
}

/// Zeros to write into. The backend's own make bytes first and copy them to where numbers may stand.
fn zeros(shape: Shape) -> FlexTensor {
    FlexTensor::filled_typed(shape, DType::F32, 0.0f32)
}

fn contiguous(tensor: FlexTensor) -> FlexTensor {
    debug_assert_eq!(tensor.dtype(), DType::F32, "host kernels are written for f32");
    if tensor.is_contiguous() && tensor.layout().start_offset() == 0 {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

fn with_views<R>(tensors: &[FlexTensor], run: impl FnOnce(&[ArrayView<'_>]) -> R) -> R {
    let shapes: Vec<Vec<usize>> = tensors.iter().map(|t| t.layout().shape().to_vec()).collect();
    let views: Vec<ArrayView<'_>> = tensors
        .iter()
        .zip(&shapes)
        .map(|(tensor, shape)| ArrayView {
            values: tensor.as_slice::<f32>().expect("made contiguous f32 on entry"),
            shape,
        })
        .collect();
    run(&views)
}

fn run_forward(inputs: Vec<FlexTensor>, kernel: &dyn HostKernel) -> FlexTensor {
    let inputs: Vec<FlexTensor> = inputs.into_iter().map(contiguous).collect();
    with_views(&inputs, |views| {
        let shape = Shape::from(kernel.output_shape(views));
        let mut output = zeros(shape);
        kernel.forward(views, output.storage_mut::<f32>());
        output
    })
}

impl HostKernels for Flex {
    fn host_unary(x: FloatTensor<Self>, kernel: Kernel) -> FloatTensor<Self> {
        run_forward(vec![x], kernel.as_ref())
    }

    fn host_binary(x: FloatTensor<Self>, y: FloatTensor<Self>, kernel: Kernel) -> FloatTensor<Self> {
        run_forward(vec![x, y], kernel.as_ref())
    }

    fn host_ternary(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        kernel: Kernel,
    ) -> FloatTensor<Self> {
        run_forward(vec![x, y, z], kernel.as_ref())
    }

    fn host_septenary(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        f: FloatTensor<Self>,
        g: FloatTensor<Self>,
        kernel: Kernel,
    ) -> FloatTensor<Self> {
        run_forward(vec![a, b, c, d, e, f, g], kernel.as_ref())
    }
}

impl HostGradients for Flex {
    fn host_gradients(
        inputs: &[FloatTensor<Self>],
        wanted: &[bool],
        grad: FloatTensor<Self>,
        kernel: &dyn HostKernel,
    ) -> Vec<Option<FloatTensor<Self>>> {
        let grad = contiguous(grad);
        let mut grads: Vec<Option<FlexTensor>> = (inputs.iter().zip(wanted))
            .map(|(input, wanted)| (*wanted || kernel.needs_all()).then(|| zeros(input.layout().shape().clone())))
            .collect();
        with_views(inputs, |views| {
            let mut slices: Vec<&mut [f32]> = (grads.iter_mut())
                .map(|g| g.as_mut().map_or(&mut [] as &mut [f32], |g| g.storage_mut::<f32>()))
                .collect();
            kernel.backward(
                views,
                grad.as_slice::<f32>().expect("made contiguous f32 above"),
                &mut slices,
            );
        });
        grads
    }
}

#[derive(Debug)]
struct HostBackward<const N: usize>;

impl<B: HostGradients, const N: usize> Backward<B, N> for HostBackward<N> {
    type State = (Vec<FloatTensor<B>>, Kernel);

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (inputs, kernel) = ops.state;
        let grad = grads.consume::<B>(&ops.node);
        let wanted: Vec<bool> = ops.parents.iter().map(Option::is_some).collect();
        let input_grads = B::host_gradients(&inputs, &wanted, grad, kernel.as_ref());
        for (parent, input_grad) in ops.parents.into_iter().zip(input_grads) {
            if let Some((node, input_grad)) = parent.zip(input_grad) {
                grads.register::<B>(node.id, input_grad);
            }
        }
    }
}

macro_rules! tracked {
    ($backend:ident, $strategy:ident, $count:literal, $kernel:ident, $call:ident, $($input:ident),+) => {{
        let nodes = [$($input.node()),+];
        let inputs: Vec<FloatTensor<$backend>> = vec![$($input.into_primitive()),+];
        let mut primitives = inputs.iter().cloned();
        $(let $input = primitives.next().expect("one primitive per input");)+
        let output = $backend::$call($($input,)+ $kernel.clone());
        match HostBackward::<$count>.prepare::<$strategy>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((inputs, $kernel), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }};
}

impl<B: HostKernels + HostGradients, C: CheckpointStrategy> HostKernels for Autodiff<B, C> {
    fn host_unary(x: FloatTensor<Self>, kernel: Kernel) -> FloatTensor<Self> {
        tracked!(B, C, 1, kernel, host_unary, x)
    }

    fn host_binary(x: FloatTensor<Self>, y: FloatTensor<Self>, kernel: Kernel) -> FloatTensor<Self> {
        tracked!(B, C, 2, kernel, host_binary, x, y)
    }

    fn host_ternary(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        z: FloatTensor<Self>,
        kernel: Kernel,
    ) -> FloatTensor<Self> {
        tracked!(B, C, 3, kernel, host_ternary, x, y, z)
    }

    fn host_septenary(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        f: FloatTensor<Self>,
        g: FloatTensor<Self>,
        kernel: Kernel,
    ) -> FloatTensor<Self> {
        tracked!(B, C, 7, kernel, host_septenary, a, b, c, d, e, f, g)
    }
}

/// Whether `device` is the one that host kernels run on.
pub(crate) fn on_host(device: &Device) -> bool {
    fn of(device: &DispatchDevice) -> bool {
        match device {
            DispatchDevice::Flex(_) => true,
            DispatchDevice::Autodiff(inner) => of(inner),
            #[allow(unreachable_patterns)] // other backends are there with other features
            _ => false,
        }
    }
    of(device.as_dispatch())
}

/// Applies a kernel of one input.
pub fn unary<const D: usize, const O: usize>(x: Tensor<D>, kernel: impl HostKernel) -> Tensor<O> {
    Tensor::from_dispatch(Dispatch::host_unary(x.into_dispatch(), Arc::new(kernel)))
}

/// Applies a kernel of two inputs.
pub fn binary<const D: usize, const E: usize, const O: usize>(
    x: Tensor<D>,
    y: Tensor<E>,
    kernel: impl HostKernel,
) -> Tensor<O> {
    Tensor::from_dispatch(Dispatch::host_binary(
        x.into_dispatch(),
        y.into_dispatch(),
        Arc::new(kernel),
    ))
}

/// Applies a kernel of three inputs.
pub fn ternary<const D: usize, const E: usize, const F: usize, const O: usize>(
    x: Tensor<D>,
    y: Tensor<E>,
    z: Tensor<F>,
    kernel: impl HostKernel,
) -> Tensor<O> {
    Tensor::from_dispatch(Dispatch::host_ternary(
        x.into_dispatch(),
        y.into_dispatch(),
        z.into_dispatch(),
        Arc::new(kernel),
    ))
}

/// Applies a kernel of seven inputs: a matrix and two vectors, a matrix and its vector, a matrix and its vector.
pub fn septenary<const O: usize>(
    (a, b, c): (Tensor<2>, Tensor<1>, Tensor<1>),
    (d, e): (Tensor<2>, Tensor<1>),
    (f, g): (Tensor<2>, Tensor<1>),
    kernel: impl HostKernel,
) -> Tensor<O> {
    Tensor::from_dispatch(Dispatch::host_septenary(
        a.into_dispatch(),
        b.into_dispatch(),
        c.into_dispatch(),
        d.into_dispatch(),
        e.into_dispatch(),
        f.into_dispatch(),
        g.into_dispatch(),
        Arc::new(kernel),
    ))
}
