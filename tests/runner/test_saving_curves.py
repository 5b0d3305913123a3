"""Curves of run folders, asked for as the window asks."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.report import REPORT_RESULTS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import StudioError
from cifar_studio.runner.protocol import SaveCurvesRequest
from cifar_studio.runner.worker.requests import carry_out
from cifar_studio.runs.answers import FigureSaved
from cifar_studio.runs.folder.run_folder import RunFolder
from support import make_environment, make_row

SVG = "{http://www.w3.org/2000/svg}"


def make_run(parent: Path, day: int, config: TrainConfig, tops: tuple[float, ...]) -> str:
    folder = RunFolder(parent / f"202604{day:02d}_120000_{config.architecture}")
    folder.path.mkdir()
    folder.write_config(config)
    folder.write_environment(make_environment())
    for epoch, top1 in enumerate(tops, 1):
        folder.append_epoch(make_row(epoch, top1))
    return str(folder.path)


@pytest.fixture
def seeds(tmp_path: Path) -> list[str]:
    report = PRESETS["report-resnet18"].config
    tops = ((10.0, 20.0), (14.0, 24.0), (18.0, 34.0))
    return [
        make_run(tmp_path, seed + 1, msgspec.structs.replace(report, seed=seed, epochs=2), top)
        for seed, top in enumerate(tops)
    ]


def save(folders: list[str], to: Path, **wishes: object) -> ElementTree.Element:
    request = SaveCurvesRequest(id=1, folders=folders, path=str(to))
    (event,) = carry_out(msgspec.structs.replace(request, **wishes))
    assert event == FigureSaved(path=str(to))
    return ElementTree.parse(to).getroot()


def texts(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def test_that_runs_are_drawn_by_name(seeds: list[str], tmp_path: Path) -> None:
    words = texts(save(seeds, tmp_path / "figure.svg"))
    assert "3 runs" in words
    for seed in range(3):
        assert any(f"(demo, short, seed {seed})" in line for line in words)
    assert "cross-entropy, nats" in words
    assert "cross-entropy, nats" not in texts(
        save(seeds, tmp_path / "figure.svg", panels="accuracy")
    )


def test_that_seeds_are_drawn_as_their_mean_and_its_band(seeds: list[str], tmp_path: Path) -> None:
    words = texts(save(seeds, tmp_path / "figure.svg", by_seed=True))
    assert any(line.endswith("n = 3, seeds 0 to 2") for line in words)
    assert "Means over seeds; bands are one standard deviation." in words
    other = make_run(tmp_path, 9, TrainConfig(architecture="vgg11", epochs=2), (5.0, 6.0))
    words = texts(save([*seeds, other], tmp_path / "figure.svg", by_seed=True))
    assert "2 groups of seeds" in words


def test_that_the_band_has_the_height_of_two_deviations(seeds: list[str], tmp_path: Path) -> None:
    wishes = {"by_seed": True, "panels": "accuracy"}
    root = save(seeds, tmp_path / "figure.svg", **wishes)
    alone = save(seeds[:1], tmp_path / "alone.svg", **wishes)
    filled = {one: bands(one) for one in (root, alone)}
    assert filled[alone] == [], "a single seed has no spread"
    # Both ends of the top-1 band, in units of each other: 4 and 7.21 points.
    heights = [np.ptp(band[band[:, 0] == side, 1]) for band in filled[root] for side in ends(band)]
    wanted = np.std([20, 24, 34], ddof=1) / np.std([10, 14, 18], ddof=1)
    ratios = [heights[i + 1] / heights[i] for i in range(0, len(heights), 2)]
    assert any(abs(ratio - wanted) < 0.02 for ratio in ratios), ratios


def bands(root: ElementTree.Element) -> list[np.ndarray]:
    found = []
    for group in root.iter(f"{SVG}g"):
        if "FillBetween" in group.get("id", ""):
            for path in group.iter(f"{SVG}path"):
                words = path.get("d", "").split()
                points = [word for word in words if word not in ("M", "L", "z", "Z")]
                found.append(np.array(points, dtype=float).reshape(-1, 2))
    return found


def ends(band: np.ndarray) -> tuple[float, float]:
    return float(band[:, 0].min()), float(band[:, 0].max())


def test_that_the_report_stands_beside_one_of_its_networks(
    seeds: list[str], tmp_path: Path
) -> None:
    printed = f"{REPORT_RESULTS['report-resnet18'].max_test_top1:.2f}"
    words = texts(save(seeds, tmp_path / "figure.svg", report=True))
    assert any(printed in line for line in words)
    assert not any(printed in line for line in texts(save(seeds, tmp_path / "figure.svg")))
    other = make_run(tmp_path, 9, PRESETS["report-vgg11"].config, (5.0, 6.0))
    words = texts(save([*seeds, other], tmp_path / "figure.svg", report=True))
    assert not any(printed in line for line in words), "of two networks none can stand"


def test_that_what_cannot_be_drawn_says_what_to_do(seeds: list[str], tmp_path: Path) -> None:
    for folders, to in (
        ([], "figure.svg"),
        ([str(tmp_path / "none")], "figure.svg"),
        (seeds, "figure.doc"),
        (seeds, "none/figure.svg"),
    ):
        with pytest.raises(StudioError) as caught:
            save(folders, tmp_path / to)
        assert caught.value.remedy
        assert not (tmp_path / to).exists()
