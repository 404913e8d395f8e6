"""A model in the manner of GraphDTA (GIN), which encodes the graph and the sequence of every pair anew.

Written from the paper (Nguyen et al. 2021, doi 10.1093/bioinformatics/btaa921): five graph isomorphism layers of 32 channels with
batch normalisation and a global sum, dense 128; residues embedded in 128, one convolution of 32 filters of width 8 over 1,000
positions, dense 128; dense 1,024 and 256 with dropout 0.2. Comes in: a file of batches (see batches.rs). Goes out: one line of JSON,
see harness.py.
"""

import torch
from torch import nn
from torch.nn import functional as F

import harness

PAIRS = 512
CHANNELS = 32


class Isomorphism(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.dense = nn.Sequential(nn.Linear(inputs, CHANNELS), nn.ReLU(), nn.Linear(CHANNELS, CHANNELS))
        self.norm = nn.BatchNorm1d(CHANNELS)

    def forward(self, x, source, destination):
        return self.norm(F.relu(self.dense(x.index_add(0, destination, x.index_select(0, source)))))


class Model(nn.Module):
    def __init__(self, atom_rows):
        super().__init__()
        self.atoms = nn.EmbeddingBag(atom_rows, 78, mode="sum")
        self.layers = nn.ModuleList(Isomorphism(78 if i == 0 else CHANNELS) for i in range(5))
        self.drug = nn.Linear(CHANNELS, 128)
        self.residues = nn.Embedding(27, 128)
        # As published: positions are the channels of the convolution, the embedding is what it slides over.
        self.convolution = nn.Conv1d(1000, 32, 8)
        self.target = nn.Linear(32 * 121, 128)
        drop = lambda: nn.Dropout(0.2)
        self.dense = nn.Sequential(
            nn.Linear(256, 1024), nn.ReLU(), drop(), nn.Linear(1024, 256), nn.ReLU(), drop(), nn.Linear(256, 1)
        )

    def forward(self, batch):
        x = self.atoms(batch["atoms"])
        for layer in self.layers:
            x = layer(x, batch["source"], batch["destination"])
        pooled = x.new_zeros(len(batch["label"]), CHANNELS).index_add(0, batch["of"], x)
        drugs = F.dropout(F.relu(self.drug(pooled)), 0.2, self.training)
        targets = self.target(self.convolution(self.residues(batch["tokens"])).flatten(1))
        return self.dense(torch.cat([drugs, targets], 1))[:, 0]


def parts(batch):
    """Slices of `PAIRS` pairs with the atoms and bonds of their graphs."""
    offsets = batch["pair_offsets"]
    for first in range(0, len(batch["label"]), PAIRS):
        last = min(first + PAIRS, len(batch["label"]))
        low, high = int(offsets[first]), int(offsets[last])
        inside = (batch["pair_source"] >= low) & (batch["pair_source"] < high)
        counts = offsets[first : last + 1].diff()
        yield {
            "atoms": batch["pair_atoms"][low:high],
            "source": batch["pair_source"][inside] - low,
            "destination": batch["pair_destination"][inside] - low,
            "of": torch.repeat_interleave(torch.arange(last - first), counts),
            "tokens": batch["protein_tokens"][first:last],
            "label": batch["label"][first:last],
        }


def make(arrays, about):
    model = Model(int(about["atom_rows"]))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4, fused=True)
    work = [(part, len(part["label"])) for batch in harness.batches(arrays, about) for part in parts(batch)]
    return model, harness.squared_error(optimizer, lambda batch: (model(batch), batch["label"])), work


if __name__ == "__main__":
    harness.run(make)
