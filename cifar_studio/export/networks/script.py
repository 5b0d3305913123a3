"""A run as Python files that need torch and torchvision and not the studio.

`write_script`: the same training in plain PyTorch. The recipe is the same: pictures, network,
augmentation, SGD and all that goes beyond it, precision, what is measured and when. The random
numbers are not: torchvision draws its crops and shuffles in other ways.

`write_network_code`: the network that exported weights belong to. The text of both is in
`resources/templates`.
"""

from __future__ import annotations

import math
import re
import textwrap
from pathlib import Path
from typing import Any

from cifar_studio.config.architectures import architecture
from cifar_studio.data.names import names_of
from cifar_studio.errors import RunFolderError
from cifar_studio.export.templates import code
from cifar_studio.export.writing import suffix_of, write_export
from cifar_studio.plain_text import printable
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import is_last_by_rule, is_validated

COMPLETE = (500, 100)
PRECISIONS = ("float32", "bfloat16", "float16")
CIFAR100_MEAN, CIFAR100_STD = (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)
_MAX_NAME = 80
_WIDTH = 96


def write_script(path: Path, run: Run) -> None:
    """Write the training script of a run.

    Raises
    ------
    BadInputError
        The run's environment is missing or not usable, another suffix than .py, or the place cannot
        be written.
    """
    _write(path, script_of(run))


def write_network_code(path: Path, run: Run) -> None:
    """Write the file that builds a run's network and loads its weights; raises BadInputError."""
    _write(path, network_code_of(run))


def script_of(run: Run) -> str:
    """The training script: only what the run's settings need, formatted as ruff would."""
    environment, config = _environment_of(run), run.config
    is_part = (config.train_per_class, config.test_per_class) != COMPLETE
    precision = environment.resolved.precision
    if precision not in PRECISIONS:
        raise _bad_environment(run, "precision")
    return code(
        "script.py.jinja",
        **_common(run, environment),
        torch=_plain(environment.torch),
        torchvision=_plain(environment.torchvision),
        found="" if environment.data.is_demo else _found(run),
        is_demo=environment.data.is_demo,
        is_split=is_part or config.has_validation,
        precision=precision,
    )


def _found(run: Run) -> str:
    """What the run came to, as a sentence; empty where no epoch of it has ended."""
    best = run.best
    if best is None:
        return ""
    if best.test_top1 is None:
        return f"Its best validation accuracy was {best.val_top1:.2f} % at epoch {best.epoch}."
    what = f"{best.test_top1:.2f} % at epoch {best.epoch}"
    if is_validated(run):
        return f"Its test accuracy was {what}, which validation chose."
    if is_last_by_rule(run.config, run.rows):
        return f"Its test accuracy was {what}, the last one."
    return f"Its best test accuracy was {what}."


def network_code_of(run: Run) -> str:
    """The code of the network, with the normalisation and the names of the classes."""
    environment = _environment_of(run)
    names = " ".join(map(_plain, names_of(environment.data.name).class_names))
    values = _common(run, environment)
    data = environment.data
    values["mean"], values["std"] = _channels(data.mean, run), _channels(data.std, run)
    return code("network.py.jinja", **values, classes=textwrap.fill(names, _WIDTH))


def _common(run: Run, environment: Environment) -> dict[str, Any]:
    config, data = run.config, environment.data
    network = architecture(config.architecture)
    is_in_classifier = config.dropout_sites == "classifier"
    in_classifier = config.dropout_rate if is_in_classifier else 0.0
    in_blocks = 0.0 if is_in_classifier else config.dropout_rate
    mean, std = _channels(data.mean, run), _channels(data.std, run)
    if data.is_demo and config.normalization == "dataset":
        # The demo set's own numbers are none of CIFAR-100's.
        mean, std = CIFAR100_MEAN, CIFAR100_STD
    return {
        "config": config,
        "title": network.title,
        "run": _plain(run.path.name),
        "in_classifier": in_classifier,
        "in_blocks": in_blocks,
        "mean": mean,
        "std": std,
        "drops_by_hook": _drops_by_hook(config.architecture, in_classifier, in_blocks),
    }


def _drops_by_hook(name: str, in_classifier: float, in_blocks: float) -> bool:
    """Whether torchvision's own constructor has no place for this dropout."""
    return (name in ("resnet18", "densenet161") and in_classifier > 0) or (
        name in ("resnet18", "mobilenet_v2") and in_blocks > 0
    )


def _environment_of(run: Run) -> Environment:
    if run.environment is None:
        raise RunFolderError(
            f"{printable(run.path.name)} has no environment.json", "Resume the run, which writes it"
        )
    return run.environment


def _channels(values: list[float], run: Run) -> tuple[float, ...]:
    """Three numbers that may stand in a program."""
    if len(values) != 3 or not all(map(math.isfinite, values)):
        raise _bad_environment(run, "mean or standard deviation")
    return tuple(values)


def _bad_environment(run: Run, what: str) -> RunFolderError:
    return RunFolderError(
        f"the environment.json of {printable(run.path.name)} has no {what} that can be used",
        "Mend the run folder",
    )


def _plain(text: str) -> str:
    """Text that cannot end a docstring: a run may be a stranger's."""
    return re.sub(r"[^\w .,:+-]", "_", text)[:_MAX_NAME]


def _write(path: Path, text: str) -> None:
    suffix_of(path, (".py",))
    write_export(path, lambda file: file.write(text.encode()))
