"""fusebind's model in PyTorch: the same layers, the same batches, each distinct drug and target encoded once, a full training step.

Comes in: a file of batches (see batches.rs). Goes out: one line of JSON, see harness.py. What a careful user of PyTorch would write:
sums over bonds and atoms go through `index_add` (on a processor faster than `segment_reduce` and sparse products), rows are read by
`index_select` (its gradient is faster than that of indexing), fields are summed by `EmbeddingBag`, the optimizer is the fused AdamW,
the average of the weights one `_foreach_lerp_`. Layers: Hu et al. 2020 (arXiv:1905.12265); optimizer: Loshchilov & Hutter 2019
(arXiv:1711.05101).
"""

import torch
from torch import nn
from torch.nn import functional as F

import harness


def table(rows, channels, fields):
    """Sums a table row per field; drawn as fusebind draws it."""
    bag = nn.EmbeddingBag(rows, channels, mode="sum")
    nn.init.normal_(bag.weight, std=fields**-0.5)
    return bag


def unit(x):
    return x * (x.square().sum(1, keepdim=True) + 1e-8).rsqrt()


class Round(nn.Module):
    def __init__(self, channels, bond_rows, fields):
        super().__init__()
        self.bonds = table(bond_rows, channels, fields)
        self.first = nn.Linear(channels, channels)
        self.norm = nn.LayerNorm(channels)
        self.second = nn.Linear(channels, channels)

    def forward(self, atoms, batch, bond_fields):
        kinds = self.bonds(bond_fields)
        messages = F.relu(atoms.index_select(0, batch["source"]) + kinds.index_select(0, batch["kind"]))
        gathered = atoms.index_add(0, batch["destination"], messages)
        return atoms + self.second(F.relu(self.norm(self.first(gathered))))


class Block(nn.Module):
    def __init__(self, channels, dropout):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.first = nn.Linear(channels, channels)
        self.second = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return x + self.second(self.dropout(F.relu(self.first(self.norm(x)))))


class Model(nn.Module):
    def __init__(self, about, atom_fields, bond_fields):
        super().__init__()
        size = lambda name: int(about[name])
        width, channels, pair = size("width"), size("graph_channels"), size("pair_channels")
        inputs, hidden, retrieval = size("neighbour_inputs"), size("neighbour_dim"), size("retrieval_channels")
        self.atoms = table(size("atom_rows"), channels, atom_fields)
        rounds = (Round(channels, size("bond_rows"), bond_fields) for _ in range(size("graph_layers")))
        self.rounds = nn.ModuleList(rounds)
        self.atom_norm = nn.LayerNorm(channels)
        self.score = nn.Linear(channels, channels)
        self.graph = nn.Linear(2 * channels, width)
        self.substructures = nn.Linear(size("substructures"), width)
        self.composition = nn.Linear(size("composition"), width)
        self.drug_norm, self.target_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(float(about["dropout"]))
        self.drug, self.target = nn.Linear(width, pair), nn.Linear(width, pair)
        self.blocks = nn.ModuleList(Block(pair, float(about["pair_dropout"])) for _ in range(size("pair_layers")))
        self.pair_norm = nn.LayerNorm(pair)
        self.pair_dropout = nn.Dropout(float(about["pair_dropout"]))
        self.head = nn.Linear(pair, 1)
        self.neighbours = nn.Linear(inputs, pair, bias=False)
        self.neighbour_hidden = nn.Linear(inputs, hidden)
        self.neighbour_head = nn.Linear(hidden, 1)
        self.drug_vector, self.target_vector = nn.Linear(width, retrieval), nn.Linear(width, retrieval)
        self.vector_head = nn.Linear(1, 1)

    def encode_drugs(self, batch, bond_fields):
        atoms = self.atoms(batch["atoms"])
        for layer in self.rounds:
            atoms = layer(atoms, batch, bond_fields)
        atoms = self.atom_norm(atoms)
        weights = self.score(atoms).clamp(-8.0, 8.0).exp()
        empty = atoms.new_zeros(batch["substructures"].shape[0], atoms.shape[1])
        of = batch["molecule"]
        attended = empty.index_add(0, of, weights * atoms) / (empty.index_add(0, of, weights) + 1e-6)
        summed = empty.index_add(0, of, atoms) * 0.04
        graph = self.graph(torch.cat([attended, summed], 1)) + self.substructures(batch["substructures"])
        return self.dropout(F.relu(self.drug_norm(graph)))

    def forward(self, batch, bond_fields):
        drugs = self.encode_drugs(batch, bond_fields)
        targets = self.dropout(F.relu(self.target_norm(self.composition(batch["composition"]))))
        i, j, neighbours = batch["drug"], batch["target"], batch["neighbours"]
        hidden = self.drug(drugs).index_select(0, i) + self.target(targets).index_select(0, j) + self.neighbours(neighbours)
        for block in self.blocks:
            hidden = block(hidden)
        joint = self.head(self.pair_dropout(F.relu(self.pair_norm(hidden))))
        alone = self.neighbour_head(F.relu(self.neighbour_hidden(neighbours)))
        drugs, targets = unit(self.drug_vector(drugs)), unit(self.target_vector(targets))
        cosines = (drugs.index_select(0, i) * targets.index_select(0, j)).sum(1, keepdim=True)
        dot = self.vector_head(8.0 * cosines)
        return joint[:, 0], alone[:, 0], dot[:, 0]


def make(arrays, about):
    bond_fields = arrays["bond_fields"]
    work = harness.batches(arrays, about)
    model = Model(about, work[0]["atoms"].shape[1], bond_fields.shape[1])
    for batch in work:
        counts = batch["incoming"].diff()
        batch["destination"] = torch.repeat_interleave(torch.arange(len(counts)), counts)
        counts = batch["offsets"].diff()
        batch["molecule"] = torch.repeat_interleave(torch.arange(len(counts)), counts)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), fused=True)
    weights = [p.detach() for p in model.parameters()]
    average = [w.clone() for w in weights]
    of_neighbours, of_vectors = float(about["neighbour_head_weight"]), float(about["retrieval_weight"])

    def step(batch):
        optimizer.zero_grad(set_to_none=True)
        joint, alone, dot = model(batch, bond_fields)
        label = batch["label"]
        loss = F.mse_loss(joint, label) + of_neighbours * F.mse_loss(alone, label) + of_vectors * F.mse_loss(dot, label)
        value = loss.item()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0, foreach=True)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(average, weights, 1.0 - 0.999)
        return value

    return model, step, [(batch, len(batch["label"])) for batch in work]


if __name__ == "__main__":
    harness.run(make)
