"""`cifar-studio bench`: the table and the JSON tell the same, and bad words are told at once."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.cli.output.bench_console import to_object, to_table
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.speed.bench.results import LoaderSlices, NetworkResult, Slice, Variant
from cifar_studio.engine.speed.bench.rounds import Rounds
from cifar_studio.terminal import as_json
from cli_support import PATIENCE_S, assert_one_line, start, studio
from long_forms import daily
from support import make_environment

SHORT = (
    "bench",
    "--rounds=1",
    "--seconds=0.01",
    "--data=demo",
    "--set=epochs=1",
    "--set=train_per_class=4",
    "--set=test_per_class=1",
    "--set=batch_size=16",
)


def make_result() -> NetworkResult:
    def slices(pictures: int) -> tuple[Slice, ...]:
        return (Slice(pictures, 2.0), Slice(pictures, 1.0), Slice(pictures, 4.0))

    environment = make_environment("demo")
    resolved = replace(environment.resolved, precision="bfloat16", memory_format="channels_last")
    auto = Variant(
        asked="auto",
        environment=replace(environment, resolved=resolved),
        studio=slices(5000),
        limit=slices(6250),
        evaluation=slices(20000),
        first_step_s=0.75,
        peak_mib=321.0,
        state_mib=27.0,
        data_mib=179.0,
    )
    exact = replace(auto, asked="float32", environment=environment, studio=slices(2000))
    return NetworkResult(
        config=TrainConfig(architecture="mobilenet_v2"),
        loaders=(LoaderSlices(0, slices(500)), LoaderSlices(2, slices(1000))),
        plain_step=slices(1250),
        plain_peak_mib=400.0,
        plain_state_mib=28.0,
        variants=(auto, exact),
    )


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_that_the_table_has_a_row_for_each_precision() -> None:
    table = to_table([make_result()], Rounds(3, 4.0)).splitlines()
    assert "n = 3" in table[0]
    header, _, auto, exact = (cells(line) for line in table if line.startswith("|"))
    assert header == [
        "Network",
        "Precision, format",
        "Studio, pictures/s<sup>a</sup>",
        "s/epoch",
        "Plain, pictures/s<sup>b</sup>",
        "Studio/plain",
        "Studio/limit<sup>c</sup>",
        "Step/plain step",
        "Testing 10,000, s",
        "State, MiB<sup>d</sup>",
        "Peak, MiB",
        "Data, MiB",
        "First step, s",
    ]
    assert auto == [
        r"mobilenet\_v2",
        "auto = bfloat16, channels last",
        "2,500",
        "20",
        "500 (2 processes)",
        "5.00 (5.00–5.00)",
        "0.80 (0.80–0.80)",
        "5.00 (5.00–5.00)",
        "1 (5 %)",
        "27 / 28",
        "321 / 400",
        "179",
        "0.75",
    ]
    assert exact[1].startswith("float32")
    assert exact[5] == "2.00 (2.00–2.00)"


def test_that_the_json_has_what_the_table_prints() -> None:
    told = json.loads(as_json(to_object([make_result()], Rounds(3, 4.0))))
    assert told["rounds"] == 3
    (network,) = told["networks"]
    auto, exact = (variant["figures"] for variant in network["variants"])
    assert auto["studio_pictures_per_second"]["median"] == 2500
    assert auto["epoch_s"] == 20
    assert auto["plain_pictures_per_second"]["median"] == 500
    assert auto["plain_workers"] == 2
    assert auto["studio_to_plain"] == {"median": 5, "low": 5, "high": 5}
    assert auto["studio_to_limit"]["median"] == 0.8
    assert auto["step_to_plain_step"]["median"] == 5
    assert (auto["test_s"], auto["test_percent_of_epoch"]) == (1, 5)
    assert exact["studio_to_plain"]["median"] == 2
    measured = network["variants"][0]["measured"]
    assert (measured["state_mib"], measured["data_mib"]) == (27, 179)
    assert (measured["first_step_s"], measured["peak_mib"]) == (0.75, 321)
    assert (network["plain"]["state_mib"], network["plain"]["peak_mib"]) == (28, 400)
    assert measured["studio"][0] == {"pictures": 5000, "seconds": 2}
    assert [best["workers"] for best in network["plain"]["best"]] == [2, 2, 2]


def test_the_command(shared_cache: Path) -> None:
    done = studio(*SHORT, "mobilenet_v2", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["machine"].keys() >= {"device_name", "processor", "cores", "torch", "torchvision"}
    (network,) = told["networks"]
    assert network["architecture"] == "mobilenet_v2"
    assert network["config"]["batch_size"] == 16
    assert len(network["plain"]["loaders"]) == 3
    for variant in network["variants"]:
        assert len(variant["measured"]["studio"]) == 1
        assert variant["measured"]["environment"]["resolved"]["precision"] == "float32"
    assert "mobilenet_v2, round 1 of 1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals are others there")
@pytest.mark.parametrize("number", daily((signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM)))
def test_that_a_signal_to_it_and_its_processes_ends_it_in_one_line(
    shared_cache: Path, number: signal.Signals
) -> None:
    words = (*SHORT, "--rounds=1000", "mobilenet_v2")
    with start(*words, start_new_session=True) as process:
        assert process.stderr is not None
        assert "mobilenet_v2, round 1 of 1000\n" in iter(process.stderr.readline, "")
        os.killpg(process.pid, number)
        output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + number
    assert not output
    said = [line for line in errors.splitlines() if "round" not in line]
    assert said == ["Stopped; nothing is kept."]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("resnet19",), "there is no network resnet19"),
        (("resnet18", "--set", "batch_sise=4"), "batch_size"),
        (("--set", "architecture=vgg11"), "Name the networks by themselves"),
        (("--rounds", "0"), "rounds"),
        (("--data", "/nowhere/at/all"), "/nowhere/at/all"),
    ],
)
def test_that_bad_words_exit_with_2(words: tuple[str, ...], said: str) -> None:
    done = studio("bench", *words)
    assert done.returncode == 2
    assert not done.stdout
    assert_one_line(done, said)
