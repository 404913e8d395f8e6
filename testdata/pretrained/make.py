"""Tiny random encoders in the Hugging Face layout, and what `transformers` makes of a few inputs.

    python3 -m venv VENV && VENV/bin/pip install torch transformers sentencepiece protobuf einops zstd cloudpathlib && VENV/bin/pip install --no-deps esm
    VENV/bin/python testdata/pretrained/make.py
    VENV/bin/python testdata/pretrained/make.py molformer FOLDER         # with transformers 4.46: its code is not in the package
    VENV/bin/python testdata/pretrained/make.py molformer FOLDER LARGE   # writes one of the published size to LARGE, for benches/encode

FOLDER holds the code in the repository of its weights (`hf download ibm/MoLFormer-XL-both-10pct
--include "*.py" --local-dir FOLDER`).

Each folder holds config.json, the files of a tokeniser, weights, `inputs.txt` (one input per line) and `reference.safetensors`: for
input `i` the token ids `i.ids` and the state after each layer `i.layer.0`, `i.layer.1`, .. (0 is after the embeddings, the last one
is the output of the encoder). Biases and norms are random as well: zeros and ones would hide a term that is left out.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import tokenizers
import torch
import transformers as hf
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
RESIDUES = "LAGVSERTIDPKQNFYMHWCXBUZO"
PROTEINS = ["MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ", "MSX", "GAVLIPFYWSTCMNQDEKRHGAVLIPFYWSTCMNQDEKRHUZOBX"]
SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "C", "CN1CCC[C@H]1c1cccnc1", "O=S(=O)(N)c1cc(Cl)ccc1F"]
TEXTS = ["Selective inhibitor of a tyrosine kinase.", "kinases", "An opioid-receptor agonist, GIVEN by mouth; résumé (2)."]


def randomise(model, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn_like(value)
            is_norm = value.dim() == 1 and "norm" in name.lower() and name.endswith("weight")
            value.copy_(1 + 0.3 * noise if is_norm else 0.2 * noise if value.dim() == 1 else 0.35 * noise)
    return model.eval()


def reference(folder, encode, model, inputs, dtype, shards="100KB", body=None):
    """Saves the weights as `dtype` and what the saved weights give."""
    model.to(dtype).save_pretrained(folder, max_shard_size=shards)
    model = model.float()
    for extra in ["generation_config.json"]:
        (folder / extra).unlink(missing_ok=True)
    (folder / "inputs.txt").write_text("\n".join(inputs) + "\n")
    body = body or getattr(model, model.base_model_prefix, model) if not isinstance(model, hf.T5EncoderModel) else model
    tensors = {}
    for at, text in enumerate(inputs):
        ids = encode(text)
        with torch.no_grad():
            mask = torch.ones(1, len(ids), dtype=torch.long)
            out = body(input_ids=torch.tensor([ids]), attention_mask=mask, output_hidden_states=True)
        assert torch.equal(out.hidden_states[-1], out.last_hidden_state)
        tensors[f"{at}.ids"] = torch.tensor(ids, dtype=torch.int32)
        for layer, state in enumerate(out.hidden_states):
            tensors[f"{at}.layer.{layer}"] = state[0].contiguous()
    save_file(tensors, folder / "reference.safetensors")
    print(folder.name, sum(p.numel() for p in model.parameters()), [len(encode(text)) for text in inputs])


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def esm2():
    folder = fresh("esm2")
    vocabulary = ["<cls>", "<pad>", "<eos>", "<unk>", *RESIDUES, ".", "-", "<null_1>", "<mask>"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = hf.EsmTokenizer(str(folder / "vocab.txt"))
    config = hf.EsmConfig(
        vocab_size=len(vocabulary), mask_token_id=vocabulary.index("<mask>"), pad_token_id=1, hidden_size=24,
        num_hidden_layers=3, num_attention_heads=3, intermediate_size=36, max_position_embeddings=40,
        position_embedding_type="rotary", token_dropout=True, emb_layer_norm_before=False, attn_implementation="eager",
    )
    model = randomise(hf.EsmForMaskedLM(config), 1)
    # Published checkpoints were once in half precision, and hold frequencies that are rounded so.
    for name, buffer in model.named_buffers():
        if name.endswith("inv_freq"):
            buffer.copy_(buffer.half().float())
    frequencies = [(name, buffer.clone()) for name, buffer in model.named_buffers() if name.endswith("inv_freq")]
    reference(folder, lambda text: tokenizer(text)["input_ids"], model, PROTEINS, torch.float32)
    # Published checkpoints hold position embeddings that a rotary model never reads.
    weights = load_file(folder / "model.safetensors")
    for layer in range(config.num_hidden_layers):
        weights[f"esm.encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq"] = frequencies[0][1]
    weights["esm.embeddings.position_embeddings.weight"] = torch.randn(40, 24)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def esmc():
    """The body of ESM-C from the package `esm`; its weights are published as a pickle, without config.json."""
    from esm.layers.transformer_stack import TransformerStack

    folder = fresh("esmc")
    vocabulary = ["<cls>", "<pad>", "<eos>", "<unk>", *RESIDUES, ".", "-", "|", "<mask>"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    width, heads, layers = 16, 2, 2
    (folder / "config.json").write_text(json.dumps({"model_type": "esmc", "d_model": width, "n_heads": heads, "n_layers": layers}))
    body = torch.nn.Module()
    body.embed = torch.nn.Embedding(64, width)
    body.transformer = TransformerStack(width, heads, None, layers, n_layers_geom=0)
    torch.manual_seed(7)
    with torch.no_grad():
        for name, value in body.named_parameters():
            noise = torch.randn_like(value)
            value.copy_(1 + 0.3 * noise if value.dim() == 1 and name.endswith("weight") else 0.3 * noise)
            # The weights are rounded; the frequencies of the rotary positions are no weights, and are not.
            value.copy_(value.half().float())
    save_file({name: value.half() for name, value in body.named_parameters()}, folder / "model.safetensors")
    body.eval()
    (folder / "inputs.txt").write_text("\n".join(PROTEINS) + "\n")
    tensors = {}
    for at, text in enumerate(PROTEINS):
        ids = [0, *(vocabulary.index(residue) if residue in vocabulary else 3 for residue in text), 2]
        with torch.no_grad():
            first = body.embed(torch.tensor([ids]))
            last, _, hidden = body.transformer(first)
        tensors[f"{at}.ids"] = torch.tensor(ids, dtype=torch.int32)
        for layer, state in enumerate([first, *hidden[:-1], last]):
            tensors[f"{at}.layer.{layer}"] = state[0].contiguous()
    save_file(tensors, folder / "reference.safetensors")
    print(folder.name, sum(p.numel() for p in body.parameters()))


def bert():
    folder = fresh("bert")
    words = "selective inhibitor of a tyrosine kinase opioid receptor agonist given by mouth an ##s ##ase re resume 2".split()
    marks = list(".,;()-") + ["##" + letter for letter in "abcdefghijklmnopqrstuvwxyz"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *marks]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}))
    tokenizer = hf.BertTokenizer.from_pretrained(folder)
    config = hf.BertConfig(
        vocab_size=len(vocabulary), hidden_size=20, num_hidden_layers=2, num_attention_heads=2, intermediate_size=28,
        max_position_embeddings=64, attn_implementation="eager",
    )
    model = randomise(hf.BertModel(config, add_pooling_layer=False), 2)
    reference(folder, lambda text: tokenizer(text)["input_ids"], model, TEXTS, torch.float32)


def protbert():
    folder = fresh("protbert")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *RESIDUES]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False, "tokenizer_class": "BertTokenizer"}))
    tokenizer = hf.BertTokenizer.from_pretrained(folder)
    config = hf.BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=1, intermediate_size=24,
        max_position_embeddings=64, hidden_act="relu", attn_implementation="eager",
    )
    model = randomise(hf.BertForMaskedLM(config), 3)
    spaced = lambda text: " ".join("X" if residue in "UZOB" else residue for residue in text)
    reference(folder, lambda text: tokenizer(spaced(text))["input_ids"], model, PROTEINS, torch.float16)


def roberta():
    folder = fresh("roberta")
    bpe = tokenizers.ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator(SMILES * 3, vocab_size=280, min_frequency=2, special_tokens=special)
    bpe.save_model(str(folder))
    tokenizer = hf.RobertaTokenizer.from_pretrained(folder)
    config = hf.RobertaConfig(
        vocab_size=280, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=40, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2, attn_implementation="eager",
    )
    model = randomise(hf.RobertaForMaskedLM(config), 4)
    reference(folder, lambda text: tokenizer(text)["input_ids"], model, SMILES, torch.bfloat16)


def molformer(code, large=None):
    from transformers.dynamic_module_utils import get_class_from_dynamic_module as published

    folder = Path(large) if large else fresh("molformer")
    folder.mkdir(exist_ok=True)
    inputs = [*SMILES, "[O-][N+](=O)c1ccc(Br)c(/C=C\\C#N)c1", "C%10CC%10[Se]", "C" * 45]
    tokens = "# %10 ( ) / 1 = Br C Cl F N O S [C@H] [N+] [O-] \\ c n".split()  # all but [Se]
    vocabulary = ["<bos>", "<eos>", "<pad>", "<mask>", *tokens, "<unk>"]
    (folder / "vocab.json").write_text(json.dumps({token: at for at, token in enumerate(vocabulary)}) + "\n")
    tokenizer = published("tokenization_molformer.MolformerTokenizer", code)(str(folder / "vocab.json"))
    tiny = dict(
        vocab_size=len(vocabulary), hidden_size=24, num_hidden_layers=3, num_attention_heads=3, intermediate_size=20,
        max_position_embeddings=40, num_random_features=10,
    )
    config = published("configuration_molformer.MolformerConfig", code)(deterministic_eval=True, **({} if large else tiny))
    model = randomise(published("modeling_molformer.MolformerModel", code)(config), 8)
    # The last state of a layer is before the last norm, which the output has.
    body = lambda **given: last_normed(model(**given))
    reference(folder, lambda text: tokenizer(text)["input_ids"], model, inputs, torch.float32, "5GB" if large else "100KB", body)
    if large:
        whose = {"auto_map": {"AutoConfig": "configuration_molformer.MolformerConfig", "AutoModel": "modeling_molformer.MolformerModel"}}
        tokens = {"auto_map": {"AutoTokenizer": ["tokenization_molformer.MolformerTokenizer", None]}}
        for name, more in [("config.json", whose), ("tokenizer_config.json", tokens)]:
            path = folder / name
            path.write_text(json.dumps({**(json.loads(path.read_text()) if path.exists() else {}), **more}))
        for path in Path(code).glob("*.py"):
            shutil.copy(path, folder)


def last_normed(out):
    out.hidden_states = (*out.hidden_states[:-1], out.last_hidden_state)
    return out


def t5(name, gated, seed, shards):
    import sentencepiece

    folder = fresh(name)
    lines = [" ".join(RESIDUES[at:] + RESIDUES[:at]) for at in range(len(RESIDUES))]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(folder / "spiece"), vocab_size=2 * len(RESIDUES) + 4, model_type="unigram",
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, hard_vocab_limit=False, normalization_rule_name="identity", minloglevel=2,
    )
    (folder / "spiece.vocab").unlink()
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model"))
    config = hf.T5Config(
        vocab_size=60, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_heads=3, relative_attention_num_buckets=8,
        relative_attention_max_distance=20, feed_forward_proj="gated-gelu" if gated else "relu", attn_implementation="eager",
    )
    model = randomise(hf.T5EncoderModel(config), seed)
    spaced = lambda text: " ".join("X" if residue in "UZOB" else residue for residue in text)
    reference(folder, lambda text: pieces.encode(spaced(text)) + [1], model, PROTEINS, torch.float32, shards)
    return folder


def t5_json():
    """The gated one has its tokeniser as tokenizer.json."""
    import sentencepiece

    folder = t5("t5-gated", True, 6, "100KB")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model"))
    vocabulary = [(pieces.id_to_piece(at), pieces.get_score(at)) for at in range(pieces.get_piece_size())]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(vocabulary, 2))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "spiece.model").unlink()


if __name__ == "__main__":
    if sys.argv[1:2] == ["molformer"]:
        sys.exit(molformer(*sys.argv[2:]))
    esm2()
    esmc()
    bert()
    protbert()
    roberta()
    t5("t5", False, 5, "6KB")
    t5_json()
