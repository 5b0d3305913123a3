"""`log.txt` of a run: what a person would send with a question."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import override

from cifar_studio import atomic


@contextlib.contextmanager
def run_log(path: Path) -> Iterator[logging.Logger]:
    """A logger that appends to `path`, also what other code logs, and all warnings, meanwhile.

    Where the file cannot be written nothing is logged, and nobody is disturbed.
    """
    handler: logging.Handler = logging.NullHandler()
    with contextlib.suppress(OSError):
        # Names of files may hold bytes that are no text.
        stream = io.TextIOWrapper(atomic.open_to_append(path), "utf-8", "backslashreplace")
        handler = _QuietHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root, logger = logging.getLogger(), logging.getLogger("cifar_studio")
    root.addHandler(handler)
    level, logger.level = logger.level, logging.INFO
    logging.captureWarnings(True)
    try:
        yield logger
    finally:
        logging.captureWarnings(False)
        logger.level = level
        root.removeHandler(handler)
        handler.close()


class _QuietHandler(logging.StreamHandler[io.TextIOWrapper]):
    """Writes to a file of its own; a full disk is told elsewhere, and not by tracebacks here."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Let the line go."""

    @override
    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.stream.close()
        super().close()
