"""fusebind's model in PyTorch: the same layers, the same batches, each distinct drug and target encoded once, a full training step.

Comes in: a file of batches (see batches.rs). Goes out: one line of JSON, see common.py. Segment sums go through `index_add_`, the
optimizer is the fused AdamW, the average of the weights one `_foreach_lerp_`: what a careful user of PyTorch would write.
"""

import torch
from torch import nn
from torch.nn import functional as F

import common


class Round(nn.Module):
    def __init__(self, channels, bond_rows):
        super().__init__()
        self.bonds = nn.Embedding(bond_rows, channels)
        self.first = nn.Linear(channels, channels)
        self.norm = nn.LayerNorm(channels)
        self.second = nn.Linear(channels, channels)

    def forward(self, atoms, batch, bond_fields):
        kinds = self.bonds(bond_fields).sum(1)
        messages = F.relu(atoms[batch["source"]] + kinds[batch["kind"]])
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
    def __init__(self, about):
        super().__init__()
        size = lambda name: int(about[name])
        width, channels, pair = size("width"), size("graph_channels"), size("pair_channels")
        evidence, expert, retrieval = size("evidence_inputs"), size("evidence_channels"), size("retrieval_channels")
        self.atoms = nn.Embedding(size("atom_rows"), channels)
        self.rounds = nn.ModuleList(Round(channels, size("bond_rows")) for _ in range(size("graph_layers")))
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
        self.evidence = nn.Linear(evidence, pair, bias=False)
        self.expert = nn.Linear(evidence, expert)
        self.expert_head = nn.Linear(expert, 1)
        self.drug_vector, self.target_vector = nn.Linear(width, retrieval), nn.Linear(width, retrieval)
        self.vector_head = nn.Linear(1, 1)

    def encode_drugs(self, batch, bond_fields):
        atoms = self.atoms(batch["atoms"]).sum(1)
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
        i, j, evidence = batch["drug"], batch["target"], batch["evidence"]
        hidden = self.drug(drugs)[i] + self.target(targets)[j] + self.evidence(evidence)
        for block in self.blocks:
            hidden = block(hidden)
        joint = self.head(self.pair_dropout(F.relu(self.pair_norm(hidden))))
        alone = self.expert_head(F.relu(self.expert(evidence)))
        vectors = F.normalize(self.drug_vector(drugs))[i] * F.normalize(self.target_vector(targets))[j]
        dot = self.vector_head(8.0 * vectors.sum(1, keepdim=True))
        return joint[:, 0], alone[:, 0], dot[:, 0]


def make(arrays, about):
    model = Model(about)
    bond_fields = arrays["bond_fields"]
    work = common.batches(arrays, about)
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
    of_expert, of_vectors = float(about["expert_weight"]), float(about["retrieval_weight"])

    def step(batch):
        optimizer.zero_grad(set_to_none=True)
        joint, alone, dot = model(batch, bond_fields)
        label = batch["label"]
        loss = F.mse_loss(joint, label) + of_expert * F.mse_loss(alone, label) + of_vectors * F.mse_loss(dot, label)
        value = loss.item()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0, foreach=True)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(average, weights, 1.0 - 0.999)
        return value

    return model, step, [(batch, len(batch["label"])) for batch in work]


if __name__ == "__main__":
    common.run(make)
