//! The vocabulary of a SentencePiece model (Kudo and Richardson, 2018).
//!
//! Comes in: `spiece.model`, a protocol buffer. Goes out: `tokenizer.json` of a unigram model whose words begin with `▁`. Its rules for
//! Unicode are left out, which changes nothing about residues: other texts are refused.

use serde_json::json;

use crate::Error;

/// Types of pieces that never stand for text.
const UNKNOWN: u64 = 2;

/// A field of a message.
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
    Float(f32),
}

/// The fields of a message, in their order. `None` where it is damaged.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = number(&mut bytes)?;
        let field = match key & 7 {
            0 => Field::Number(number(&mut bytes)?),
            1 => {
                take(&mut bytes, 8)?;
                continue;
            }
            2 => {
                let length = number(&mut bytes)?;
                Field::Bytes(take(&mut bytes, length)?)
            }
            5 => Field::Float(f32::from_le_bytes(take(&mut bytes, 4)?.try_into().ok()?)),
            _ => return None,
        };
        fields.push((key >> 3, field));
    }
    Some(fields)
}

fn take<'b>(bytes: &mut &'b [u8], count: u64) -> Option<&'b [u8]> {
    let (part, rest) = bytes.split_at_checked(usize::try_from(count).ok()?)?;
    *bytes = rest;
    Some(part)
}

/// A number in groups of seven bits, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Some(value);
        }
    }
    None
}

/// Piece, score and type.
fn piece(bytes: &[u8]) -> Option<(&str, f32, u64)> {
    let (mut text, mut score, mut kind) = ("", 0.0, 1);
    for field in fields(bytes)? {
        match field {
            (1, Field::Bytes(bytes)) => text = std::str::from_utf8(bytes).ok()?,
            (2, Field::Float(value)) => score = value,
            (3, Field::Number(value)) => kind = value,
            _ => {}
        }
    }
    Some((text, score, kind))
}

/// The unigram model in `bytes`, as `tokenizer.json`.
pub(super) fn unigram(bytes: &[u8]) -> Result<String, Error> {
    let damaged = || {
        Error::new(
            "is no SentencePiece model, or damaged",
            "download the files of the tokeniser again",
        )
    };
    let (mut pieces, mut is_unigram) = (Vec::new(), true);
    for field in fields(bytes).ok_or_else(damaged)? {
        match field {
            (1, Field::Bytes(bytes)) => pieces.push(piece(bytes).ok_or_else(damaged)?),
            (2, Field::Bytes(bytes)) => {
                let kind = |field: &(u64, Field<'_>)| matches!(field, (3, Field::Number(kind)) if *kind != 1);
                is_unigram = !fields(bytes).ok_or_else(damaged)?.iter().any(kind);
            }
            _ => {}
        }
    }
    let unknown = pieces.iter().position(|piece| piece.2 == UNKNOWN);
    let end = pieces.iter().position(|piece| piece.0 == "</s>");
    let (Some(unknown), Some(end), true) = (unknown, end, is_unigram) else {
        return Err(Error::new(
            "is no unigram model with <unk> and </s>",
            "save the tokeniser as tokenizer.json: AutoTokenizer.from_pretrained(..).save_pretrained(..)",
        ));
    };
    let vocabulary: Vec<(&str, f32)> = pieces.iter().map(|piece| (piece.0, piece.1)).collect();
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "decoder": null, "normalizer": null, "added_tokens": [],
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [end], "tokens": ["</s>"]}},
        },
        "model": {"type": "Unigram", "unk_id": unknown, "byte_fallback": false, "vocab": vocabulary},
    });
    Ok(json.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_models_are_refused() {
        for bytes in [&[][..], &[0x0a, 200, 1], &[0x0a, 3, 0x0a, 1, 0xff], &[0xff; 12]] {
            assert!(unigram(bytes).is_err());
        }
    }
}
