"""The probe: it measures real steps, takes the fastest, and keeps float32 unless it is beaten."""

from __future__ import annotations

import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.speed import fastest_format
from cifar_studio.engine.speed.fastest_format import candidates, choice_key, fastest
from cifar_studio.errors import BadInputError, TrainingError
from cifar_studio.runs.folder.environment import Choice

TINY = TrainConfig(architecture="mobilenet_v2", batch_size=2, device="cpu")
HAS_BFLOAT16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()


def test_that_the_answer_is_a_candidate_and_nothing_is_left_changed() -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    assert fastest(TINY) in candidates(TINY, resolve(TINY))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_that_a_precision_that_is_asked_for_is_the_only_one_tried() -> None:
    for precision in ("float32", "bfloat16"):
        config = replace(TINY, precision=precision)
        tried = candidates(config, resolve(config))
        assert {choice.precision for choice in tried} == {precision}
        assert {choice.memory_format for choice in tried} == {"channels_last", "contiguous"}


def test_that_auto_tries_half_precision_only_where_the_processor_has_it() -> None:
    tried = {choice.precision for choice in candidates(TINY, resolve(TINY))}
    assert tried == ({"float32", "bfloat16"} if HAS_BFLOAT16 else {"float32"})


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ((1.0, 2.0, 0.95, 3.0), ("channels_last", "float32")),  # not worth it
        ((1.0, 2.0, 0.5, 3.0), ("channels_last", "bfloat16")),
        ((2.0, 1.0, 0.95, 3.0), ("contiguous", "float32")),
        ((2.0, 1.0, 3.0, 0.4), ("contiguous", "bfloat16")),
    ],
)
def test_that_the_fastest_wins_and_float32_unless_it_is_clearly_beaten(
    seconds: tuple[float, ...], expected: tuple[str, str]
) -> None:
    orders = ("channels_last", "contiguous")
    choices = [Choice(order, kind) for kind in ("float32", "bfloat16") for order in orders]  # type: ignore[arg-type]
    best = fastest_format._best(dict(zip(choices, seconds, strict=True)))
    assert (best.memory_format, best.precision) == expected


def test_that_the_question_holds_what_the_answer_depends_on() -> None:
    asked = {
        choice_key(config)
        for config in (
            TINY,
            replace(TINY, architecture="resnet18"),
            replace(TINY, stem="cifar"),
            replace(TINY, batch_size=8),
            replace(TINY, precision="float32"),
            replace(TINY, specialize=False),
        )
    }
    assert len(asked) == 6
    assert choice_key(replace(TINY, seed=3, learning_rate=0.5)) == choice_key(TINY)


def test_that_a_candidate_that_fails_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    measure = fastest_format._seconds

    def without_channels_last(config, resolved, best_s):  # type: ignore[no-untyped-def]
        if resolved.memory_format == "channels_last":
            raise MemoryError
        return measure(config, resolved, best_s)

    monkeypatch.setattr(fastest_format, "_seconds", without_channels_last)
    assert fastest(TINY).memory_format == "contiguous"


def test_that_a_machine_on_which_nothing_runs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> float:
        raise MemoryError

    monkeypatch.setattr(fastest_format, "_seconds", fail)
    with pytest.raises(TrainingError, match=r"could be measured .*not enough memory"):
        fastest(TINY)
    with pytest.raises(BadInputError, match="cuda:99"):
        fastest(replace(TINY, device="cuda:99"))
