"""Does this compound bind this protein, how strongly, and how sure are we?

    import fusebind
    model = fusebind.load("runs/first")
    model.predict("CCO", "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ")          # a dict
    model.predict(frame_with_smiles_and_sequence)                      # a table
"""

from . import datasets
from ._fusebind import Compound, Target, __version__
from .errors import Error, InputError, ModelError, TrainingError
from .model import Explanation, Model, Prediction, build_library, load
from .tables import Table
from .training import Evaluation, calibrate, evaluate, train

__all__ = [
    "Compound",
    "Error",
    "Evaluation",
    "Explanation",
    "InputError",
    "Model",
    "ModelError",
    "Prediction",
    "Table",
    "Target",
    "TrainingError",
    "__version__",
    "build_library",
    "calibrate",
    "datasets",
    "evaluate",
    "load",
    "train",
]
