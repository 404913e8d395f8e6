//! A simulated multimodal universe with a known binding rule.
