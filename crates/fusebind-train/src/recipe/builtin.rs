//! The recipes that ship with fusebind; their texts live in `recipes/` of this crate, which packaging takes along.

/// Name and text of each built-in recipe.
pub(super) const RECIPES: &[(&str, &str)] = &[
    ("default", include_str!("../../recipes/default.toml")),
    ("general", include_str!("../../recipes/general.toml")),
    ("demo", include_str!("../../recipes/demo.toml")),
    ("davis", include_str!("../../recipes/davis.toml")),
    ("davis-modalities", include_str!("../../recipes/davis-modalities.toml")),
    ("screen", include_str!("../../recipes/screen.toml")),
    ("kiba", include_str!("../../recipes/kiba.toml")),
    ("biosnap-random", include_str!("../../recipes/biosnap-random.toml")),
    (
        "biosnap-unseen-drug",
        include_str!("../../recipes/biosnap-unseen-drug.toml"),
    ),
    (
        "biosnap-unseen-protein",
        include_str!("../../recipes/biosnap-unseen-protein.toml"),
    ),
];

#[cfg(test)]
mod tests {
    use super::RECIPES;
    use crate::recipe::Recipe;

    #[test]
    fn every_recipe_is_valid_and_named_as_its_file() {
        for (name, text) in RECIPES {
            let recipe = Recipe::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(&recipe.name, name);
            assert!(!recipe.description.is_empty(), "{name} says what it is for");
            assert_eq!(
                Recipe::parse(&recipe.to_toml().unwrap()).unwrap(),
                recipe,
                "{name} survives a round trip"
            );
        }
    }

    #[test]
    fn unknown_keys_and_impossible_values_are_refused() {
        for (text, part) in [
            ("epoch = 3", "epoch"),
            ("[training]\nepochs = 0", "epochs"),
            ("[training]\nlearning_rate = nan", "learning_rate"),
            ("[model.interaction]\ndropout = 1.0", "dropout"),
            ("[model.graph]\nlayers = 0\nsubstructures = 0", "layers"),
            ("[training]\nstructure_only_shares = []", "structure_only_shares"),
            ("[training]\nstructure_only_shares = [1.5]", "structure_only_shares"),
            ("[training]\nencoder_shares = []", "encoder_shares"),
            ("[training]\nencoder_shares = [-0.1]", "encoder_shares"),
            ("[training]\nencoder_share_tolerance = -1.0", "encoder_share_tolerance"),
            ("task = \"guess\"", "guess"),
        ] {
            let error = Recipe::parse(text).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
    }
}
