"""Tables: what any library holds goes in, what any library reads comes out."""

from __future__ import annotations

import html
import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

from . import _fusebind
from .errors import InputError

TableLike = Any
"""An object with ``__arrow_c_stream__`` (polars, pandas, pyarrow, duckdb), a `Table`, or a mapping of names to columns."""

SHOWN = 10


class Table:
    """A table in memory, as Arrow arrays.

    It has ``__arrow_c_stream__``: ``polars.DataFrame(table)``, ``pyarrow.table(table)`` and ``duckdb.from_arrow(table)`` read it without a copy.
    """

    stage: Optional[Dict[str, Any]] = None
    """Of hits of a stored library: how the first stage chose, with its recall for each target."""

    def __init__(self, data: TableLike) -> None:
        self._native = native(data)

    @classmethod
    def _of(cls, table: _fusebind.Table) -> "Table":
        made = cls.__new__(cls)
        made._native = table
        return made

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._native.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> Any:
        return self._native.__arrow_c_schema__()

    def __len__(self) -> int:
        return len(self._native)

    @property
    def columns(self) -> List[str]:
        """Names of the columns."""
        return self._native.column_names

    @property
    def shape(self) -> "tuple[int, int]":
        """Rows and columns."""
        return len(self), len(self.columns)

    def __getitem__(self, column: str) -> List[Any]:
        """A column as a list; None where a cell is empty."""
        return self._native.column(column)

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        """The rows, each as a dict."""
        for first in range(0, len(self), 1024):
            yield from self._native.rows(first, 1024)

    def to_dicts(self) -> List[Dict[str, Any]]:
        """The rows, each as a dict."""
        return self._native.rows(0, len(self))

    def to_dict(self) -> Dict[str, List[Any]]:
        """The columns, each as a list."""
        return {name: self[name] for name in self.columns}

    def to_polars(self) -> Any:
        """The table as a polars DataFrame, without a copy."""
        import polars

        return polars.DataFrame(self)

    def to_arrow(self) -> Any:
        """The table as a pyarrow Table, without a copy."""
        import pyarrow

        return pyarrow.table(self)

    def to_pandas(self) -> Any:
        """The table as a pandas DataFrame; pyarrow is used where it is installed, and is not needed."""
        import pandas

        try:
            return self.to_arrow().to_pandas()
        except ImportError:
            return pandas.DataFrame(self.to_dict(), columns=self.columns)

    def __reduce__(self) -> Any:
        return _unpickled, (self._native.to_ipc(),)

    def __repr__(self) -> str:
        return f"<fusebind.Table of {len(self)} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        rows = self._native.rows(0, SHOWN)
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row.values()) + "</tr>" for row in rows)
        more = f"<p>{len(self)} rows, the first {len(rows)} are shown</p>" if len(self) > len(rows) else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _unpickled(ipc: bytes) -> Table:
    return Table._of(_fusebind.Table.from_ipc(ipc))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    return html.escape(text if len(text) <= 40 else text[:39] + "…")


def listed(values: Any) -> List[Any]:
    """A column of any library as a list, with None for what is missing."""
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    return [None if isinstance(value, float) and value != value else value for value in values]


def native(data: TableLike) -> _fusebind.Table:
    """The table that an object holds."""
    if isinstance(data, _fusebind.Table):
        return data
    if isinstance(data, Table):
        return data._native
    if hasattr(data, "__arrow_c_stream__"):
        try:
            return _fusebind.Table.from_stream(data)
        except ImportError:
            # pandas hands tables over with pyarrow; without it, column by column.
            return _fusebind.Table.from_columns({str(name): listed(data[name]) for name in data.columns})
    if hasattr(data, "collect"):
        return native(data.collect())
    if isinstance(data, Mapping):
        return _fusebind.Table.from_columns({str(name): listed(values) for name, values in data.items()})
    if hasattr(data, "columns") and hasattr(data, "__getitem__"):
        return _fusebind.Table.from_columns({str(name): listed(data[name]) for name in data.columns})
    raise InputError(
        f"a {type(data).__name__} is no table",
        remedy="give a polars, pandas or pyarrow table, a dict of columns, or the path of a file",
    )


def is_path(data: Any) -> bool:
    """Whether this names a file."""
    return isinstance(data, (str, os.PathLike))


def side_tables(side: Any) -> Union[None, str, Dict[str, _fusebind.Table]]:
    """Side data as the native part takes them: a folder, or tables by name.

    A table is anything that `native` takes, a pair ``(ids, array)`` with one row of the array for each id, or a dict from ids to a text, to
    values by name, or to a vector.
    """
    if side is None:
        return None
    if is_path(side):
        return os.fspath(side)
    return {name: _side_table(name, table) for name, table in side.items()}


def _key(name: str) -> str:
    return "target_id" if any(word in name for word in ("target", "protein", "sequence")) else "drug_id"


def _side_table(name: str, table: Any) -> _fusebind.Table:
    key = _key(name)
    if isinstance(table, tuple) and len(table) == 2:
        ids, rows = listed(table[0]), [listed(row) for row in table[1]]
        if len(ids) != len(rows):
            raise InputError(f"{name}: {len(ids)} ids and {len(rows)} rows", field=name, remedy="give one id for each row")
        return _fusebind.Table.from_columns({key: ids, **_numbered(rows)})
    if isinstance(table, Mapping) and key not in table:
        ids, rows = list(table), list(table.values())
        if rows and all(isinstance(row, str) for row in rows):
            return _fusebind.Table.from_columns({key: ids, "text": rows})
        if rows and all(isinstance(row, Mapping) for row in rows):
            names = list(dict.fromkeys(column for row in rows for column in row))
            return _fusebind.Table.from_columns({key: ids, **{str(n): [row.get(n) for row in rows] for n in names}})
        return _fusebind.Table.from_columns({key: ids, **_numbered([listed(row) for row in rows])})
    return native(table)


def _numbered(rows: List[List[Any]]) -> Dict[str, List[Any]]:
    width = len(rows[0]) if rows else 0
    return {str(at): [row[at] for row in rows] for at in range(width)}
