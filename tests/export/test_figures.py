"""Figures that leave the studio, opened by other hands."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from cifar_studio.data.names import names_of
from cifar_studio.errors import BadInputError
from cifar_studio.export.figures import calibration_figure, confusion_figure
from cifar_studio.export.figures.calibration_figure import save_calibration
from cifar_studio.export.figures.confusion_figure import save_confusion
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import Caption, Size
from cifar_studio.runs.analysis.calibration import calibrate
from cifar_studio.runs.analysis.confusion_cells import Cells, Level, cells_of
from long_forms import daily
from support import make_evaluation

NAMES = names_of("CIFAR-100")
ANSWERS = make_evaluation(3_000)
CALIBRATION = calibrate(ANSWERS.true, ANSWERS.predicted, ANSWERS.probabilities)
CAPTION = Caption("Müller's run, $a_b$ <&>", ("CIFAR-100 · epoch 7 · 3,000 test pictures",))
SMALL = Size(4.0, 3.75, 60)
Save = Callable[[Path], None]


def cells(level: Level = "superclasses", *, difference: bool = False) -> Cells:
    other = ANSWERS.confusion[::-1].copy() if difference else None
    return cells_of(ANSWERS.confusion, NAMES, level, other)


def save_matrix(path: Path) -> None:
    save_confusion(path, cells(), CAPTION, SMALL)


def save_classes(path: Path) -> None:
    save_confusion(path, cells("classes", difference=True), CAPTION, SMALL, percent=True)


def save_reliability(path: Path) -> None:
    save_calibration(path, CALIBRATION, CAPTION, SMALL)


FIGURES = [save_matrix, save_classes, save_reliability]


@pytest.mark.parametrize("save", FIGURES)
def test_that_a_png_has_the_pixels_that_were_asked_for_on_white(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "figure.PNG")
    with Image.open(tmp_path / "figure.PNG") as image:
        assert (image.format, image.size) == ("PNG", (240, 225))
        assert image.info["dpi"] == pytest.approx((60, 60), abs=0.1)
        pixels = np.asarray(image.convert("RGB"))
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all()


@pytest.mark.parametrize(("inches", "dpi"), [(7.2, 150), (3.3, 97), (8.123, 300)])
def test_that_odd_sizes_are_rounded_to_the_nearest_pixel(
    tmp_path: Path, inches: float, dpi: int
) -> None:
    save_calibration(tmp_path / "a.png", CALIBRATION, CAPTION, Size(inches, 3.0, dpi))
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (round(inches * dpi), 3 * dpi)


@pytest.mark.parametrize("save", FIGURES)
def test_that_an_svg_is_xml_whose_text_is_text(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "figure.svg")
    root = ElementTree.parse(tmp_path / "figure.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    texts = {text.text for text in root.iter(f"{space}text")}
    assert {CAPTION.title, *CAPTION.details} <= texts
    wanted = {"perfect", "wrong"} if save is save_reliability else {"true class", "vehicles 1"}
    assert wanted <= texts


@pytest.mark.parametrize(
    ("save", "suffix"),
    daily(
        ((save_matrix, "png"), (save_matrix, "svg"), (save_reliability, "pdf")),
        itertools.product(FIGURES, ("png", "svg", "pdf")),
    ),
)
def test_that_the_same_figure_has_the_same_bytes(tmp_path: Path, save: Save, suffix: str) -> None:
    one, two = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
    save(one)
    with matplotlib.rc_context():  # what a person set for other figures does not reach this one
        settings = {"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}
        matplotlib.rcParams.update(settings)  # type: ignore[arg-type]
        save(two)
        assert matplotlib.rcParams["font.size"] == 30
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")


@pytest.mark.parametrize(("percent", "logarithmic"), [(False, True), (True, False), (True, True)])
def test_that_each_cell_stands_in_its_own_figures(
    tmp_path: Path, percent: bool, logarithmic: bool
) -> None:
    shown = cells()
    save_confusion(tmp_path / "a.svg", shown, CAPTION, percent=percent, logarithmic=logarithmic)
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    places = itertools.product(range(20), repeat=2)
    wanted = [words for place in places if (words := shown.text(*place, percent))]
    start = next(i for i in range(len(texts)) if texts[i : i + len(wanted)] == wanted)
    assert start >= 0


def test_that_a_figure_of_half_the_size_is_the_same_figure(tmp_path: Path) -> None:
    space, sizes = "{http://www.w3.org/2000/svg}", []
    for part in (1.0, 0.4):
        save_confusion(tmp_path / "a.svg", cells(), CAPTION, Size(8.0 * part, 7.5 * part))
        texts = ElementTree.parse(tmp_path / "a.svg").getroot().iter(f"{space}text")
        found = [re.search(r"font[^;]*?([\d.]+)px", text.attrib["style"]) for text in texts]
        sizes.append([float(match[1]) for match in found if match])
    assert len(sizes[0]) > 300
    np.testing.assert_allclose(sizes[1], 0.4 * np.array(sizes[0]), rtol=1e-3)


def test_that_zero_is_white_and_each_run_of_two_has_the_same_colours(tmp_path: Path) -> None:
    confusion = np.zeros((100, 100), dtype=np.int64)
    confusion[3, 3] = 5
    few, many = (cells_of(n * confusion, NAMES, "classes") for n in (1, 10))
    for path, scaled_with in (("alone", None), ("beside", many)):
        save_confusion(tmp_path / f"{path}.png", few, CAPTION, SMALL, scaled_with=scaled_with)
    save_confusion(tmp_path / "zero.png", cells_of(0 * confusion, NAMES, "classes"), CAPTION, SMALL)
    darkest = {}
    for path in ("alone", "beside", "zero"):
        with Image.open(tmp_path / f"{path}.png") as image:
            # The matrix alone, without titles, frame and colour bar.
            darkest[path] = np.asarray(image.convert("L").crop((75, 30, 180, 140))).min()
    assert darkest["alone"] < darkest["beside"] < darkest["zero"]
    assert darkest["zero"] > 120  # the separators


SIZES = (Size(8, 7.5, 100), Size(3, 3, 300), Size(12, 5), Size(4, 9))
KINDS = ("superclasses", "classes", "difference", "calibration")


@pytest.mark.parametrize(
    ("size", "kind"),
    daily(tuple(zip(SIZES, KINDS, strict=True)), itertools.product(SIZES, KINDS)),
)
def test_that_no_text_is_cut_off_or_lies_on_another(tmp_path: Path, size: Size, kind: str) -> None:
    caption = Caption("W" * 300, ("m" * 300, CAPTION.details[0]))
    of_kind = calibration_figure if kind == "calibration" else confusion_figure
    with figure_file(tmp_path / "a.png", size, of_kind.DEFAULT_IN, caption) as page:
        if kind == "calibration":
            calibration_figure.draw_calibration(page, CALIBRATION)
        else:
            level: Level = "classes" if kind == "classes" else "superclasses"
            shown = cells(level, difference=kind == "difference")
            shading = confusion_figure.Shading.of(shown.values(False), True)
            confusion_figure.draw_confusion(page, shown, shading, False)
    canvas = page.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    renderer = canvas.get_renderer()
    texts = [text for text in page.figure.findobj(Text) if text.get_text() and text.get_visible()]
    words = [text.get_text() for text in texts]
    boxes_N4 = np.array([text.get_window_extent(renderer).extents for text in texts])
    low_N2, high_N2 = boxes_N4[:, :2], boxes_N4[:, 2:]
    assert len(words) > 20
    inside_N = ((low_N2 >= 0) & (high_N2 <= size.pixels)).all(axis=1)
    assert inside_N.all(), [words[n] for n in np.flatnonzero(~inside_N)]
    shared_NN = np.minimum(high_N2[:, None], high_N2) - np.maximum(low_N2[:, None], low_N2)
    # A box has room for a line's tallest letters, also where it has none.
    slack_N = 0.25 * (high_N2 - low_N2).min(axis=1)
    meet_NN = shared_NN.min(axis=2) > np.minimum(slack_N[:, None], slack_N)
    np.fill_diagonal(meet_NN, False)
    assert not meet_NN.any(), [(words[n], words[m]) for n, m in np.argwhere(meet_NN)]


def test_that_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"End its name in \.pdf, \.png or \.svg"):
        save_matrix(tmp_path / "figure.jpg")
    with pytest.raises(BadInputError, match="cannot be written"):
        save_matrix(tmp_path / "none" / "figure.png")
    (tmp_path / "figure.png").mkdir()
    with pytest.raises(BadInputError, match="cannot be written"):
        save_matrix(tmp_path / "figure.png")
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


@pytest.mark.parametrize(
    "sizes", [(2.9, 5, 100), (5, 41, 100), (float("nan"), 5, 100), (5, 5, 49), (40, 5, 300)]
)
def test_that_impossible_sizes_are_refused(sizes: tuple[float, float, int]) -> None:
    with pytest.raises(BadInputError):
        Size(*sizes)


def test_that_answers_without_any_picture_are_drawn_all_the_same(tmp_path: Path) -> None:
    none = calibrate(ANSWERS.true[:0], ANSWERS.predicted[:0], ANSWERS.probabilities[:0])
    save_calibration(tmp_path / "a.svg", none, CAPTION)
    assert "no answer to judge" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_that_figures_need_no_pyplot_and_tables_no_matplotlib() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, cifar_studio.export.tables.write_tables;"
            "print('matplotlib' in sys.modules);"
            "import cifar_studio.export.figures.confusion_figure;"
            "import cifar_studio.export.figures.calibration_figure;"
            "print(*(name in sys.modules for name in ('matplotlib.pyplot', 'torch')))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["False", "False", "False"]
