"""The method of a run in sentences, and the works that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cifar_studio.config.architectures import architecture
from cifar_studio.config.settings import SETTINGS, setting_in_words
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import is_validated


@dataclass(frozen=True)
class Reference:
    """A work.

    Attributes
    ----------
    words : str
        Authors, title, place and year.
    address : str
        Where it is read; empty where there is none that lasts.
    """

    words: str
    address: str = ""


def method_of(run: Run) -> str:
    """One paragraph: network, pictures, augmentation, optimiser, precision, machine, choice."""
    config, environment = run.config, run.environment
    sentences = [
        _network(config, environment),
        _pictures(config, environment),
        _augmentation(config),
        _optimiser(run),
        _machine(environment) if environment is not None else "",
        _choice(run),
    ]
    return " ".join(filter(None, sentences))


def references_of(runs: Sequence[Run]) -> tuple[Reference, ...]:
    """What a text about these runs has to name, in the order of the methods paragraph."""
    return tuple(_REFERENCES[key] for key in dict.fromkeys(_keys(runs)))


def _network(config: TrainConfig, environment: Environment | None) -> str:
    title = architecture(config.architecture).title
    source = f"torchvision {environment.torchvision}" if environment else "torchvision"
    if config.architecture == "vgg11_bn":
        source = f"VGG11 with batch normalisation, {source}"
    words = f"{title} ({source}, 100 outputs) was trained from random weights"
    if config.stem == "cifar":
        words += ", with its first layers changed to keep the resolution of 32x32 pictures"
    if not config.dropout_rate:
        return f"{words}, without dropout."
    place = "after each block" if config.dropout_sites == "blocks" else "before the classifier"
    if config.dropout_sites == "classifier" and config.architecture in ("vgg11", "vgg11_bn"):
        place = "in both hidden layers of the classifier"
    return f"{words}, with dropout of rate {config.dropout_rate:g} {place}."


def _pictures(config: TrainConfig, environment: Environment | None) -> str:
    if environment is None:
        return "Which pictures it saw is not recorded."
    data = environment.data
    name = "the studio's demo set (drawn shapes, not photographs)" if data.is_demo else data.name
    validation = (
        f", {data.validation_pictures:,} for validation" if data.validation_pictures else ""
    )
    words = (
        f"It learned from {data.train_pictures:,} pictures of {name}{validation} and was tested on "
        f"{data.test_pictures:,}."
    )
    if config.normalization == "half":
        return f"{words} Each channel was normalised with mean and standard deviation 0.5."
    mean, std = (", ".join(f"{value:.3f}" for value in part) for part in (data.mean, data.std))
    return (
        f"{words} Channels were normalised with the training pictures' mean ({mean}) and standard "
        f"deviation ({std})."
    )


def _augmentation(config: TrainConfig) -> str:
    switches = [key for key, setting in SETTINGS.items() if setting.method]
    parts = [SETTINGS[key].method for key in switches if getattr(config, key)]
    if not parts:
        return "Training pictures were not augmented."
    return f"In each epoch the training pictures were {' and '.join(parts)}."


def _optimiser(run: Run) -> str:
    config = run.config
    momentum, weight_decay, seed = (
        setting_in_words(key, getattr(config, key)) for key in ("momentum", "weight_decay", "seed")
    )
    nesterov = "Nesterov " if config.nesterov else ""
    planned = "" if len(run.rows) == config.epochs else f" of {config.epochs} planned"
    epochs = "epoch" if len(run.rows) == 1 else "epochs"
    return (
        f"Stochastic gradient descent minimised the cross-entropy for {len(run.rows)} {epochs}"
        f"{planned} in batches of {config.batch_size}, with a {config.schedule} learning rate of "
        f"{config.learning_rate:g}, {nesterov}{momentum}, {weight_decay} and random {seed}."
    )


def _machine(environment: Environment) -> str:
    resolved = environment.resolved
    return (
        f"It was computed in {resolved.precision} on {environment.device_name} with PyTorch "
        f"{environment.torch}, by CIFAR Studio {environment.studio}."
    )


def _choice(run: Run) -> str:
    early = run.early_stop
    stopped = f" The run {early.words()}." if early is not None else ""
    if is_validated(run):
        return (
            "The best epoch is the one with the highest top-1 on validation pictures, which were "
            f"held back from training; the test pictures had no part in the choice.{_test(run)}"
            f"{stopped}"
        )
    return (
        "The best epoch is the one with the highest top-1 on the test pictures, so its figures are "
        "selected on the set that they are measured on."
    )


def _test(run: Run) -> str:
    """When the test pictures were looked at, where that was not after each epoch."""
    if run.config.test != "at_end":
        return ""
    if run.is_test_locked:
        return " These are locked until the run ends."
    return " These were looked at once, when the run had ended, with the network of that epoch."


def _keys(runs: Iterable[Run]) -> Iterator[str]:
    for run in runs:
        yield from _WORKS_OF.get(run.config.architecture, (run.config.architecture,))
    for run in runs:
        if run.config.dropout_rate:
            yield "dropout"
        if run.environment is None or not run.environment.data.is_demo:
            yield "cifar"
    yield from ("sgd", "calibration", "torch", "report")


_WORKS_OF = {"vgg11_bn": ("vgg11", "batch_normalisation")}
"""The works behind a network, by their keys, where it is not one of its own name."""

_REFERENCES = {
    "resnet18": Reference(
        "K. He, X. Zhang, S. Ren, J. Sun. Deep Residual Learning for Image Recognition. CVPR, "
        "2016.",
        "https://arxiv.org/abs/1512.03385",
    ),
    "mobilenet_v2": Reference(
        "M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen. MobileNetV2: Inverted Residuals "
        "and Linear Bottlenecks. CVPR, 2018.",
        "https://arxiv.org/abs/1801.04381",
    ),
    "vgg11": Reference(
        "K. Simonyan, A. Zisserman. Very Deep Convolutional Networks for Large-Scale Image "
        "Recognition. ICLR, 2015.",
        "https://arxiv.org/abs/1409.1556",
    ),
    "batch_normalisation": Reference(
        "S. Ioffe, C. Szegedy. Batch Normalization: Accelerating Deep Network Training by Reducing "
        "Internal Covariate Shift. ICML, 2015.",
        "https://arxiv.org/abs/1502.03167",
    ),
    "densenet161": Reference(
        "G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger. Densely Connected Convolutional "
        "Networks. CVPR, 2017.",
        "https://arxiv.org/abs/1608.06993",
    ),
    "dropout": Reference(
        "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov. Dropout: A "
        "Simple Way to Prevent Neural Networks from Overfitting. JMLR 15, 2014.",
        "https://jmlr.org/papers/v15/srivastava14a.html",
    ),
    "cifar": Reference(
        "A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. Technical report, "
        "University of Toronto, 2009.",
        "https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf",
    ),
    "sgd": Reference(
        "I. Sutskever, J. Martens, G. Dahl, G. Hinton. On the importance of initialization and "
        "momentum in deep learning. ICML, 2013.",
        "https://proceedings.mlr.press/v28/sutskever13.html",
    ),
    "calibration": Reference(
        "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger. On Calibration of Modern Neural Networks. "
        "ICML, 2017.",
        "https://arxiv.org/abs/1706.04599",
    ),
    "torch": Reference(
        "J. Ansel and others. PyTorch 2: Faster Machine Learning Through Dynamic Python Bytecode "
        "Transformation and Graph Compilation. ASPLOS, 2024.",
        "https://doi.org/10.1145/3620665.3640366",
    ),
    "report": Reference(
        "A. Kramer, S. Hussey. CIFAR100 Classification Models: ResNet18, MobileNetV2, VGG11, and "
        "DenseNet. DS5220 Supervised Machine Learning, Northeastern University, 2024."
    ),
}
