"""A view on the offscreen platform."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cifar_studio.ui.curves.view import CurvesView
from cifar_studio.ui.widgets import theme


@pytest.fixture
def view(qapp: QApplication, qtbot: QtBot) -> Iterator[CurvesView]:
    theme.manager().apply("light")
    view = CurvesView()
    qtbot.addWidget(view)
    view.resize(960, 700)
    view.show()
    qtbot.waitExposed(view)
    yield view
    theme.manager().apply("light")
