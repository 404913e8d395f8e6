//! The older files of tokenisers, written as the newer one.
//!
//! Comes in: `vocab.txt` of BERT (word pieces), `vocab.json` and `merges.txt` of RoBERTa (byte pairs), or `vocab.json` of MoLFormer (atoms and what
//! else stands in SMILES). Goes out: `tokenizer.json`.

use serde_json::{Map, Value, json};

use crate::Error;

/// A special token, as `tokenizer.json` lists it.
fn special(vocabulary: &Map<String, Value>, name: &str) -> Result<Value, Error> {
    let id = vocabulary.get(name).ok_or_else(|| {
        Error::new(
            format!("holds no token {name}"),
            "download the files of the tokeniser again",
        )
    })?;
    Ok(json!({
        "id": id, "content": name, "special": true, "normalized": false,
        "single_word": false, "lstrip": name == "<mask>", "rstrip": false,
    }))
}

fn specials(vocabulary: &Map<String, Value>, names: &[&str]) -> Result<Vec<Value>, Error> {
    let mut tokens = names
        .iter()
        .map(|name| special(vocabulary, name))
        .collect::<Result<Vec<_>, _>>()?;
    tokens.sort_by_key(|token| token["id"].as_u64());
    Ok(tokens)
}

/// Word pieces (Schuster and Nakajima, 2012) over `vocabulary`, one per line, with the settings of `tokenizer_config.json`.
pub(super) fn word_pieces(vocabulary: &str, settings: &Value) -> Result<String, Error> {
    let vocabulary: Map<String, Value> = vocabulary
        .lines()
        .zip(0u64..)
        .map(|(token, id)| (token.into(), id.into()))
        .collect();
    let flag = |name: &str, default: bool| settings[name].as_bool().unwrap_or(default);
    let added = specials(&vocabulary, &["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])?;
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "decoder": null,
        "normalizer": {
            "type": "BertNormalizer", "clean_text": true, "lowercase": flag("do_lower_case", true),
            "handle_chinese_chars": flag("tokenize_chinese_chars", true), "strip_accents": settings["strip_accents"],
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "BertProcessing", "sep": ["[SEP]", vocabulary["[SEP]"]], "cls": ["[CLS]", vocabulary["[CLS]"]],
        },
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary,
        },
    });
    Ok(json.to_string())
}

/// Byte pairs (Radford et al., 2019) over `vocabulary`, merged in the order of `merges`.
pub(super) fn byte_pairs(vocabulary: &str, merges: &str) -> Result<String, Error> {
    let vocabulary: Map<String, Value> = serde_json::from_str(vocabulary)
        .map_err(|error| Error::new(error.to_string(), "download the files of the tokeniser again"))?;
    let merges: Vec<&str> = merges
        .lines()
        .filter(|line| !line.starts_with("#version") && !line.is_empty())
        .collect();
    let added = specials(&vocabulary, &["<s>", "<pad>", "</s>", "<unk>", "<mask>"])?;
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "decoder": null, "normalizer": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "post_processor": {
            "type": "RobertaProcessing", "sep": ["</s>", vocabulary["</s>"]], "cls": ["<s>", vocabulary["<s>"]],
            "trim_offsets": true, "add_prefix_space": false,
        },
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary, "merges": merges,
        },
    });
    Ok(json.to_string())
}

/// An atom, a bond, a branch or the number of a ring in SMILES (Schwaller et al., 2019, in the form of MoLFormer).
const ATOM: &str = r"\[[^\]]+\]|Br?|Cl?|[NOSPFIbcnosp().=#\-+\\/:~@?>*$]|%[0-9]{2}|[0-9]";

/// Atoms over `vocabulary`; what none of them is stands for the unknown.
pub(super) fn atoms(vocabulary: &str) -> Result<String, Error> {
    let vocabulary: Map<String, Value> = serde_json::from_str(vocabulary)
        .map_err(|error| Error::new(error.to_string(), "download the files of the tokeniser again"))?;
    let added = specials(&vocabulary, &["<bos>", "<eos>", "<pad>", "<mask>", "<unk>"])?;
    let frame = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let special = |name: &str| json!({"id": name, "ids": [vocabulary[name]], "tokens": [name]});
    let (begin, end) = (frame("<bos>"), frame("<eos>"));
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "decoder": null, "normalizer": null,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": ATOM}, "behavior": "Isolated", "invert": false},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, {"Sequence": {"id": "A", "type_id": 0}}, end],
            "pair": [begin, {"Sequence": {"id": "A", "type_id": 0}}, end, {"Sequence": {"id": "B", "type_id": 0}}, end],
            "special_tokens": {"<bos>": special("<bos>"), "<eos>": special("<eos>")},
        },
        "model": {"type": "WordLevel", "unk_token": "<unk>", "vocab": vocabulary},
    });
    Ok(json.to_string())
}
