//! Texts, expression signatures and assay outcomes of an entity, as typed values.
