"""The same inputs through `transformers` and torch: `peer.py FOLDER INPUTS CONTENT BATCH STATES`.

Code in FOLDER is run where `transformers` has none of its own (MoLFormer). Inputs are sorted by length and padded to the longest of their batch, the usual way. Prints one JSON object; writes the states of the first
inputs, one by one and unpadded, to STATES.
"""

import json
import resource
import sys
import time

import torch
import transformers as hf
from safetensors.torch import save_file

FIRST = 20
folder, inputs, content, batch, states = sys.argv[1:]
torch.set_num_threads(2)
hf.logging.set_verbosity_error()
tokenizer = hf.AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
kind = hf.AutoConfig.from_pretrained(folder, trust_remote_code=True).model_type
load = hf.T5EncoderModel if kind == "t5" else hf.AutoModel
model = load.from_pretrained(folder, trust_remote_code=True).float().eval()
texts = [line.rstrip("\n") for line in open(inputs)]
if content == "protein" and kind in ("bert", "t5"):
    texts = [" ".join(text) for text in texts]
ids = [tokenizer(text)["input_ids"] for text in texts]
window = int(model.config.max_position_embeddings) - (2 if kind in ("esm", "roberta") else 0) if kind != "t5" else 4096
assert max(map(len, ids)) <= window, "an input is longer than the window"
pad = tokenizer.pad_token_id or 0

with torch.inference_mode():
    first = {str(at): model(input_ids=torch.tensor([row])).last_hidden_state[0].contiguous() for at, row in enumerate(ids[:FIRST])}
    save_file(first, states)
    order = sorted(range(len(ids)), key=lambda at: -len(ids[at]))
    started = time.perf_counter()
    for begin in range(0, len(order), int(batch)):
        rows = [ids[at] for at in order[begin : begin + int(batch)]]
        longest = max(map(len, rows))
        padded = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        out = model(input_ids=padded, attention_mask=mask).last_hidden_state
        pooled = (out * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "tokens": sum(map(len, ids)), "peak_mb": peak}))
