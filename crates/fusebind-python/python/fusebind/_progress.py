"""Progress and notes on stderr; nothing where the work is short, and no bar where stderr is a file."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, Callable, List, Optional, Union

Progress = Union[None, bool, Callable[[int, int], Any]]
"""True or False to show a bar or not, None to decide by where stderr goes, or a function of what is done and what there is to do."""

LOGGER = logging.getLogger("fusebind")
SILENT_SECONDS = 1.0


def in_notebook() -> bool:
    """Whether this runs in a notebook."""
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None


class Listener:
    """Hears of work from the native part: what is done, what there is to do, and what is to be said."""

    def __init__(self, progress: Progress, what: str, says: int = logging.WARNING) -> None:
        self.progress, self.what, self.says = progress, what, says
        self.begun = time.monotonic()
        self.shown = False
        shows = (sys.stderr is not None and sys.stderr.isatty()) or in_notebook()
        self.bar = progress is True or (progress is None and shows)

    def __call__(self, done: int, total: int, lines: List[str]) -> None:
        for line in lines:
            LOGGER.log(self.says, "%s", line)
        if callable(self.progress):
            self.progress(done, total)
        elif self.bar and time.monotonic() - self.begun >= SILENT_SECONDS:
            share = f"{100 * done // total:3d} % of {total}" if total else str(done)
            print(f"\r{self.what}: {share}", end="", file=sys.stderr, flush=True)
            self.shown = True

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: Optional[object]) -> None:
        if self.shown:
            print(file=sys.stderr, flush=True)
