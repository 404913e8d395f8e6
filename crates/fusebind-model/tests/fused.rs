//! Kernels that do several things at once, and what stands in for kernels elsewhere, against the same composed of framework operations.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

#[path = "support/agree.rs"]
mod agree;

use std::sync::Arc;

use agree::{ROWS, agree, agree_in, close, device, linear, tensor};
use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{Tensor, activation},
};
use fusebind_features::batch::SequenceBatch;
use fusebind_features::batch::{Bag, RowIndex};
use fusebind_model::{
    device::seed,
    layer::{
        bag::weighted_bag,
        composed,
        dense::{dense, dense_relu},
        dropout::Dropout,
        edge::{Bonds, aggregate},
        motif::motif_scan,
        norm::LayerNorm,
        pair::{Pairs, pair_dot},
        pool::attention_pool,
        residual::residual,
        segment::segment_sum,
    },
};

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
    let plain = |x: Tensor<2>| composed::residual(x.clone(), norm.forward(x), &first, |h| dropout.relu(h), &second);
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

/// With the same draws a kernel drops what the composed form drops, whatever task a value falls into.
#[test]
fn dropout_inside_a_kernel_is_the_dropout_behind_it() {
    let (norm, dropout) = (LayerNorm::new(12, &device()), Dropout::new(0.4));
    let (first, second) = (linear(12, 7, 35, true), linear(7, 12, 37, true));
    let drawn = |run: &dyn Fn() -> Tensor<2>| {
        seed(&device(), 5);
        run()
    };
    agree(
        [tensor(600, 12, 41)],
        |[x]| drawn(&|| residual(x.clone(), &norm, &first, &dropout, &second)),
        |[x]| drawn(&|| composed::residual(x.clone(), norm.forward(x.clone()), &first, |h| dropout.relu(h), &second)),
    );
    agree(
        [tensor(600, 12, 42)],
        |[x]| drawn(&|| norm.relu(x.clone(), Some(&dropout))),
        |[x]| drawn(&|| dropout.forward(activation::relu(norm.forward(x.clone())))),
    );
    agree(
        [tensor(600, 12, 43)],
        |[x]| drawn(&|| dropout.relu(x.clone())),
        |[x]| drawn(&|| dropout.forward(burn::tensor::activation::relu(x.clone()))),
    );
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
        |[h, b]| composed::aggregate(h, b, &bonds.incoming, &bonds.source, &bonds.kind),
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
        |[x]| activation::relu(norm.forward(x)),
    );
}
