"""Which fields the form has, in which groups, and what each tells a student."""

from __future__ import annotations

from cifar_studio.config.architectures import ARCHITECTURES
from cifar_studio.ui.setup.fields import ChoiceField, Field, FlagField, NumberField


def make_groups() -> dict[str, list[Field]]:
    """New fields by the title of their group, in the order in which they are shown."""
    return {
        "Network": _network_fields(),
        "Training": _training_fields(),
        "SGD": _sgd_fields(),
        "Data": _data_fields(),
        "Machine": _machine_fields(),
    }


def _network_fields() -> list[Field]:
    return [
        ChoiceField(
            "architecture",
            "Architecture",
            "The network that is trained, from scratch, as torchvision builds it.",
            {name: network.title for name, network in ARCHITECTURES.items()},
        ),
        ChoiceField(
            "stem",
            "First layers",
            "As published they shrink 224x224 pictures; for 32x32 pictures they keep detail, "
            "which is far more accurate and far slower.",
            {"imagenet": "as published", "cifar": "for 32x32"},
        ),
        NumberField(
            "dropout",
            "Dropout",
            "The share of values set to zero at random while training, from 0 to below 1; "
            "empty means the network's own standard.",
            integer=False,
            step=0.1,
            empty_text="standard",
        ),
        ChoiceField(
            "dropout_sites",
            "Dropout at",
            "Where dropout sits: before the last layer, or after each block of the network.",
            {"classifier": "classifier", "blocks": "each block"},
        ),
    ]


def _training_fields() -> list[Field]:
    return [
        NumberField(
            "epochs",
            "Epochs",
            "How many times the network sees every training picture, 1 to 100,000.",
            integer=True,
            step=1,
        ),
        NumberField(
            "batch_size",
            "Batch size",
            "Pictures in one step of learning, 2 to 4,096.",
            integer=True,
            step=16,
        ),
        NumberField(
            "seed",
            "Seed",
            "Start of the random numbers: the same seed and settings give the same run.",
            integer=True,
            step=1,
        ),
    ]


def _sgd_fields() -> list[Field]:
    return [
        NumberField(
            "learning_rate",
            "Learning rate",
            "How far one step goes, above 0 and at most 10; 0.01 to 0.1 is usual.",
            integer=False,
        ),
        NumberField(
            "momentum",
            "Momentum",
            "How much of the step before is kept, 0 to below 1; 0.9 is usual.",
            integer=False,
            step=0.1,
        ),
        NumberField(
            "weight_decay",
            "Weight decay",
            "Pull of every weight towards zero, 0 to 1; 0.0005 to 0.005 is usual.",
            integer=False,
        ),
        FlagField(
            "nesterov",
            "Nesterov",
            "Momentum that looks ahead; needs a momentum above 0.",
            "look ahead",
        ),
        ChoiceField(
            "schedule",
            "Schedule",
            "How the learning rate changes over the epochs.",
            {"constant": "constant"},
        ),
    ]


def _data_fields() -> list[Field]:
    return [
        ChoiceField(
            "data",
            "Pictures",
            "The pictures to learn from: CIFAR-100, or the built-in demo set drawn by code.",
            {"demo": "demo set (built in)"},
        ),
        NumberField(
            "train_per_class",
            "Training",
            "Training pictures of each of the 100 classes, 1 to 500.",
            integer=True,
            step=10,
        ),
        NumberField(
            "test_per_class",
            "Test",
            "Test pictures of each class, 1 to 100; fewer is quicker and less exact.",
            integer=True,
            step=10,
        ),
        NumberField(
            "validation_per_class",
            "Validation",
            "Training pictures of each class held back to choose the best epoch, 0 to 100.",
            integer=True,
            step=10,
        ),
        ChoiceField(
            "normalization",
            "Normalise by",
            "How pixels become numbers around zero: by the training pictures' own mean and "
            "standard deviation, or 0.5 for both.",
            {"dataset": "their mean and std", "half": "0.5 and 0.5"},
        ),
        FlagField(
            "random_crop",
            "Augment",
            "Shift each training picture by up to 4 pixels, anew in every epoch.",
            "random crop",
        ),
        FlagField(
            "horizontal_flip",
            "",
            "Mirror half of the training pictures, anew in every epoch.",
            "horizontal flip",
        ),
    ]


def _machine_fields() -> list[Field]:
    return [
        ChoiceField(
            "device",
            "Device",
            "What computes: auto takes an NVIDIA or Apple GPU where there is one, else the CPU.",
            {"auto": "auto", "cpu": "CPU"},
            takes_others=True,
        ),
        ChoiceField(
            "precision",
            "Precision",
            "Number format of the computation; float32 is the exact one. Auto measures at the "
            "first run which is faster here, and keeps the weights in float32.",
            {
                "auto": "auto",
                "float32": "float32",
                "bfloat16": "bfloat16",
                "float16": "float16 (GPU)",
            },
        ),
        FlagField(
            "deterministic",
            "Repeatable",
            "Ask for computations that give the same bits each time; slower on a GPU.",
            "deterministic",
        ),
        FlagField(
            "specialize",
            "Specialise",
            "Train only the weights that 32x32 pictures ever use: the same results up to "
            "rounding, in less time and memory. Exports hold all weights.",
            "for 32x32 pictures",
        ),
    ]
