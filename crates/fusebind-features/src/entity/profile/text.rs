//! Textual descriptions.
//!
//! Comes in: a text, or its bytes as a file holds them. Goes out: [`TextRecord`], or why the text cannot be used.

use crate::{Error, ErrorKind};

/// Longest text that is read, in characters.
pub const MAX_TEXT: usize = 1_000_000;

/// One description of a drug or a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRecord {
    /// The text, trimmed.
    pub text: String,
    /// Where it comes from.
    pub source: String,
}

impl TextRecord {
    /// Reads a text from bytes, which must be UTF-8.
    pub fn from_bytes(bytes: &[u8], source: &str) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let byte = error.valid_up_to();
            Error::new(
                ErrorKind::Text,
                format!("byte {} is not UTF-8: save the file as UTF-8", byte + 1),
            )
            .at(byte)
        })?;
        Self::parse(text, source)
    }

    /// Checks a text: not empty, printable, of bearable length.
    pub fn parse(text: &str, source: &str) -> Result<Self, Error> {
        let refuse = |reason: String| Error::new(ErrorKind::Text, reason);
        let text = text.trim();
        if text.is_empty() {
            return Err(refuse("empty text: leave the row out where there is none".into()));
        }
        if text.chars().count() > MAX_TEXT {
            return Err(refuse(format!("text of more than {MAX_TEXT} characters")));
        }
        if let Some((position, _)) = text.char_indices().find(|(_, c)| c.is_control() && !c.is_whitespace()) {
            return Err(refuse(format!(
                "control character at byte {}: is this another encoding?",
                position + 1
            ))
            .at(position));
        }
        Ok(Self {
            text: text.into(),
            source: source.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::TextRecord;

    #[test]
    fn checks_text() {
        assert_eq!(
            TextRecord::parse(" a kinase inhibitor\n", "x").unwrap().text,
            "a kinase inhibitor"
        );
        assert!(TextRecord::parse("  ", "x").is_err());
        assert_eq!(
            TextRecord::from_bytes(b"inhibits", "x"),
            TextRecord::parse("inhibits", "x")
        );
        let latin1 = TextRecord::from_bytes(b"na\xefve", "x").expect_err("Latin-1");
        assert_eq!(latin1.position(), Some(2));
        assert_eq!(TextRecord::parse("ab\u{1}", "x").unwrap_err().position(), Some(2));
    }
}
