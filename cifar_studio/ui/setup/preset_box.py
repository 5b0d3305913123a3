"""The preset on top of the form: built-in ones, the person's own, and what was changed.

Of a preset of the report it offers the printed form too, of a recipe it says what it reaches.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QInputDialog,
    QMenu,
    QMessageBox,
    QToolButton,
    QWidget,
)

from cifar_studio.config.own_presets import delete_preset, own_presets, save_preset
from cifar_studio.config.presets import (
    AS_PRINTED,
    PRESETS,
    PRINTED_DECAY,
    QUICK_LOOK,
    RECIPES,
    REPORT_PRESETS,
    Preset,
)
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError
from cifar_studio.ui.setup.quiet_combo import QuietCombo
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow, row


class PresetBox(QWidget):
    """Chooses a preset; says how many fields differ from it.

    Signals
    -------
    preset_chosen(Preset)
        The person chose one, or asked for all of its values again.
    """

    preset_chosen = Signal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._presets: dict[str, Preset] = {}
        self._config: TrainConfig | None = None
        self._combo = QuietCombo("Ready-made settings; change any of them below.")
        self._combo.setAccessibleName("Preset")
        self._combo.activated.connect(self._on_whole_preset_requested)
        self._more = basics.GlyphButton("more", "Keep, reset or delete presets")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._reset_all = self._menu.addAction("Reset all changes", self._on_whole_preset_requested)
        self._save = self._menu.addAction("Save as preset…", self._on_save)
        self._delete = self._menu.addAction("Delete preset", self._on_delete)
        self._more.setMenu(self._menu)
        self._as_printed = QCheckBox(f"As printed: weight decay {PRINTED_DECAY:g}")
        self._as_printed.clicked.connect(self._on_whole_preset_requested)
        self._reached = basics.text("", "small")
        upper = row(grow(self._combo), self._more, spacing=1)
        parts = upper, self._as_printed, self._reached
        column(*parts, parent=self, margins=NO_MARGINS, spacing=1)
        self._reload()

    @property
    def preset(self) -> Preset:
        chosen = self._presets.get(self._combo.currentData(), QUICK_LOOK)
        printed = AS_PRINTED.get(chosen.name)
        return printed if printed is not None and self._as_printed.isChecked() else chosen

    def choose(self, name: str) -> Preset:
        """Show the preset of that name, Quick look where there is none; tells nobody."""
        base = next((base for base, form in AS_PRINTED.items() if form.name == name), None)
        self._combo.setCurrentIndex(max(0, self._combo.findData(base or name)))
        self._as_printed.setChecked(base is not None)
        self._show_chosen()
        return self.preset

    def show_changes(self, count: int, config: TrainConfig | None) -> None:
        """Say how many fields differ from the preset; None where the form has a fault."""
        self._config = config
        for preset in self._presets.values():
            position, title = self._combo.findData(preset.name), preset.title
            if position == self._combo.currentIndex() and count:
                title = f"{title} · {count} change{'s' if count > 1 else ''}"
            self._combo.setItemText(position, title)
        self._reset_all.setEnabled(count > 0)
        self._save.setEnabled(config is not None)
        self._delete.setEnabled(self.preset.name not in PRESETS)

    def _reload(self) -> None:
        blocks = (QUICK_LOOK, *REPORT_PRESETS), RECIPES, own_presets(self._folder)
        self._presets = {preset.name: preset for block in blocks for preset in block}
        self._combo.clear()
        for block in filter(None, blocks):
            if self._combo.count():
                self._combo.insertSeparator(self._combo.count())
            for preset in block:
                self._combo.addItem(preset.title, preset.name)
                tip = basics.plain_tip(f"{preset.description} {preset.reached}")
                self._combo.setItemData(self._combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    def _show_chosen(self) -> None:
        printed = AS_PRINTED.get(self._combo.currentData())
        self._as_printed.setVisible(printed is not None)
        self._as_printed.setToolTip(printed.description if printed is not None else "")
        self._reached.setText(self.preset.reached)
        self._reached.setVisible(bool(self.preset.reached))

    def _on_whole_preset_requested(self) -> None:
        self._show_chosen()
        self.preset_chosen.emit(self.preset)

    def _on_save(self) -> None:
        if self._config is None:
            return
        name, accepted = QInputDialog.getText(self, "Save as preset", "Name of the preset:")
        if not accepted:
            return
        try:
            preset = save_preset(self._folder, name, self._config)
        except BadInputError as error:
            QMessageBox.warning(self, "Save as preset", str(error))
            return
        self._reload()
        self.preset_chosen.emit(self.choose(preset.name))

    def _on_delete(self) -> None:
        try:
            delete_preset(self._folder, self.preset.name)
        except BadInputError as error:
            QMessageBox.warning(self, "Delete preset", str(error))
            return
        self._reload()
        self.preset_chosen.emit(self.choose(QUICK_LOOK.name))
