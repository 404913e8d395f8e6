//! Why a score is undefined.

/// The reason why there is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undefined {
    /// There is nothing to score.
    Empty,
    /// Truth and prediction differ in length.
    Length,
    /// A value, or the score itself, is NaN or infinite.
    NotFinite,
    /// The truth is of one class only.
    OneClass,
    /// All values are the same.
    Constant,
    /// A parameter is out of range.
    Parameter,
    /// There is only one group to resample.
    OneGroup,
    /// There is only one value, or one of a class: nothing says how it varies.
    OneValue,
}

impl std::fmt::Display for Undefined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing to score",
            Self::Length => "truth and prediction differ in length",
            Self::NotFinite => "a value or the score is not finite",
            Self::OneClass => "only one class is present",
            Self::Constant => "all values are the same",
            Self::Parameter => "a parameter is out of range",
            Self::OneGroup => "there is only one group to resample",
            Self::OneValue => "there is only one value",
        })
    }
}

impl std::error::Error for Undefined {}

/// Refuses empty, unequal and non-finite input.
pub(crate) fn paired(truth: &[f64], predicted: &[f64]) -> Result<(), Undefined> {
    match () {
        () if truth.len() != predicted.len() => Err(Undefined::Length),
        () if truth.is_empty() => Err(Undefined::Empty),
        () if truth.iter().chain(predicted).any(|v| !v.is_finite()) => Err(Undefined::NotFinite),
        () => Ok(()),
    }
}

/// Refuses a score that left the finite numbers, as the square of 1e200 does.
pub(crate) fn finite(score: f64) -> Result<f64, Undefined> {
    if score.is_finite() {
        Ok(score)
    } else {
        Err(Undefined::NotFinite)
    }
}

/// Refuses empty, unequal, non-finite and one-class input.
pub(crate) fn classes(truth: &[bool], scores: &[f64]) -> Result<(), Undefined> {
    match () {
        () if truth.len() != scores.len() => Err(Undefined::Length),
        () if truth.is_empty() => Err(Undefined::Empty),
        () if scores.iter().any(|v| !v.is_finite()) => Err(Undefined::NotFinite),
        () if truth.iter().all(|t| *t) || truth.iter().all(|t| !*t) => Err(Undefined::OneClass),
        () => Ok(()),
    }
}
