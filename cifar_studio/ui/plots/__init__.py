"""What plots share. pyqtgraph is taken from here, where it is set up."""

from __future__ import annotations

import sys

# Its video widget, which nothing here uses, would load the CUDA bindings.
_ABSENT = "cuda.bindings"
_hides = _ABSENT not in sys.modules
if _hides:
    sys.modules[_ABSENT] = None  # type: ignore[assignment]  # makes it an ImportError
import pyqtgraph as pg  # noqa: E402

if _hides:
    del sys.modules[_ABSENT]
pg.setConfigOptions(antialias=True)

__all__ = ["pg"]
