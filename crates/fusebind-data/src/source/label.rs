//! Binary labels from text.

/// Reads `0`, `1`, `true`, `false`, `yes`, `no`, `active`, `inactive` and the like.
pub(super) fn parse(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" | "t" | "yes" | "y" | "active" | "positive" | "binds" => Ok(true),
        "0" | "0.0" | "false" | "f" | "no" | "n" | "inactive" | "negative" => Ok(false),
        "nan" => Err("the label is NaN; leave the cell empty or write 0 or 1".into()),
        _ => {
            Err("a label must be 0 or 1 (or true or false); map the column to `affinity` if it is a measurement".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_are_read_and_the_rest_is_refused() {
        for (text, label) in [
            ("1", true),
            ("True", true),
            ("0.0", false),
            ("FALSE", false),
            ("inactive", false),
        ] {
            assert_eq!(parse(text), Ok(label));
        }
        for text in ["NaN", "-1", "2", "0.7", "maybe"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
