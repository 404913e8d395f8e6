//! Keys of recipes that have another name today. Comes in: the text of a recipe that could not be read. Goes out: each old name in it
//! with the new one, so that an error can say what to write instead.

use toml::{Table, Value};

/// Old path and new path. A path that begins with `*.` ends so anywhere below `model`.
const KEYS: &[(&str, &str)] = &[
    ("model.evidence", "model.neighbours"),
    ("*.channels", "dim"),
    ("training.novelty", "training.cold_start"),
    ("training.mix", "training.encoder_share"),
    ("training.structure_shares", "training.structure_only_shares"),
    ("training.floor", "training.final_rate"),
    ("training.select", "training.checkpoint"),
    ("training.curriculum.doubt", "training.curriculum.mismatch_prior"),
    ("training.curriculum.admitted", "training.curriculum.unlocked"),
    ("training.curriculum.enough", "training.curriculum.full_weight_at"),
    ("training.curriculum.floor", "training.curriculum.minimum_weight"),
    ("stress", "perturbation"),
];

/// Path, old value and new value.
const VALUES: &[(&str, &str, &str)] = &[("modalities.dropout.schedule", "reliability", "importance")];

/// Old names in a recipe, each as "`old` is now `new`".
pub fn old_names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(recipe) = text.parse::<Table>() {
        collect(&recipe, "", &mut found);
    }
    found
}

fn collect(table: &Table, above: &str, found: &mut Vec<String>) {
    for (key, value) in table {
        let path = match above {
            "" => key.clone(),
            above => format!("{above}.{key}"),
        };
        if let Some((_, new)) = KEYS.iter().find(|(old, _)| names(old, &path)) {
            found.push(format!("`{path}` is now `{new}`"));
        }
        match value {
            Value::Table(inner) => collect(inner, &path, found),
            Value::String(word) => found.extend(
                VALUES
                    .iter()
                    .filter(|(at, old, _)| *at == path && old == word)
                    .map(|(at, old, new)| format!("`{at} = \"{old}\"` is now `\"{new}\"`")),
            ),
            _ => {}
        }
    }
}

fn names(old: &str, path: &str) -> bool {
    match old.strip_prefix('*') {
        Some(end) => path.starts_with("model.") && path.ends_with(end),
        None => old == path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Recipe;

    #[test]
    fn every_old_name_is_told_with_its_new_one() {
        let text = "[model.evidence]\nchannels = 8\n[training.curriculum]\ndoubt = 0.1\n\
                    [modalities.dropout]\nschedule = \"reliability\"\n[stress]\nmissing = 0.5\n";
        let mut found = old_names(text);
        found.sort();
        assert_eq!(
            found,
            [
                "`modalities.dropout.schedule = \"reliability\"` is now `\"importance\"`",
                "`model.evidence.channels` is now `dim`",
                "`model.evidence` is now `model.neighbours`",
                "`stress` is now `perturbation`",
                "`training.curriculum.doubt` is now `training.curriculum.mismatch_prior`",
            ]
        );
        assert!(old_names("name = \"x\"\n").is_empty() && old_names("no toml").is_empty());
    }

    #[test]
    fn every_new_name_is_a_key_of_today() {
        let recipe = Recipe::default().to_toml().expect("a recipe is TOML");
        let recipe: Table = recipe.parse().expect("a recipe is TOML");
        for (_, new) in KEYS
            .iter()
            .filter(|(old, new)| !old.starts_with('*') && *new != "perturbation")
        {
            let mut names = new.split('.');
            let first = recipe.get(names.next().expect("a path has a name"));
            assert!(names.fold(first, |value, name| value?.get(name)).is_some(), "{new}");
        }
        assert!(Recipe::parse("[perturbation]\nmissing = 0.5\n[model.graph]\ndim = 8\n").is_ok());
        assert!(Recipe::parse("[modalities.dropout]\nschedule = \"importance\"\n").is_ok());
    }
}
