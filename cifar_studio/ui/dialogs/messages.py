"""Small dialogs: leaving while a run goes on, training longer, where things are kept, about."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from cifar_studio import __version__, paths
from cifar_studio.config import remedies
from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.widgets import basics, theme


def confirm_quit(parent: QWidget, kept: str, waiting: int) -> bool:
    """Ask once whether to leave while a run goes on; says what is kept and what is not."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Quit CIFAR Studio")
    box.setText("A run is going on. Quit and stop it?")
    text = f"{kept} You can resume it at the next start."
    if waiting:
        runs = "run that waits" if waiting == 1 else f"{waiting} runs that wait"
        text += f" The {runs} will be there then too."
    box.setInformativeText(text)
    leave = box.addButton("Save and quit", QMessageBox.ButtonRole.AcceptRole)
    box.addButton("Keep training", QMessageBox.ButtonRole.RejectRole)
    box.exec()
    return box.clickedButton() is leave


def ask_force(parent: QWidget, kept: str, on_force: Callable[[], object]) -> QMessageBox:
    """Ask, without waiting for the answer, whether to end a worker that still saves."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Quit CIFAR Studio")
    box.setText("The run is still being saved. End it by force?")
    box.setInformativeText(f"By force it ends at once, and {kept}.")
    end = box.addButton("End it by force", QMessageBox.ButtonRole.DestructiveRole)
    end.clicked.connect(lambda: on_force())
    wait = box.addButton("Wait", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(wait)
    box.setEscapeButton(wait)
    box.open()
    return box


class EpochsDialog(QDialog):
    """Asks to how many epochs a run shall be trained on."""

    def __init__(self, parent: QWidget, run: Run) -> None:
        super().__init__(parent)
        done = len(run.rows)
        least, proposed, most = remedies.longer(run.config, done)
        self.setWindowTitle("Train longer")
        self.editor = QLineEdit(str(proposed))
        self.editor.setValidator(QIntValidator(least, most, self))
        self.editor.setAccessibleName("Epochs in all")
        self.editor.setToolTip(f"{least:,} to {most:,}")
        self.editor.selectAll()
        self.editor.textChanged.connect(self._on_text_changed)
        verb = "epoch is" if done == 1 else "epochs are"
        label = basics.label(
            f"{wording.run_title(run)}: {done:,} {verb} done.\nTrain to how many epochs in all?"
        )
        label.setBuddy(self.editor)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * theme.GRID)
        buttons.addStretch(1)
        self._train = basics.button("Train", self.accept, primary=True)
        self._train.setDefault(True)
        buttons.addWidget(self._train)
        buttons.addWidget(basics.button("Cancel", self.reject))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[6 * theme.GRID] * 4)
        layout.setSpacing(3 * theme.GRID)
        layout.addWidget(label)
        layout.addWidget(self.editor)
        layout.addLayout(buttons)

    def _on_text_changed(self) -> None:
        self._train.setEnabled(self.editor.hasAcceptableInput())


def ask_epochs(parent: QWidget, run: Run) -> int | None:
    """Ask to how many epochs a run shall be trained on; None where the person thinks better."""
    dialog = EpochsDialog(parent, run)
    accepted = dialog.exec()
    dialog.deleteLater()
    return int(dialog.editor.text()) if accepted else None


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
