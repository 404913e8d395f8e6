"""The native part: see the modules of the package."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

__version__: str

Listener = Optional[Callable[[int, int, List[str]], Any]]
Columns = Sequence[Tuple[str, str]]

class Compound:
    """A compound: a SMILES, and whatever else is known of it.

    Args: smiles; id; texts, descriptions; signatures, each a value by gene; assays, a value by assay (1 active, 0 inactive, or a number);
    embeddings of other models by modality, each of shape [D].
    """

    def __init__(
        self,
        smiles: str,
        id: Optional[str] = None,
        texts: Sequence[str] = ...,
        signatures: Sequence[Mapping[str, float]] = ...,
        assays: Mapping[str, float] = ...,
        embeddings: Mapping[str, Sequence[float]] = ...,
    ) -> None: ...
    @property
    def smiles(self) -> str: ...
    @property
    def id(self) -> str: ...

class Target:
    """A protein: a sequence in one-letter codes, and whatever else is known of it. Arguments as of `Compound`."""

    def __init__(
        self,
        sequence: str,
        id: Optional[str] = None,
        texts: Sequence[str] = ...,
        signatures: Sequence[Mapping[str, float]] = ...,
        assays: Mapping[str, float] = ...,
        embeddings: Mapping[str, Sequence[float]] = ...,
    ) -> None: ...
    @property
    def sequence(self) -> str: ...
    @property
    def id(self) -> str: ...

class Table:
    @staticmethod
    def from_stream(object: Any) -> Table: ...
    @staticmethod
    def from_columns(columns: Mapping[str, Any]) -> Table: ...
    @staticmethod
    def from_ipc(bytes: bytes) -> Table: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    def __arrow_c_schema__(self) -> Any: ...
    def __len__(self) -> int: ...
    @property
    def column_names(self) -> List[str]: ...
    def column(self, name: str) -> List[Any]: ...
    def rows(self, first: int, count: int) -> List[Dict[str, Any]]: ...
    def to_ipc(self) -> bytes: ...

class Model:
    @staticmethod
    def open(
        path: str,
        without: Sequence[str] = ...,
        encoders: Sequence[str] = ...,
        without_encoders: bool = ...,
    ) -> Model: ...
    @property
    def path(self) -> Any: ...
    @property
    def gives_intervals(self) -> bool: ...
    def info(self) -> str: ...
    def predict_table(
        self,
        table: Table,
        columns: Columns,
        smiles: Optional[str],
        sequence: Optional[str],
        keep: Sequence[str],
        side: Any,
        allow_unmatched: bool,
        listener: Listener,
    ) -> Table: ...
    def predict_pairs(self, pairs: Sequence[Tuple[Compound, Target]]) -> Table: ...
    def explain_pairs(self, pairs: Sequence[Tuple[Compound, Target]], listener: Listener) -> List[str]: ...
    def embed(self, texts: Sequence[str], are_targets: bool) -> Tuple[int, bytes]: ...
    def screen(
        self,
        library: Any,
        targets: Any,
        top: int,
        per_compound: bool,
        inside: bool,
        stage: Tuple[Optional[int], int, bool],
        listener: Listener,
    ) -> Tuple[Table, List[str], Optional[str]]: ...

def read_table(path: str) -> Tuple[Table, List[str]]: ...
def read_dataset(path: str, columns: Columns, unit: Optional[str]) -> Tuple[Table, List[str]]: ...
def simulate_dataset(out: str, drugs: int, targets: int, pairs: int, seed: int) -> None: ...
def build_library(
    model: Model,
    files: Sequence[str],
    out: str,
    *,
    distinct: bool,
    append: bool,
    part_rows: int,
    columns: Columns,
    listener: Listener,
) -> Tuple[str, List[str]]: ...
def draw_molecule(smiles: str, weights: Sequence[float]) -> str: ...
def train_run(
    recipe: str,
    data: Any,
    out: str,
    *,
    split: Optional[str],
    seed: int,
    epochs: Optional[int],
    columns: Columns,
    unit: Optional[str],
    standardise: str,
    side: Any,
    allow_unmatched: bool,
    all_folds: bool,
    resume: bool,
    listener: Listener,
) -> bool: ...
def calibrate_model(
    model: str,
    data: Any,
    out: str,
    *,
    columns: Columns,
    unit: Optional[str],
    side: Any,
    allow_unmatched: bool,
    encoders: Sequence[str],
    without_encoders: bool,
    listener: Listener,
) -> None: ...
def evaluate_run(
    run: str,
    *,
    data: Any,
    split: Optional[str],
    part: str,
    columns: Columns,
    unit: Optional[str],
    side: Any,
    allow_unmatched: bool,
    baselines: bool,
    without: Sequence[str],
    encoders: Sequence[str],
    without_encoders: bool,
    listener: Listener,
) -> Tuple[str, Table]: ...
