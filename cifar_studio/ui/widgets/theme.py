"""Colours, fonts and spacing of the window, light and dark.

Own Fusion palettes, because Qt's `setColorScheme` does nothing on some platforms. Everything that
is drawn takes its colours from `current()`, so that one change of theme reaches all of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QLayout, QWidget

from cifar_studio.paths import resources_folder

BODY_PX = 13
AXIS_PX = 11
HEADLINE_PX = 24
CONTROL_PX = 30
FIELD_PX = 26
TITLE_BAR_PX = 40
GRID = 4  # spacing is a multiple of this
SCALE_STEP = 1.1
LAYOUT_ROUNDS = 4


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb. Curves stand at least 3:1 against `surface`, text 4.5:1."""

    name: str
    ground: str  # the window
    surface: str  # plots and fields
    raised: str  # buttons
    border: str
    grid: str
    text: str
    muted: str
    disabled: str
    accent: str  # the primary button and selections
    on_accent: str  # text on them
    loss: str  # the measures, in every plot of one run
    top1: str
    top5: str
    warning: str
    error: str
    good: str
    runs: tuple[str, ...]  # runs, where several are compared


LIGHT = Theme(
    name="light",
    ground="#F5F5F4",
    surface="#FFFFFF",
    raised="#FFFFFF",
    border="#D4D4D0",
    grid="#E9E9E6",
    text="#1C1C1A",
    muted="#62625D",
    disabled="#A3A39D",
    accent="#0072B2",
    on_accent="#FFFFFF",
    loss="#0072B2",
    top1="#D55E00",
    top5="#009E73",
    warning="#8A5A00",
    error="#B3261E",
    good="#00704F",
    runs=("#0072B2", "#D55E00", "#009E73", "#A2508A", "#7A6A00", "#2A2A7C", "#B3261E", "#5B5B56"),
)

DARK = Theme(
    name="dark",
    ground="#1E1E1E",
    surface="#181818",
    raised="#2B2B2B",
    border="#3C3C3C",
    grid="#2A2A2A",
    text="#E6E6E3",
    muted="#A6A6A0",
    disabled="#6B6B66",
    accent="#56B4E9",
    on_accent="#0E1A22",
    loss="#56B4E9",
    top1="#E69F00",
    top5="#CC79A7",
    warning="#F0C05A",
    error="#FF8A80",
    good="#5CC8A0",
    runs=("#56B4E9", "#E69F00", "#CC79A7", "#4CC38A", "#F0E442", "#C9B6FF", "#FF8A80", "#BDBDB7"),
)


class ThemeManager(QObject):
    """Applies a theme to the application, follows the system, and scales the type.

    Signals
    -------
    changed()
        Colours or the scale are others now; whoever paints by hand paints anew.
    """

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice = "system"
        self.scale = 1.0
        self.theme = LIGHT
        self._applied: tuple[Theme, float] | None = None
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._on_color_scheme_changed)

    def apply(self, choice: str = "system", scale: float = 1.0) -> None:
        """Take "system", "light" or "dark", and type scaled by 0.75 to 2."""
        self._choice = choice
        self.scale = min(max(scale, 0.75), 2.0)
        system_is_dark = self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = system_is_dark if choice == "system" else choice == "dark"
        self.theme = DARK if dark else LIGHT
        if (self.theme, self.scale) == self._applied:
            return  # each widget there is would be polished anew
        self._applied = (self.theme, self.scale)
        self._application.setPalette(_palette(self.theme))
        self._application.setFont(body_font(self.scale))
        self._application.setStyleSheet(_style_sheet(self.theme, self.scale))
        self.changed.emit()

    def _on_color_scheme_changed(self) -> None:
        if self._choice == "system":
            self.apply(self._choice, self.scale)


def manager() -> ThemeManager:
    """The application's theme manager, made at its first use."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    found = application.findChild(ThemeManager)
    return found if found is not None else ThemeManager(application)


def current() -> Theme:
    """The theme that is shown now."""
    return manager().theme


def px(size: float) -> int:
    """A length or a type size in logical pixels at the chosen scale."""
    return round(size * manager().scale)


def body_font(scale: float) -> QFont:
    """The system's own interface font at 13 px."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(round(BODY_PX * scale))
    return font


def tabular(font: QFont) -> QFont:
    """The font with figures of one width, so that numbers that change do not jump."""
    changed = QFont(font)
    changed.setFeature(QFont.Tag("tnum"), 1)
    return changed


def apply_fitting(window: QWidget, choice: str, scale: float) -> bool:
    """Apply a theme with scaled type.

    Returns False where the window would no longer fit on its screen; the scale is then the
    largest one with which it does, and never below the normal one.
    """
    room = window.screen().availableSize() - QSize(0, TITLE_BAR_PX)
    layout = window.layout()
    assert layout is not None
    layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # it must not grow by trying
    fitting = scale
    while True:
        manager().apply(choice, fitting)
        _settle()
        needed = window.minimumSizeHint()
        if fitting <= 1 or needed.boundedTo(room) == needed:
            break
        fitting = max(1.0, fitting / SCALE_STEP)
    layout.setSizeConstraint(QLayout.SizeConstraint.SetDefaultConstraint)
    return fitting == scale


def _settle() -> None:
    """Have every layout know its new size; a view that arranges itself anew asks for another."""
    for _ in range(LAYOUT_ROUNDS):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.ground,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.ground,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Link: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.grid,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.border,
    }
    palette = QPalette()
    for key, colour in colours.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.disabled))
    palette.setColor(role.Accent, QColor(theme.accent))
    return palette


def _style_sheet(theme: Theme, scale: float) -> str:
    """The shipped style sheet with the theme's colours and the scaled sizes filled in."""
    template = Template((resources_folder() / "style.qss").read_text(encoding="utf-8"))
    sizes = {
        "axis": AXIS_PX,
        "body": BODY_PX,
        "headline": HEADLINE_PX,
        "control": CONTROL_PX,
        "field": FIELD_PX,
    }
    values = {name: str(round(size * scale)) for name, size in sizes.items()}
    values["icons"] = (resources_folder() / "style" / theme.name).as_posix()
    return template.substitute(asdict(theme) | values)
