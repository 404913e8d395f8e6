"""Predicts a table with Ray Data: each actor opens the model once and predicts its batches as Arrow tables.

    python deploy/ray.py MODEL PAIRS.parquet OUT_FOLDER [ACTORS]

PAIRS has the columns `smiles` and `sequence`. Leave two cores to listing and reading, or say that there
are more (`RAY_OVERRIDE_RESOURCES='{"CPU":4}'`): else all wait forever. A batch of an actor that is lost is
predicted again and gets the same bits.
"""

import sys

# This file must not stand for the package of its name.
sys.path = [folder for folder in sys.path if not folder.endswith("deploy")]

import ray  # noqa: E402

import fusebind  # noqa: E402


class Predictor:
    """A model on a worker."""

    def __init__(self, path):
        self.model = fusebind.load(path)

    def __call__(self, batch):
        return self.model.predict(batch, keep_columns="*", progress=False).to_arrow()


def main(model, pairs, out, actors="1"):
    table = ray.data.read_parquet(pairs)
    table.map_batches(
        Predictor,
        fn_constructor_args=(model,),
        batch_format="pyarrow",
        batch_size=4096,
        compute=ray.data.ActorPoolStrategy(size=int(actors)),
    ).write_parquet(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
