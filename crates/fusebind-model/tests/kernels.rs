//! Every own kernel against the same thing composed of framework operations: values and all gradients.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

use std::sync::Arc;

use burn::{
    module::{Module, ModuleVisitor, Param},
    nn::Linear,
    optim::GradientsParams,
    tensor::{Device, Int, Tensor, TensorData},
};
use fusebind_features::batch::SequenceBatch;
use fusebind_model::layer::{
    bag::{Bag, weighted_bag},
    composed,
    dense::{dense, dense_relu},
    dropout::Dropout,
    edge::{Bonds, aggregate},
    embed::FieldEmbedding,
    gather::{RowIndex, gather_rows},
    motif::motif_scan,
    norm::LayerNorm,
    pair::{Pairs, pair_dot, pair_product, pair_sum},
    pool::attention_pool,
    residual::residual,
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

/// A dense layer of drawn weights.
fn linear(inputs: usize, outputs: usize, salt: u64, bias: bool) -> Linear {
    let drawn = |salt: u64| TensorData::new(values(outputs, salt), [outputs]);
    let bias = bias.then(|| Tensor::<1>::from_data(drawn(salt + 1), &device()).require_grad());
    Linear {
        weight: Param::from_tensor(tensor(inputs, outputs, salt)),
        bias: bias.map(Param::from_tensor),
    }
}

/// Compares the gradients of `params` after the weighted sums of two outputs.
fn agree_in<const D: usize>(own: Tensor<2>, plain: Tensor<2>, params: &[Tensor<D>], what: &str) {
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

#[test]
fn dense_layers_are_products_with_a_bias_and_a_rectifier() {
    for bias in [true, false] {
        let layer = linear(9, 5, 21, bias);
        for relu in [false, true] {
            let own = if relu { dense_relu } else { dense };
            let plain = |x| composed::dense(x, &layer, relu);
            agree([tensor(700, 9, 20)], |[x]| own(x, &layer), |[x]| plain(x));
            let x = tensor(700, 9, 20);
            agree_in(
                own(x.clone(), &layer),
                plain(x.clone()),
                &[layer.weight.val()],
                "weight",
            );
            if let Some(bias) = &layer.bias {
                agree_in(own(x.clone(), &layer), plain(x), &[bias.val()], "bias");
            }
        }
    }
}

#[test]
fn a_residual_block_is_its_formula() {
    let (norm, dropout) = (LayerNorm::new(12, &device()), Dropout::new(0.0));
    let (first, second) = (linear(12, 7, 31, true), linear(7, 12, 33, true));
    let own = |x| residual(x, &norm, &first, &dropout, &second);
    let plain = |x| composed::residual(x, &norm, &first, &dropout, &second);
    agree([tensor(300, 12, 30)], |[x]| own(x), |[x]| plain(x));
    let x = tensor(300, 12, 30);
    let weights = [first.weight.val(), second.weight.val()];
    agree_in(own(x.clone()), plain(x.clone()), &weights, "weights");
    let biases = [&first, &second].map(|layer| layer.bias.as_ref().unwrap().val());
    agree_in(own(x.clone()), plain(x.clone()), &biases, "biases");
    let grads = |y: Tensor<2>| (y * tensor(300, 12, 97).detach()).sum().backward();
    let (own, plain) = (grads(own(x.clone())), grads(plain(x)));
    let ids: Vec<_> = collect_ids(&norm);
    let (mut own, mut plain) = (
        GradientsParams::from_grads(own, &norm),
        GradientsParams::from_grads(plain, &norm),
    );
    for id in ids {
        close(
            own.remove::<1>(id).unwrap(),
            plain.remove::<1>(id).unwrap(),
            "gain or shift",
        );
    }
}

fn collect_ids(module: &impl Module) -> Vec<burn::module::ParamId> {
    struct Ids(Vec<burn::module::ParamId>);
    impl ModuleVisitor for Ids {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.id);
        }
    }
    let mut ids = Ids(Vec::new());
    module.visit(&mut ids);
    ids.0
}

