"""What the PyTorch peers share: the file of batches, the clock, and the line they print.

Reads a safetensors file by hand (8 bytes of header length, a JSON header, raw arrays), so that torch and numpy are all that a peer needs.
"""

import argparse
import json
import struct
import time

import numpy as np
import torch
from torch.nn import functional as F

THREADS = 2
WARM_UP = 2
SECONDS = 5.0
LEAST = 3

DTYPES = {"F32": np.float32, "I64": np.int64, "U8": np.uint8}


def read(path):
    """Arrays by name, as tensors on the default device, and the file's metadata."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    about = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        values = np.frombuffer(data[first:last], dtype=DTYPES[entry["dtype"]]).reshape(entry["shape"])
        arrays[name] = torch.from_numpy(values.copy()).to(torch.get_default_device())
    return arrays, about


def batches(arrays, about):
    """The arrays of each batch, under their names within the batch."""
    prefixes = [f"{i}/" for i in range(int(about["batches"]))]
    return [{k[len(p) :]: v for k, v in arrays.items() if k.startswith(p)} for p in prefixes]


def squared_error(optimizer, predict):
    """A step of a model that minimises the squared error; `predict(batch)` returns predictions and labels."""

    def step(batch):
        optimizer.zero_grad(set_to_none=True)
        loss = F.mse_loss(*predict(batch))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def run(make):
    """Times a peer. `make(arrays, about)` returns the model, a function that trains one step, and the steps' batches with their pairs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    wanted = parser.parse_args()
    torch.set_num_threads(THREADS)
    torch.set_default_device(wanted.device)
    # Products in TF32 where a GPU has it, as in fusebind.
    torch.set_float32_matmul_precision("highest" if wanted.device == "cpu" else "high")
    finish = torch.cuda.synchronize if wanted.device == "cuda" else lambda: None
    torch.manual_seed(1)
    arrays, about = read(wanted.file)
    model, step, work = make(arrays, about)
    model.train()
    losses = [step(work[i % len(work)][0]) for i in range(WARM_UP)]
    start, took = time.perf_counter(), []
    # Goes on where the warm-up stopped.
    while len(took) < (wanted.steps or LEAST) or (not wanted.steps and time.perf_counter() - start < SECONDS):
        batch, count = work[(WARM_UP + len(took)) % len(work)]
        finish()
        before = time.perf_counter()
        losses.append(step(batch))
        finish()
        took.append((time.perf_counter() - before, count))
    # The fastest step, as on fusebind's side: a shared machine only ever adds time.
    seconds, pairs = min(took, key=lambda step: step[0] / step[1])
    said = {
        "pairs_per_second": pairs / seconds,
        "seconds_per_step": seconds,
        "steps": len(took),
        "parameters": sum(p.numel() for p in model.parameters()),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": wanted.device,
        "loss_first": losses[0],
        "loss_last": losses[-1],
    }
    print(json.dumps(said))
