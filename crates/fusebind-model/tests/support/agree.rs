//! Tensors of drawn values, and the comparison of two ways to compute the same: values and all gradients.

#![allow(clippy::unwrap_used, dead_code)] // each test file uses a part of this

use burn::{
    module::Param,
    nn::Linear,
    tensor::{Device, Int, Tensor, TensorData},
};

/// Rows that pairs read.
pub const ROWS: [u32; 9] = [3, 0, 0, 2, 4, 3, 3, 1, 4];

pub fn device() -> Device {
    Device::flex().autodiff()
}

/// Deterministic values in (-1, 1) that hit no symmetry.
pub fn values(count: usize, salt: u64) -> Vec<f32> {
    (0..count as u64)
        .map(|i| {
            let x = (i + 1)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .wrapping_add(salt.wrapping_mul(0xD1B5_4A32_D192_ED03));
            ((x >> 40) as f32 / (1u64 << 24) as f32) * 2.0 - 1.0
        })
        .collect()
}

pub fn tensor(rows: usize, columns: usize, salt: u64) -> Tensor<2> {
    Tensor::from_data(
        TensorData::new(values(rows * columns, salt), [rows, columns]),
        &device(),
    )
    .require_grad()
}

pub fn index(values: &[u32]) -> Tensor<1, Int> {
    Tensor::from_data(
        TensorData::new(values.iter().map(|&v| i64::from(v)).collect(), [values.len()]),
        &device(),
    )
}

pub fn close<const D: usize>(a: Tensor<D>, b: Tensor<D>, what: &str) {
    let a = a.into_data().try_into_vec::<f32>().expect("f32");
    let b = b.into_data().try_into_vec::<f32>().expect("f32");
    assert_eq!(a.len(), b.len(), "{what}");
    assert!(
        a.iter().any(|v| *v != 0.0),
        "{what}: all zero, so the comparison says nothing"
    );
    for (i, (x, y)) in a.iter().zip(&b).enumerate() {
        assert!((x - y).abs() <= 1e-4 * (1.0 + y.abs()), "{what}[{i}]: {x} against {y}");
    }
}

/// Compares outputs, and the gradients of a weighted sum of them in every input.
pub fn agree<const N: usize>(
    inputs: [Tensor<2>; N],
    own: impl Fn([Tensor<2>; N]) -> Tensor<2>,
    plain: impl Fn([Tensor<2>; N]) -> Tensor<2>,
) {
    let (a, b) = (own(inputs.clone()), plain(inputs.clone()));
    let weights = tensor(a.dims()[0], a.dims()[1], 99).detach();
    close(a.clone(), b.clone(), "output");
    let (own_grads, plain_grads) = ((a * weights.clone()).sum().backward(), (b * weights).sum().backward());
    for (i, input) in inputs.iter().enumerate() {
        close(
            input.grad(&own_grads).expect("own gradient reaches every input"),
            input.grad(&plain_grads).expect("plain gradient reaches every input"),
            &format!("gradient {i}"),
        );
    }
}

/// A dense layer of drawn weights.
pub fn linear(inputs: usize, outputs: usize, salt: u64, bias: bool) -> Linear {
    let drawn = |salt: u64| TensorData::new(values(outputs, salt), [outputs]);
    let bias = bias.then(|| Tensor::<1>::from_data(drawn(salt + 1), &device()).require_grad());
    Linear {
        weight: Param::from_tensor(tensor(inputs, outputs, salt)),
        bias: bias.map(Param::from_tensor),
    }
}

/// Compares the gradients of `params` after the weighted sums of two outputs.
pub fn agree_in<const D: usize>(own: Tensor<2>, plain: Tensor<2>, params: &[Tensor<D>], what: &str) {
    let weights = tensor(own.dims()[0], own.dims()[1], 98).detach();
    close(own.clone(), plain.clone(), what);
    let (own, plain) = (
        (own * weights.clone()).sum().backward(),
        (plain * weights).sum().backward(),
    );
    for (i, param) in params.iter().enumerate() {
        let of = |grads| param.grad(grads).expect("a gradient reaches every parameter");
        close(of(&own), of(&plain), &format!("{what}, parameter {i}"));
    }
}
