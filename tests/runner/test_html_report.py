"""The HTML report: a strict reader takes it, it needs nothing else, it tells what the run did."""

from __future__ import annotations

import base64
import dataclasses
import io
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from cifar_studio.config.learning_settings import LEARNING_SETTINGS
from cifar_studio.config.presets import PRESETS
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.export.report.html_report import html_of
from cifar_studio.export.report.methods import method_of
from cifar_studio.export.report.references import references_of
from cifar_studio.runner.exporting.export_runs import export_runs
from cifar_studio.runner.exporting.html_material import report_of
from cifar_studio.runner.protocol import ExportRequest
from cifar_studio.runs.answers import Exported
from cifar_studio.runs.folder.evaluation import load_evaluation
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import Notes, RunFolder

HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} \"><img src=x> \u202e & '"


def page_of(*runs: Run) -> ElementTree.Element:
    """Read as a browser reads it; a fault of the markup raises."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    page = parser.parse(html_of(report_of(runs, request_of(*runs))))
    assert isinstance(page, ElementTree.Element)
    return page


def request_of(*runs: Run) -> ExportRequest:
    folders = [str(run.path) for run in runs]
    return ExportRequest(id=1, folders=folders, to="", formats=["html"])


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def images(page: ElementTree.Element, kind: str) -> list[bytes]:
    start = f"data:image/{kind};base64,"
    sources = [image.get("src", "") for image in page.iter("img")]
    return [base64.b64decode(at.removeprefix(start)) for at in sources if at.startswith(start)]


def test_that_it_needs_nothing_else(run: RunFolder) -> None:
    page = page_of(load(run.path))
    assert all(image.get("src", "").startswith("data:") for image in page.iter("img"))
    assert all(image.get("alt") for image in page.iter("img"))
    for tag in ("script", "link", "iframe", "object", "embed", "form"):
        assert not list(page.iter(tag))
    style = "".join(words(style) for style in page.iter("style"))
    assert "url(" not in style
    assert "@import" not in style
    policy = [meta.get("content") for meta in page.iter("meta") if meta.get("http-equiv")]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert all(link.get("href", "").startswith(("https://", "#")) for link in page.iter("a"))


def test_that_its_drawings_and_pictures_are_the_runs(run: RunFolder) -> None:
    page = page_of(load(run.path))
    drawings = [ElementTree.fromstring(svg) for svg in images(page, "svg+xml")]
    assert len(drawings) == 3
    answers = load_evaluation(run.best_evaluation)
    pictures = load_dataset("demo").test.images_NCHW[answers.indices]
    shown = [np.asarray(Image.open(io.BytesIO(png))) for png in images(page, "png")]
    for place, image in enumerate(shown[:16]):
        assert np.array_equal(image, pictures[place].transpose(1, 2, 0))
    galleries = [list(gallery) for gallery in page.iter("ul") if gallery.get("class") == "gallery"]
    likely = answers.probabilities.max(axis=1)[answers.true != answers.predicted]
    most = [float(words(sample).split()[-2]) for sample in galleries[1]]
    assert most == [float(f"{100 * value:.0f}") for value in np.sort(likely)[::-1][:16]]


def test_that_its_tables_hold_the_runs_figures(run: RunFolder) -> None:
    page = page_of(load(run.path))
    text = words(page)
    rows = load(run.path).rows
    tables = {words(table[0]): table for table in page.iter("table") if table[0].tag == "caption"}
    epochs = [[words(cell) for cell in row] for row in tables["All epochs"].iter("tr")][1:]
    assert [row[0] for row in epochs] == [str(row.epoch) for row in rows]
    assert [row[4] for row in epochs] == [f"{row.test_loss:.4f}" for row in rows]
    assert len(list(tables["Scores of the classes"].iter("tr"))) == 101
    assert "not comparable: demo" in text
    assert run.read_environment().data.digest in text


def test_that_strangers_words_stay_words(run: RunFolder) -> None:
    run.write_notes(Notes(name=HOSTILE, notes=f"{HOSTILE}\n\nsecond"))
    page = page_of(load(run.path))
    assert not list(page.iter("script"))
    assert not [image for image in page.iter("img") if image.get("src") == "x"]
    said = HOSTILE.replace("\u202e", "\\u202e")
    headings = [words(heading) for heading in page.iter("h2")]
    assert said in headings
    paragraphs = [words(paragraph) for paragraph in page.iter("p")]
    assert said in paragraphs
    assert "second" in paragraphs


def test_that_what_is_missing_is_said(run: RunFolder) -> None:
    run.best_evaluation.unlink()
    run.path.joinpath("environment.json").unlink()
    page = page_of(load(run.path))
    gaps = [words(gap) for gap in page.iter("p") if gap.get("class") == "gap"]
    assert any("Without confusion, calibration and pictures" in gap for gap in gaps)
    assert len(images(page, "svg+xml")) == 1


def test_that_several_runs_are_one_file(run: RunFolder, tmp_path: Path) -> None:
    request = replace(request_of(load(run.path)), to=str(tmp_path), folders=[str(run.path)] * 2)
    *_, ended = export_runs(request)
    assert isinstance(ended, Exported)
    assert ended.files == ("report.html",)
    first = (tmp_path / "report.html").read_bytes()
    list(export_runs(request))
    assert (tmp_path / "report.html").read_bytes() == first
    page = html5lib.parse(first, namespaceHTMLElements=False)
    targets = {link.get("href") for link in page.iter("a") if link.get("href", "").startswith("#")}
    assert targets == {"#table-2", "#run-1", "#run-2", "#references"}
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {f"#{name}" for name in ids} >= targets


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dropout": 0.5}, "with dropout of rate 0.5 before the classifier."),
        ({"dropout": 0.3, "dropout_sites": "blocks"}, "of rate 0.3 after each block."),
        ({"architecture": "vgg11"}, "of rate 0.5 in both hidden layers of the classifier."),
        ({"architecture": "vgg11_bn"}, "VGG11-BN (VGG11 with batch normalisation, torchvision"),
        ({"architecture": "vgg11_bn"}, "of rate 0.5 in both hidden layers of the classifier."),
        ({"stem": "cifar"}, "first layers changed to keep the resolution of 32x32 pictures"),
        ({"normalization": "half"}, "normalised with mean and standard deviation 0.5."),
        ({"random_crop": False, "horizontal_flip": False}, "were not augmented."),
        ({"horizontal_flip": False}, "padding by four black pixels. Stochastic"),
        ({"nesterov": True}, "Nesterov momentum 0.9"),
        ({"epochs": 5}, "for 2 epochs of 5 planned in batches of 50"),
    ],
)
def test_the_method(run: RunFolder, changes: dict[str, object], sentence: str) -> None:
    loaded = load(run.path)
    plain = replace(loaded.config, architecture="resnet18")
    changed = Run(
        loaded.path,
        replace(plain, **changes),
        loaded.environment,
        loaded.status,
        loaded.rows,
        loaded.notes,
    )
    usual = Run(loaded.path, plain, loaded.environment, loaded.status, loaded.rows, loaded.notes)
    assert sentence in method_of(changed)
    assert sentence not in method_of(usual)
    assert "selected on the set that they are measured on" in method_of(changed)
    assert "demo set" in method_of(changed)
    titles = [reference.words for reference in references_of([changed, usual])]
    assert len(titles) == len(set(titles))
    assert any("Deep Residual Learning" in title for title in titles)


def test_that_vgg11_bn_rests_on_the_works_of_vgg_and_of_batch_normalisation(run: RunFolder) -> None:
    loaded = load(run.path)
    runs = [
        dataclasses.replace(loaded, config=replace(loaded.config, architecture=name))
        for name in ("vgg11_bn", "vgg11", "resnet18")
    ]
    vgg, batch_normalisation, resnet, *_ = (work.address for work in references_of(runs))
    assert vgg == "https://arxiv.org/abs/1409.1556"
    assert batch_normalisation == "https://arxiv.org/abs/1502.03167"
    assert resnet == "https://arxiv.org/abs/1512.03385"
    assert batch_normalisation not in [work.address for work in references_of(runs[1:])]


def test_that_the_settings_show_what_learns_otherwise_and_not_what_is_off(run: RunFolder) -> None:
    folder = load(run.path)

    def shown(config: TrainConfig) -> dict[str, tuple[str, str]]:
        (chapter,) = report_of(
            [dataclasses.replace(folder, config=config)], request_of(folder)
        ).chapters
        return {setting.name: (setting.value, setting.preset) for setting in chapter.settings}

    beyond = {setting.key.replace("_", " ") for setting in LEARNING_SETTINGS}
    usual = shown(PRESETS["report-resnet18"].config)
    assert len(usual) == len(SETTINGS) - len(LEARNING_SETTINGS)
    assert not beyond & usual.keys()
    stepped = replace(folder.config, schedule="multistep", milestones=(1,), cutout_size=9)
    assert beyond & shown(stepped).keys() == {"schedule", "milestones", "schedule factor"}
    fast = shown(replace(PRESETS["fast-resnet18"].config, cutout=0.0))
    # Off here, and on in the preset beside it.
    assert fast["cutout"] == ("0.0", "1.0")
    assert fast["final share"] == ("0.0", "")
    assert "mixing" not in fast
