"""What goes wrong, where, and what to do about it."""

from __future__ import annotations

from typing import Any, Optional


class Error(Exception):
    """An error of fusebind.

    Attributes:
        file: File that it is about, or None.
        row: Row of the file or table, from 1, or None.
        field: Column or field, or None.
        remedy: One line that says what to do.
    """

    file: Optional[str]
    row: Optional[int]
    field: Optional[str]
    remedy: str

    def __init__(
        self,
        message: str,
        file: Optional[str] = None,
        row: Optional[int] = None,
        field: Optional[str] = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file, self.row, self.field, self.remedy = file, row, field, remedy

    def __str__(self) -> str:
        place = [self.file] if self.file else []
        place += [f"row {self.row}"] if self.row is not None else []
        place += [f"field `{self.field}`"] if self.field else []
        text = f"{', '.join(place)}: {self.message}" if place else self.message
        return f"{text}\nhint: {self.remedy}" if self.remedy else text

    def __reduce__(self) -> Any:
        return type(self), (self.message, self.file, self.row, self.field, self.remedy)


class InputError(Error, ValueError):
    """A molecule, a sequence, a table or a setting that cannot be used."""


class ModelError(Error):
    """A model file that cannot be read or used."""


class TrainingError(Error):
    """A recipe, a run or data that cannot be trained on."""
