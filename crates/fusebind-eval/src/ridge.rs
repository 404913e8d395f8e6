//! What the weights of a fit are drawn to: 0, or those of another fit.

/// A penalty of `strength / 2` times the squared distance of the weights to `toward`, or to 0 without it.
#[derive(Debug)]
pub struct Ridge<'a, T> {
    /// How strong, as if by so many pairs.
    pub strength: f64,
    /// A fit that few pairs are not to forget.
    pub toward: Option<&'a T>,
}

impl<T> Ridge<'_, T> {
    /// A penalty that draws weights to 0.
    pub fn to_zero(strength: f64) -> Self {
        Self { strength, toward: None }
    }
}

// A derived one would ask `T` to be copied, of which this holds a reference alone.
impl<T> Clone for Ridge<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Ridge<'_, T> {}
