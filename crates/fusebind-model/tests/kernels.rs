//! Every own kernel against the same thing composed of framework operations: values and all gradients.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

#[path = "support/agree.rs"]
mod agree;

use std::sync::Arc;

use agree::{ROWS, agree, close, device, index, linear, tensor};
use burn::tensor::{Tensor, TensorData};
use fusebind_features::batch::RowIndex;
use fusebind_model::layer::{
    dense::dense_relu,
    dropout::Dropout,
    edge::{Bonds, aggregate},
    embed::FieldEmbedding,
    gather::gather_rows,
    norm::LayerNorm,
    pair::{Pairs, pair_product, pair_sum},
    residual::residual,
    segment::segment_sum,
};

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
            let x = tensor(2000, 64, 8);
            let (norm, first, second) = (
                LayerNorm::new(64, &device()),
                linear(64, 96, 3, true),
                linear(96, 64, 5, true),
            );
            let y = dense_relu(residual(x.clone(), &norm, &first, &Dropout::new(0.0), &second), &first);
            let grads = (y * tensor(2000, 96, 9).detach()).sum().backward();
            let values = |grad: Option<Tensor<2>>| {
                grad.expect("a gradient")
                    .into_data()
                    .try_into_vec::<f32>()
                    .expect("f32")
            };
            [
                values(x.grad(&grads)),
                values(first.weight.val().grad(&grads)),
                values(second.weight.val().grad(&grads)),
            ]
        })
    };
    let runs = [run(1), run(2), run(3)];
    for (i, other) in runs.iter().enumerate() {
        for (g, (a, b)) in runs[0].iter().zip(other).enumerate() {
            println!(
                "{i} {g} {} {}",
                a.len(),
                a.iter().zip(b).filter(|(a, b)| a != b).count()
            );
        }
    }
    assert!(run(1) == run(2) && run(2) == run(3), "the same bits");
}
