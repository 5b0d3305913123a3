"""`log.txt` of a run: what a person would send with a question."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def run_log(path: Path) -> Iterator[logging.Logger]:
    """A logger that appends to `path`, also what other code logs, and all warnings, meanwhile."""
    handler = logging.FileHandler(path, encoding="utf-8")
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
