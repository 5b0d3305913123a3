"""Folds the left side by itself while a view needs the width."""

from __future__ import annotations

from PySide6.QtCore import QObject

from cifar_studio.ui.frame.side_panel import SidePanel
from cifar_studio.ui.widgets import theme

WIDE_PX = 1600
"""A window of this width has room for the panel beside any view."""


class PanelFolding(QObject):
    """Folds and unfolds; whoever unfolds the panel himself is not contradicted."""

    def __init__(self, panel: SidePanel, parent: QObject) -> None:
        super().__init__(parent)
        self._panel = panel
        self._is_mine = self._is_contradicted = False
        panel.folded_changed.connect(self._on_folded_changed)

    @property
    def is_mine(self) -> bool:
        """Whether the panel is folded for a view, and not by the person."""
        return self._is_mine

    def show_view(self, needs_width: bool, window_px: int) -> None:
        """Another view is shown, or the window has so many logical pixels now."""
        needs_room = needs_width and window_px < theme.px(WIDE_PX)
        if needs_room and not self._panel.is_folded and not self._is_contradicted:
            self._panel.set_folded(True)
            self._is_mine = True
        elif not needs_room and self._is_mine:
            self._panel.set_folded(False)
        if not needs_width:
            self._is_contradicted = False

    def _on_folded_changed(self, folded: bool) -> None:
        if not folded:
            # Whoever unfolds it while a view is short of width wants it so, until he leaves it.
            self._is_contradicted = self._is_mine
            self._is_mine = False