#[test]
fn dropout_inside_a_kernel_scales_and_passes_what_it_keeps() {
    let (norm, dropout) = (LayerNorm::new(16, &device()), Dropout::new(0.4));
    let x = tensor(500, 16, 40);
    let full = norm.relu(x.clone(), None).into_data().try_into_vec::<f32>().unwrap();
    let dropped = norm.relu(x.clone(), Some(&dropout));
    let grads = dropped.clone().sum().backward();
    let dropped = dropped.into_data().try_into_vec::<f32>().unwrap();
    let kept = dropped.iter().filter(|v| **v > 0.0).count() as f64;
    let open = full.iter().filter(|v| **v > 0.0).count() as f64;
    assert!((kept / open - 0.6).abs() < 0.03, "{kept} of {open}");
    for (d, f) in dropped.iter().zip(&full) {
        assert!(*d == 0.0 || (d - f / 0.6).abs() < 1e-5, "{d} {f}");
    }
    // The gradient of a sum is that of the kept values alone: of a row with none it is zero.
    let grad = x.grad(&grads).unwrap().into_data().try_into_vec::<f32>().unwrap();
    assert!(grad.iter().any(|g| *g != 0.0));
    for (row, grad) in dropped.chunks(16).zip(grad.chunks(16)) {
        assert!(row.iter().any(|v| *v > 0.0) || grad.iter().all(|g| *g == 0.0));
    }
}

#[test]
fn pooling_and_products_of_pairs_are_what_they_are_composed_of() {
    let offsets = Arc::new(vec![0u32, 2, 2, 7]);
    // Scores beyond the bound carry no gradient on either side.
    agree(
        [tensor(7, 3, 50), tensor(7, 3, 51)],
        |[x, s]| attention_pool(x, s * 12.0, &offsets),
        |[x, s]| composed::attention_pool(x, s * 12.0, &offsets),
    );
    agree(
        [tensor(7, 3, 52)],
        |[x]| segment_sum(x, &offsets),
        |[x]| composed::segment_sum(x, &offsets),
    );
    let targets = [1u32, 1, 0, 2, 2, 0, 1, 2, 0];
    let pairs = Arc::new(Pairs {
        drug: RowIndex::new(ROWS.to_vec(), 5),
        target: RowIndex::new(targets.to_vec(), 3),
    });
    agree(
        [tensor(5, 6, 53), tensor(3, 6, 54)],
        |[d, t]| pair_dot(d, t, &pairs),
        |[d, t]| (composed::gather_rows(d, &ROWS) * composed::gather_rows(t, &targets)).sum_dim(1),
    );
}

#[test]
fn what_runs_elsewhere_says_the_same_as_the_kernels() {
    let bonds = Arc::new(Bonds {
        incoming: vec![0, 1, 3, 4, 5, 6],
        source: vec![1, 0, 2, 1, 4, 3],
        kind: vec![0, 0, 1, 1, 1, 1],
    });
    agree(
        [tensor(5, 4, 60), tensor(2, 4, 61)],
        |[h, b]| aggregate(h, b, &bonds),
        |[h, b]| composed::aggregate(h, b, &bonds),
    );
    let rows: Vec<(Vec<u32>, Vec<f32>)> = vec![(vec![0, 2], vec![0.5, 2.0]), (vec![], vec![]), (vec![2], vec![-1.0])];
    let bag = Arc::new(Bag::new(rows.iter().map(|(t, w)| (t.as_slice(), w.as_slice())), 3));
    agree(
        [tensor(3, 5, 62)],
        |[x]| weighted_bag(x, &bag),
        |[x]| composed::bag(x, (&[0, 2, 2], &[0.5, 2.0, -1.0], &[0, 0, 2]), 3),
    );
    let sequences = Arc::new(SequenceBatch {
        offsets: vec![0, 5, 6, 9],
        residues: vec![0, 3, 1, 2, 2, 3, 1, 1, 0],
    });
    agree(
        [tensor(12, 5, 63)],
        |[x]| motif_scan(x, &sequences, 4),
        |[x]| composed::motif_scan(x, &sequences, 4),
    );
    let norm = LayerNorm::new(6, &device());
    agree(
        [tensor(40, 6, 64)],
        |[x]| norm.relu(x, None),
        |[x]| composed::relu(norm.forward(x), None),
    );
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
