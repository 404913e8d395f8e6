//! Every own kernel against the same thing composed of framework operations: values and all gradients.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};
use fusebind_model::layer::{
    edge::{Bonds, aggregate},
    embed::FieldEmbedding,
    gather::{RowIndex, gather_rows},
    norm::LayerNorm,
    pair::{Pairs, pair_product, pair_sum},
    segment::segment_sum,
};

fn device() -> Device {
    Device::flex().autodiff()
}

/// Deterministic values in (-1, 1) that hit no symmetry.
fn values(count: usize, salt: u64) -> Vec<f32> {
    (0..count as u64)
        .map(|i| {
            let x = (i + 1)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .wrapping_add(salt.wrapping_mul(0xD1B5_4A32_D192_ED03));
            ((x >> 40) as f32 / (1u64 << 24) as f32) * 2.0 - 1.0
        })
        .collect()
}

fn tensor(rows: usize, columns: usize, salt: u64) -> Tensor<2> {
    Tensor::from_data(
        TensorData::new(values(rows * columns, salt), [rows, columns]),
        &device(),
    )
    .require_grad()
}

fn index(values: &[u32]) -> Tensor<1, Int> {
    Tensor::from_data(
        TensorData::new(values.iter().map(|&v| i64::from(v)).collect(), [values.len()]),
        &device(),
    )
}

fn close<const D: usize>(a: Tensor<D>, b: Tensor<D>, what: &str) {
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
fn agree<const N: usize>(
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

const ROWS: [u32; 9] = [3, 0, 0, 2, 4, 3, 3, 1, 4];

#[test]
fn gather_is_select() {
    let rows = Arc::new(RowIndex::new(ROWS.to_vec(), 5));
    agree(
        [tensor(5, 7, 1)],
        |[x]| gather_rows(x, &rows),
        |[x]| x.select(0, index(&ROWS)),
    );
}

#[test]
fn segment_sum_is_a_product_with_the_membership_matrix() {
    let offsets = Arc::new(vec![0u32, 2, 2, 7]);
    let membership = [[1., 1., 0., 0., 0., 0., 0.], [0.; 7], [0., 0., 1., 1., 1., 1., 1.0f32]];
    let membership = Tensor::<2>::from_data(TensorData::from(membership), &device());
    agree(
        [tensor(7, 3, 2)],
        |[x]| segment_sum(x, &offsets),
        |[x]| membership.clone().matmul(x),
    );
}

#[test]
fn pair_sum_and_product_are_two_gathers() {
    let targets = [1u32, 1, 0, 2, 2, 0, 1, 2, 0];
    let pairs = Arc::new(Pairs {
        drug: RowIndex::new(ROWS.to_vec(), 5),
        target: RowIndex::new(targets.to_vec(), 3),
    });
    let gathered = |[d, t]: [Tensor<2>; 2]| (d.select(0, index(&ROWS)), t.select(0, index(&targets)));
    agree(
        [tensor(5, 6, 3), tensor(3, 6, 4)],
        |[d, t]| pair_sum(d, t, &pairs),
        |x| {
            let (d, t) = gathered(x);
            d + t
        },
    );
    agree(
        [tensor(5, 6, 3), tensor(3, 6, 4)],
        |[d, t]| pair_product(d, t, &pairs),
        |x| {
            let (d, t) = gathered(x);
            d * t
        },
    );
}

#[test]
fn aggregate_is_gather_add_relu_scatter() {
    // A path 0-1-2 and an edge 3-4, kinds 0, 1, 1; bonds sorted by the atom they lead to.
    let bonds = Arc::new(Bonds {
        incoming: vec![0, 1, 3, 4, 5, 6],
        source: vec![1, 0, 2, 1, 4, 3],
        kind: vec![0, 0, 1, 1, 1, 1],
    });
    let (source, kind, target) = ([1u32, 0, 2, 1, 4, 3], [0u32, 0, 1, 1, 1, 1], [0usize, 1, 1, 2, 3, 4]);
    let mut scatter = vec![0.0f32; 5 * 6];
    target
        .iter()
        .enumerate()
        .for_each(|(bond, atom)| scatter[atom * 6 + bond] = 1.0);
    let scatter = Tensor::<2>::from_data(TensorData::new(scatter, [5, 6]), &device());
    agree(
        [tensor(5, 4, 5), tensor(2, 4, 6)],
        |[h, b]| aggregate(h, b, &bonds),
        |[h, b]| {
            let messages = burn::tensor::activation::relu(h.select(0, index(&source)) + b.select(0, index(&kind)));
            scatter.clone().matmul(messages)
        },
    );
}

#[test]
fn layer_norm_is_the_formula() {
    let norm = LayerNorm::new(6, &device());
    agree(
        [tensor(300, 6, 7)],
        |[x]| norm.forward(x),
        |[x]| {
            let centred = x.clone() - x.mean_dim(1);
            let variance = centred.clone().powi_scalar(2).mean_dim(1);
            centred / (variance + 1e-5).sqrt()
        },
    );
}

#[test]
fn field_embedding_sums_its_rows() {
    let device = device();
    device.seed(3);
    let embedding = FieldEmbedding::new(&[3, 2], 4, &device);
    let one = |rows: Vec<u16>| embedding.forward(Arc::new(rows), 2);
    let sum = one(vec![0, 3, 2, 4]);
    let single = embedding.forward(Arc::new(vec![0, 3, 2, 4]), 1);
    let plain = single.clone().narrow(0, 0, 2).sum_dim(0);
    close(sum.clone().narrow(0, 0, 1), plain, "first row");
    let plain = single.narrow(0, 2, 2).sum_dim(0);
    close(sum.narrow(0, 1, 1), plain, "second row");
}

#[test]
fn gradients_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a thread pool");
        pool.install(|| {
            let x = tensor(2000, 16, 8);
            let norm = LayerNorm::new(16, &device());
            let grads = (norm.forward(x.clone()) * tensor(2000, 16, 9).detach())
                .sum()
                .backward();
            x.grad(&grads)
                .expect("a gradient")
                .into_data()
                .try_into_vec::<f32>()
                .expect("f32")
        })
    };
    assert_eq!(run(1), run(2));
}
