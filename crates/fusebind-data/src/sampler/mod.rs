//! Order of training batches: reuse of entities against shuffling.
