"""What can be done with a picture, by right click or keyboard: copy it, save it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

_Keys = QKeySequence.StandardKey


def show_menu(
    parent: QWidget,
    where: QPoint,
    copy: Callable[[], object],
    save: Callable[[], object],
    save_list: Callable[[], object] | None = None,
) -> None:
    """Pop the menu up at a point of the screen; without a list to save, that entry is missing."""
    menu = QMenu(parent)
    menu.addAction("Copy picture", QKeySequence(_Keys.Copy), copy)
    menu.addAction("Save picture…", QKeySequence(_Keys.Save), save)
    if save_list is not None:
        menu.addSeparator()
        menu.addAction("Save this list as a table…", save_list)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(where)
