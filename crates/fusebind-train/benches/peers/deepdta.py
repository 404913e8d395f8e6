"""A model in the manner of DeepDTA, which encodes the drug and the target of every pair anew.

Written from the paper (Ozturk, Ozgur & Ozkirimli 2018, doi 10.1093/bioinformatics/bty593): embeddings of 128, three convolutions of
32, 64 and 96 filters (width 6 over SMILES, 12 over sequences), global maximum, dense layers of 1,024, 1,024 and 512 with dropout 0.1.
Comes in: a file of batches (see batches.rs). Goes out: one line of JSON, see harness.py.
"""

import torch
from torch import nn
from torch.nn import functional as F

import harness

PAIRS = 256


class Tower(nn.Module):
    def __init__(self, tokens, width):
        super().__init__()
        self.embed = nn.Embedding(tokens, 128)
        sizes = [128, 32, 64, 96]
        layers = (nn.Conv2d(a, b, (1, width)) for a, b in zip(sizes, sizes[1:]))
        # Channels last is how the embedding lies in memory already, and faster than `Conv1d`, which copies it.
        self.layers = nn.ModuleList(layers).to(memory_format=torch.channels_last)

    def forward(self, tokens):
        x = self.embed(tokens).transpose(1, 2).unsqueeze(2)
        for layer in self.layers:
            x = F.relu(layer(x))
        return x.amax((2, 3))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.drug, self.target = Tower(65, 6), Tower(27, 12)
        drop = lambda: nn.Dropout(0.1)
        dense = [nn.Linear(192, 1024), nn.ReLU(), drop(), nn.Linear(1024, 1024), nn.ReLU(), drop()]
        self.dense = nn.Sequential(*dense, nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 1))

    def forward(self, drugs, targets):
        return self.dense(torch.cat([self.drug(drugs), self.target(targets)], 1))[:, 0]


def make(arrays, about):
    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    work = []
    for batch in harness.batches(arrays, about):
        columns = batch["smiles_tokens"], batch["protein_tokens"], batch["label"]
        work += [(part, len(part[2])) for part in zip(*(column.split(PAIRS) for column in columns))]
    return model, harness.squared_error(optimizer, lambda batch: (model(batch[0], batch[1]), batch[2])), work


if __name__ == "__main__":
    harness.run(make)
