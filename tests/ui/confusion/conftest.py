"""The view with a run's answers, on the offscreen platform."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cifar_studio.ui.confusion.evaluations import Evaluations
from cifar_studio.ui.confusion.matrix import ConfusionMatrix
from cifar_studio.ui.confusion.view import ConfusionView
from cifar_studio.ui.widgets import theme
from ui.confusion.answers import cells_by_level, make_answers, make_names


@pytest.fixture
def light(qapp: QApplication) -> Iterator[None]:
    theme.manager().apply("light")
    yield
    # What is closed but not deleted would be painted anew at each change of theme.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.manager().apply("light")


@pytest.fixture
def matrix(light: None, qtbot: QtBot) -> ConfusionMatrix:
    """The matrix of a run's answers."""
    names, widget = make_names(), ConfusionMatrix()
    qtbot.addWidget(widget)
    widget.resize(700, 620)
    widget.show_cells(cells_by_level(make_answers(names).confusion, names))
    widget.show()
    qtbot.waitExposed(widget)
    widget.setFocus()
    return widget


@pytest.fixture
def view(light: None, qtbot: QtBot) -> ConfusionView:
    """The whole view: best epoch 7, latest epoch 10."""
    names, view = make_names(), ConfusionView()
    qtbot.addWidget(view)
    view.resize(1240, 690)
    best, last = make_answers(names), make_answers(names, seed=5, epoch=10)
    view.show_evaluations(Evaluations(best, last, names, "ResNet18", "best on test (selected)"))
    view.show()
    qtbot.waitExposed(view)
    return view
