"""A model, its predictions and its reasons."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import _fusebind, _html
from ._progress import Listener, Progress
from .errors import InputError
from .tables import Table, TableLike, is_path, native, side_tables

CompoundLike = Union[str, _fusebind.Compound]
TargetLike = Union[str, _fusebind.Target]
Pair = Tuple[CompoundLike, TargetLike]

RECALL = 0.95
"""Recall of a first stage below which something is said."""


class Prediction(Dict[str, Any]):
    """A prediction: the columns of `fusebind predict` by name. A notebook shows it with the drawn molecule."""

    def _repr_html_(self) -> str:
        return _html.prediction(self)


class Explanation(Dict[str, Any]):
    """The reasons for a prediction, all in one unit. A notebook shows them with the drawn molecule.

    Keys: ``smiles``, ``sequence``; ``unit`` (such as ``pKd``, or ``log-odds``); ``prediction``; ``modalities`` with ``prior`` and ``shares``,
    which add up to the prediction; ``neighbours``, training pairs with their ``effect``; ``atoms`` and ``residues`` with ``parts`` (``first``,
    ``last``, ``effect``), ``whole`` and ``unexplained``.
    """

    def _repr_html_(self) -> str:
        return _html.explanation(self)


def load(
    path: Union[str, "os.PathLike[str]"],
    *,
    without: Sequence[str] = (),
    encoders: Sequence[Union[str, "os.PathLike[str]"]] = (),
    without_encoders: bool = False,
) -> "Model":
    """Opens a run folder or a model file.

    Args:
        path: Run folder or ``model.safetensors``.
        without: Modalities to do without, such as ``["text"]``.
        encoders: Folders of the pretrained encoders that the model was trained with; where the model says without them.
        without_encoders: Whether to go on without pretrained encoders: what they embed is missing.
    """
    return Model(path, without=without, encoders=encoders, without_encoders=without_encoders)


class Model:
    """A trained model. Threads may share it; pickled, it is opened again from its path."""

    def __init__(
        self,
        path: Union[str, "os.PathLike[str]"],
        *,
        without: Sequence[str] = (),
        encoders: Sequence[Union[str, "os.PathLike[str]"]] = (),
        without_encoders: bool = False,
    ) -> None:
        folders = [os.path.abspath(folder) for folder in encoders]
        self._how = (list(without), folders, bool(without_encoders))
        self._native = _fusebind.Model.open(os.path.abspath(path), *self._how)

    @property
    def path(self) -> str:
        """Where the model was opened."""
        return str(self._native.path)

    @property
    def info(self) -> Dict[str, Any]:
        """What the model file holds: task, scales, modalities, what it was trained on, what to expect."""
        return json.loads(self._native.info())

    def __reduce__(self) -> Any:
        return _opened, (self.path, *self._how)

    def __repr__(self) -> str:
        return f"<fusebind.Model {self.path}>"

    def _repr_html_(self) -> str:
        return _html.model(self.path, self.info)

    def predict(
        self,
        data: Any,
        sequence: Union[None, TargetLike, Sequence[TargetLike]] = None,
        *,
        smiles: Optional[str] = None,
        columns: Optional[Mapping[str, str]] = None,
        keep_columns: Union[None, str, Sequence[str]] = None,
        modalities: Any = None,
        allow_unmatched: bool = False,
        progress: Progress = None,
    ) -> Any:
        """Predicts one pair, several pairs, or a table of pairs.

        - ``predict("CCO", "MKT..")`` gives a `Prediction`, which is a dict. An invalid molecule or sequence raises `InputError`.
        - ``predict([smiles, ..], [sequence, ..])`` gives a list of them, one for each place; a single SMILES or sequence goes with all of the
          other list. ``predict([(smiles, sequence), ..])`` does the same for pairs. A `Compound` or a `Target`, which may carry texts,
          signatures, assays and embeddings, may stand for any string.
        - ``predict(table)`` gives a `Table` with one row for each row, in order.

        In lists and tables a pair that cannot be predicted has no numbers, and in ``error`` the row, the field and what to do.

        Args:
            data: SMILES, a list, pairs, or a table: anything with ``__arrow_c_stream__``, or a dict of columns.
            sequence: Sequence in one-letter codes, or a list of them. Of a table: one that holds for every row.
            smiles: Of a table: one SMILES that holds for every row.
            columns: Of a table: names of columns by role (``drug_id``, ``smiles``, ``target_id``, ``sequence``) where detection is not enough.
            keep_columns: Of a table: columns that the result keeps, or ``"*"`` for all.
            modalities: Of a table: side data, as the path of a folder or as tables by name (``drug_text``, ``target_text``,
                ``transcriptomics``, ``bioassay``, ``embedding_graph``, ``embedding_sequence``, ..), matched by id. A table may also be
                ``(ids, array [N, D])`` or a dict by id.
            allow_unmatched: Whether a side table may describe none of the entities.
            progress: A bar, or a function of pairs done and pairs in all.

        Affinities and their intervals are on the scale of the model (``unit``, such as pKd: -log10 of mol/L); probabilities are from 0 to 1.
        """
        if is_path(data) and not (isinstance(data, str) and sequence is not None):
            raise InputError(
                "a single argument is a table or a list of pairs",
                remedy="give a SMILES and a sequence, or read the file with `fusebind.datasets.read` first",
            )
        if _is_one(data) and _is_one(sequence):
            return self._one(data, sequence)
        if _is_list(data) or (_is_one(data) and _is_list(sequence)):
            return self._several(_paired(data, sequence), progress)
        if sequence is not None and not isinstance(sequence, str):
            raise InputError("of a table, `sequence` is one sequence for all rows", remedy="add a column of sequences")
        keep = [keep_columns] if isinstance(keep_columns, str) else list(keep_columns or ())
        with Listener(progress, "pairs") as listener:
            return Table._of(
                self._native.predict_table(
                    native(data),
                    list((columns or {}).items()),
                    smiles,
                    sequence,
                    keep,
                    side_tables(modalities),
                    allow_unmatched,
                    listener,
                )
            )

    def _one(self, compound: CompoundLike, target: TargetLike) -> Prediction:
        row = self._native.predict_pairs([(_compound(compound), _target(target))]).rows(0, 1)[0]
        del row["error"], row["row"]
        return Prediction(row)

    def _several(self, pairs: List[Pair], progress: Progress) -> List[Prediction]:
        if any(not isinstance(part, str) for pair in pairs for part in pair if part is not None):
            return self._objects(pairs)
        table = _fusebind.Table.from_columns({"smiles": [p[0] for p in pairs], "sequence": [p[1] for p in pairs]})
        with Listener(progress, "pairs") as listener:
            found = self._native.predict_table(table, [], None, None, [], None, False, listener)
        return [Prediction(row) for row in found.rows(0, len(found))]

    def _objects(self, pairs: List[Pair]) -> List[Prediction]:
        good, errors = [], {}
        for at, (compound, target) in enumerate(pairs):
            try:
                good.append((at, (_compound(compound), _target(target))))
            except InputError as error:
                place = f", field `{error.field}`" if error.field else ""
                errors[at] = f"row {at + 1}{place}: {error.message}; {error.remedy}"
        found = self._native.predict_pairs([pair for _, pair in good])
        rows = dict(zip((at for at, _ in good), found.rows(0, len(found))))
        empty = dict.fromkeys(found.column_names)
        return [
            Prediction({**rows.get(at, empty), "row": at + 1, "error": errors.get(at)}) for at in range(len(pairs))
        ]

    def explain(
        self,
        data: Any,
        sequence: Union[None, TargetLike, Sequence[TargetLike]] = None,
        *,
        progress: Progress = None,
    ) -> Union[Explanation, List[Explanation]]:
        """The reasons for one pair, or for several: which modalities, training pairs, atoms and residues a prediction rests on.

        Takes the same single pairs and lists as `predict`. One explanation takes as long as thousands of predictions.
        """
        single = _is_one(data) and _is_one(sequence)
        pairs = [(data, sequence)] if single else _paired(data, sequence)
        named = [(_compound(compound), _target(target)) for compound, target in pairs]
        with Listener(progress, "explanations") as listener:
            texts = self._native.explain_pairs(named, listener)
        found = [
            Explanation(smiles=compound.smiles, sequence=target.sequence, drug_id=compound.id, target_id=target.id, **json.loads(text))
            for (compound, target), text in zip(named, texts)
        ]
        return found[0] if single else found

    def embed(
        self, compounds: Optional[Sequence[str]] = None, *, targets: Optional[Sequence[str]] = None
    ) -> Any:
        """Embeddings ``[N, D]`` of SMILES, or with ``targets`` of sequences, as the model sees them from structure alone.

        A NumPy array of 32-bit floats, or a memoryview of that shape where NumPy is not installed. Embeddings of two models cannot be compared.
        """
        if (compounds is None) == (targets is None):
            raise InputError("embed takes compounds or targets", remedy="give SMILES, or `targets=` with sequences")
        texts = compounds if compounds is not None else targets
        assert texts is not None
        texts = [texts] if isinstance(texts, str) else list(texts)
        width, data = self._native.embed(texts, targets is not None) if texts else (0, b"")
        view = memoryview(bytes(data)).cast("f", (len(texts), width)) if texts else memoryview(b"")
        try:
            import numpy
        except ImportError:
            return view
        return numpy.asarray(view) if texts else numpy.zeros((0, width), dtype=numpy.float32)

    def screen(
        self,
        library: Any,
        targets: Any,
        top: int = 100,
        *,
        per: str = "target",
        inside: bool = False,
        candidates: Optional[int] = None,
        sample: int = 20_000,
        exact: bool = False,
        progress: Progress = None,
    ) -> Table:
        """The best of a library for each target, as a `Table`: the predictions of the hits with ``rank``, best first.

        A stored library (`build_library`) is screened in two stages: codes choose what the whole model looks at. What that misses is measured:
        ``hits.stage`` is a dict with the ``recall`` of each target, and a recall below 0.95 is logged.

        Args:
            library: Path of a file of any format, which is never held whole; the folder of a stored library; a table with SMILES; or a list
                of SMILES.
            targets: Path (FASTA or a table), a table, a sequence, a list of sequences, or a dict from ids to sequences.
            top: Hits of each target, or of each compound.
            per: ``"target"`` or ``"compound"``.
            inside: Whether only pairs count that are inside what the model knows.
            candidates: Of a stored library: compounds that the whole model looks at for each target; else ten for each hit, at least 10,000.
            sample: Of a stored library: compounds that the whole model scores to fit the first stage and to measure its recall, half each.
            exact: Of a stored library: whether the whole model looks at every compound.
            progress: A bar, or a function of rows done.
        """
        if per not in ("target", "compound"):
            raise InputError(f"per={per!r} is neither target nor compound", field="per", remedy="give one of the two")
        given = library if is_path(library) else _entities(library, "drug_id", "smiles")
        proteins = _sequences(targets)
        with Listener(progress, "compounds") as listener:
            stage = (candidates, int(sample), bool(exact))
            table, rejected, report = self._native.screen(
                given, proteins, int(top), per == "compound", bool(inside), stage, listener
            )
            hits = Table._of(table)
            hits.stage = json.loads(report) if report else None
            listener(0, 0, rejected + _missed(hits.stage))
        return hits


def _missed(stage: Optional[Dict[str, Any]]) -> List[str]:
    """What is to be said of the recall of a first stage."""
    found = [(target["recall"], target["target"]) for target in (stage or {}).get("recall", ())]
    if not found or min(found)[0] >= RECALL:
        return []
    recall, target = min(found)
    return [f"first stage: recall {recall:.3f} for {target}; more candidates find more, exact=True finds all"]


def build_library(
    files: Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]],
    out: Union[str, "os.PathLike[str]"],
    model: Union[str, "os.PathLike[str]", Model],
    *,
    distinct: bool = False,
    append: bool = False,
    part_rows: int = 65_536,
    columns: Optional[Mapping[str, str]] = None,
    progress: Progress = None,
) -> Dict[str, Any]:
    """Reads and codes compounds once, for screenings in two stages; returns what the manifest of the library says.

    The folder is the one that `fusebind library build` writes. A build that was stopped goes on where it was when it is called again.

    Args:
        files: Files of compounds (CSV, TSV, SMILES, SDF, Parquet; packed or not).
        out: Folder of the library.
        model: What codes the compounds, and screens the library later: a model or its path.
        distinct: Whether only the first of several rows of one compound is kept.
        append: Whether the files are added to a library that is complete.
        part_rows: Rows of the files in a part; a stopped build loses one at most.
        columns: Names of columns by role (``drug_id``, ``smiles``), where detection is not enough.
        progress: A bar, or a function of rows done.
    """
    coder = model if isinstance(model, Model) else load(model)
    if coder._how[0]:
        raise InputError("a library is coded by the whole model", field="model", remedy="load the model without `without`")
    if not 1 <= part_rows <= 1_000_000:
        raise InputError("part_rows is not between 1 and 1,000,000", field="part_rows", remedy="leave it out")
    paths = [os.fspath(path) for path in ([files] if is_path(files) else files)]  # type: ignore[list-item, union-attr]
    if not paths:
        raise InputError("there is no file", field="files", remedy="name at least one")
    with Listener(progress, "compounds") as listener:
        text, rejected = _fusebind.build_library(
            coder._native,
            paths,
            os.fspath(out),
            distinct=distinct,
            append=append,
            part_rows=part_rows,
            columns=list((columns or {}).items()),
            listener=listener,
        )
        listener(0, 0, rejected)
    return json.loads(text)


def _opened(path: str, without: List[str], encoders: List[str], without_encoders: bool) -> Model:
    return Model(path, without=without, encoders=encoders, without_encoders=without_encoders)


def _is_one(given: Any) -> bool:
    return isinstance(given, (str, _fusebind.Compound, _fusebind.Target))


def _is_list(given: Any) -> bool:
    if isinstance(given, (list, tuple)):
        return True
    # Series and arrays of one dimension, and arrays of pairs.
    if hasattr(given, "columns"):
        return False
    shape = getattr(given, "shape", ())
    return hasattr(given, "to_list") or hasattr(given, "tolist") and (len(shape) == 1 or shape[1:] == (2,))


def _paired(data: Any, sequence: Any) -> List[Pair]:
    if sequence is None:
        pairs = [tuple(pair) for pair in data]
        wrong = next((at for at, pair in enumerate(pairs) if len(pair) != 2), None)
        if wrong is not None:
            raise InputError("this is no pair", row=wrong + 1, remedy="give SMILES and sequence of each pair, or two lists")
        return pairs  # type: ignore[return-value]
    compounds = [data] if _is_one(data) else list(data)
    targets = [sequence] if _is_one(sequence) else list(sequence)
    if _is_one(sequence):
        targets = targets * len(compounds)
    if _is_one(data):
        compounds = compounds * len(targets)
    if len(compounds) != len(targets):
        raise InputError(
            f"{len(compounds)} compounds and {len(targets)} targets", remedy="give as many of one as of the other, or a single one"
        )
    return list(zip(compounds, targets))


def _compound(given: Any) -> _fusebind.Compound:
    return given if isinstance(given, _fusebind.Compound) else _fusebind.Compound(given or "")


def _target(given: Any) -> _fusebind.Target:
    return given if isinstance(given, _fusebind.Target) else _fusebind.Target(given or "")


def _entities(given: Any, key: str, text: str) -> _fusebind.Table:
    if isinstance(given, Mapping) and text not in given:
        return _fusebind.Table.from_columns({key: list(given), text: list(given.values())})
    if _is_list(given):
        return _fusebind.Table.from_columns({text: list(given)})
    return native(given)


def _sequences(targets: TableLike) -> Any:
    if isinstance(targets, str) and not os.path.exists(targets):
        targets = [targets]
    if is_path(targets):
        return targets
    return _entities(targets, "target_id", "sequence")
