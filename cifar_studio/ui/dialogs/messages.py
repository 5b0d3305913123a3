"""Small dialogs: leaving while a run goes on, training longer, where things are kept, about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget

from cifar_studio import __version__, paths
from cifar_studio.config import remedies
from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.dialogs.question_dialog import NumberDialog
from cifar_studio.ui.widgets import basics

Leaving = Literal["stay", "leave", "let go"]


def confirm_quit(parent: QWidget, kept: str, waiting: int, experiment: str = "") -> Leaving:
    """Ask once whether to leave while a run goes on; says what is kept and what is not.

    An experiment, of this name, may go on without the window.
    """
    text = f"{kept} You can resume it at the next start."
    if experiment:
        text = f"{kept} {experiment} can go on without the window, or wait for the next start."
    if waiting:
        runs = "run that waits" if waiting == 1 else f"{waiting} runs that wait"
        text += f" The {runs} will be there then too."
    what = "An experiment" if experiment else "A run"
    box = _quit_box(parent, f"{what} is going on. Quit and stop it?", text)
    leave = box.addButton("Save and quit", QMessageBox.ButtonRole.AcceptRole)
    let_go = None
    if experiment:
        let_go = box.addButton("Quit and let it go on", QMessageBox.ButtonRole.AcceptRole)
    box.addButton("Keep training", QMessageBox.ButtonRole.RejectRole)
    box.exec()
    if let_go is not None and box.clickedButton() is let_go:
        return "let go"
    return "leave" if box.clickedButton() is leave else "stay"


def ask_force(parent: QWidget, kept: str, on_force: Callable[[], object]) -> QMessageBox:
    """Ask, without waiting for the answer, whether to end a worker that still saves."""
    text = f"By force it ends at once, and {kept}."
    box = _quit_box(parent, "The run is still being saved. End it by force?", text)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    end = box.addButton("End it by force", QMessageBox.ButtonRole.DestructiveRole)
    end.clicked.connect(lambda: on_force())
    wait = box.addButton("Wait", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(wait)
    box.setEscapeButton(wait)
    box.open()
    return box


def _quit_box(parent: QWidget, question: str, text: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Quit CIFAR Studio")
    box.setText(question)
    box.setInformativeText(text)
    return box


def ask_epochs(parent: QWidget, run: Run) -> tuple[int, int | None] | None:
    """Ask to how many epochs a run shall be trained on; None where the person thinks better.

    Returns
    -------
    (int, int or None)
        Epochs in all, and over how many the schedule of the learning rate shall run, where it is
        not to run over all of them: the last rate is then held.
    """
    done = len(run.rows)
    verb = "epoch is" if done == 1 else "epochs are"
    rate = run.rows[-1].learning_rate if run.rows else run.config.learning_rate
    hold = QCheckBox(f"Hold the last learning rate, {rate:.2g}")
    jump = basics.text(
        f"Otherwise the {run.config.schedule} schedule runs over all epochs: the learning rate "
        "jumps to where the longer curve has it, and falls again.",
        "small",
    )
    again = basics.text(
        "The locked test set was looked at already: where validation then chooses another epoch, "
        "it is looked at again.",
        "small",
    )
    has_length = run.config.schedule in ("cosine", "one-cycle")
    is_tested = run.config.locks_test_set and not run.is_test_locked
    dialog = NumberDialog(
        parent,
        "Train longer",
        "Train",
        f"{wording.run_title(run)}: {done:,} {verb} done.\nTrain to how many epochs in all?",
        "Epochs in all",
        remedies.longer(run.config, done),
        *((hold, jump) if has_length else ()),
        *((again,) if is_tested else ()),
    )
    if not dialog.is_answered():
        return None
    return dialog.number, run.config.scheduled_epochs if hold.isChecked() else None


def show_places(parent: QWidget) -> None:
    """Say where runs, pictures and settings live."""
    _inform(
        parent,
        "Where things are kept",
        f"Runs\n{paths.runs_folder()}\n\n"
        f"Pictures and downloads\n{paths.data_cache_folder()}\n\n"
        f"Settings of the window\n{paths.settings_file()}\n\n"
        f"Own presets\n{paths.presets_folder()}",
    )


def show_about(parent: QWidget) -> None:
    """Say what this is, and whose data it trains on."""
    _inform(
        parent,
        "About CIFAR Studio",
        f"CIFAR Studio {__version__}\n\n"
        "Trains and compares convolutional networks on CIFAR-100, on this computer alone: "
        "nothing is sent anywhere.\n\n"
        "Data: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.\n"
        "Study: A. Kramer and S. Hussey, CIFAR100 Classification Models: ResNet18, MobileNetV2, "
        "VGG11, and DenseNet, Northeastern University, 2024.\n"
        "Networks: torchvision. Licence: MIT.",
    )


def _inform(parent: QWidget, title: str, text: str) -> None:
    box = QMessageBox(parent)
    box.setWindowTitle(title)
    box.setText(text)
    box.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    box.exec()
