//! Entities through a pretrained encoder.
//!
//! Comes in: an encoder, structures and texts of entities. Goes out: [`Embeddings`] as a side table gives them. An entity with
//! several texts has the mean of theirs; one that has nothing to embed has none.

use super::{
    pretrained::EmbedInputs,
    side::{Embeddings, Profiles, SideData},
};
use crate::modality::Modality;

/// What an encoder of `modality` reads of each entity: its structure, or its texts.
pub fn inputs<'a>(modality: Modality, structures: &[&'a str], side: &'a SideData) -> Vec<Vec<&'a str>> {
    let texts = |entity: usize| side.texts(entity).iter().map(String::as_str).collect();
    match modality {
        Modality::Text => (0..structures.len()).map(texts).collect(),
        _ => structures.iter().map(|structure| vec![*structure]).collect(),
    }
}

/// The embeddings of entities with these `structures` (SMILES or sequences) and side data, one row for each that has one.
pub fn embed(encoder: &dyn EmbedInputs, structures: &[&str], side: &SideData) -> Embeddings {
    let reference = encoder.reference();
    let inputs = inputs(reference.modality, structures, side);
    let mut found = encoder.embed(&inputs.concat()).into_iter();
    let mut rows = Profiles {
        columns: (0..reference.width).map(|channel| channel.to_string()).collect(),
        ..Profiles::default()
    };
    let mut count = 0;
    for own in &inputs {
        let values: Vec<Vec<f32>> = found.by_ref().take(own.len()).flatten().collect();
        if values.is_empty() {
            rows.of_entity.push(Vec::new());
            continue;
        }
        let mean = |channel: usize| {
            let sum: f64 = values.iter().map(|row| f64::from(row[channel])).sum();
            (sum / values.len() as f64) as f32
        };
        rows.values.extend((0..reference.width).map(mean));
        rows.of_entity.push(vec![count]);
        count += 1;
    }
    Embeddings {
        modality: reference.modality,
        rows,
        encoder: Some(reference.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::pretrained::{EncoderReference, TokenPooling, ValuePrecision};

    #[derive(Debug)]
    struct Length(EncoderReference);

    impl EmbedInputs for Length {
        fn reference(&self) -> &EncoderReference {
            &self.0
        }

        fn embed(&self, inputs: &[&str]) -> Vec<Option<Vec<f32>>> {
            let of = |input: &&str| (!input.is_empty()).then(|| vec![input.len() as f32, 1.0]);
            inputs.iter().map(of).collect()
        }
    }

    #[test]
    fn texts_are_averaged_and_who_has_none_has_no_embedding() {
        let encoder = |modality| {
            Length(EncoderReference {
                modality,
                name: "length".into(),
                folder: "length".into(),
                sha256: "0".into(),
                architecture: "test".into(),
                layer: 0,
                pooling: TokenPooling::Mean,
                window: 8,
                overlap: 2,
                precision: ValuePrecision::Float32,
                width: 2,
            })
        };
        let text = |text: &str| text.to_string();
        let side = SideData {
            texts: vec![vec![text("ab"), text("abcd")], vec![], vec![text("")]],
            ..SideData::default()
        };
        let found = embed(&encoder(Modality::Text), &["C", "CC", "CCC", "CCCC"], &side);
        assert_eq!(found.rows.of_entity, [vec![0], vec![], vec![], vec![]]);
        assert_eq!(found.rows.values, [3.0, 1.0]);
        let found = embed(&encoder(Modality::Graph), &["C", "CC"], &side);
        assert_eq!(found.rows.values, [1.0, 1.0, 2.0, 1.0]);
        let (one, mut other) = (encoder(Modality::Text).0, encoder(Modality::Text).0);
        other.folder = "elsewhere/length".into();
        assert!(one.is_same(&other));
        other.layer = 1;
        assert!(!one.is_same(&other));
    }
}
