//! Where two recipes differ.
//!
//! Comes in: two recipes. Goes out: the first setting that differs, as it is written in a recipe (`training.epochs`).

use toml::Value;

use super::Recipe;
use crate::{Error, ErrorKind};

impl Recipe {
    /// The first setting in which `other` differs; `None` where the two are equal.
    ///
    /// # Errors
    /// Where a recipe has no TOML form.
    pub fn first_difference(&self, other: &Self) -> Result<Option<String>, Error> {
        if self == other {
            return Ok(None);
        }
        let value = |recipe: &Self| {
            Value::try_from(recipe)
                .map_err(|e| Error::new(ErrorKind::Recipe, format!("cannot be written as TOML: {e}")))
        };
        let found = difference("", Some(&value(self)?), Some(&value(other)?));
        Ok(Some(found.unwrap_or_else(|| "a number".into())))
    }
}

/// The first place at which two values differ.
fn difference(here: &str, one: Option<&Value>, other: Option<&Value>) -> Option<String> {
    match (one, other) {
        (one, other) if one == other => None,
        (Some(Value::Table(one)), Some(Value::Table(other))) => one.keys().chain(other.keys()).find_map(|key| {
            let place = match here {
                "" => key.clone(),
                here => format!("{here}.{key}"),
            };
            difference(&place, one.get(key), other.get(key))
        }),
        _ => Some(here.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_that_differs_is_named() {
        let one = Recipe::open("default").unwrap();
        let mut other = one.clone();
        assert_eq!(one.first_difference(&other).unwrap(), None);
        other.training.optimizer.beta1 = 0.5;
        assert_eq!(
            one.first_difference(&other).unwrap().as_deref(),
            Some("training.optimizer.beta1")
        );
        other = one.clone();
        other.model.width += 1;
        assert_eq!(one.first_difference(&other).unwrap().as_deref(), Some("model.width"));
    }
}
