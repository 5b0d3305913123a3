"""What a run runs on, for `environment.json`: versions, machine, pictures."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import numpy as np
import torch
import torchvision

import cifar_studio
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.subset import choose_for, normalization
from cifar_studio.engine.machine.device import list_devices
from cifar_studio.engine.machine.processor import operating_system, processor_name
from cifar_studio.runs.folder.environment import DataFacts, Environment, ResolvedSettings
from cifar_studio.runs.folder.run_folder import now


def describe(
    config: TrainConfig,
    dataset: Dataset,
    resolved: ResolvedSettings,
    command: Sequence[str],
) -> Environment:
    """Everything about machine and data that a run's results depend on.

    The mean and standard deviation are of the training pictures that are used, or 0.5 each.
    """
    titles = {device.name: device.title for device in list_devices()}
    return Environment(
        studio=cifar_studio.__version__,
        python=platform.python_version(),
        torch=str(torch.__version__),  # a class of its own, not text
        torchvision=str(torchvision.__version__),
        numpy=np.__version__,
        cuda=torch.version.cuda or "",
        operating_system=operating_system(),
        processor=processor_name(),
        device_name=titles.get(resolved.device, resolved.device),
        resolved=resolved,
        data=_data_facts(config, dataset),
        command=list(command),
        started=now(),
    )


def _data_facts(config: TrainConfig, dataset: Dataset) -> DataFacts:
    subset = choose_for(config, dataset)
    mean, std = normalization(config, dataset, subset)
    return DataFacts(
        name=dataset.name,
        digest=dataset.digest,
        source=dataset.source,
        train_pictures=len(subset.train),
        test_pictures=len(subset.test),
        validation_pictures=len(subset.validation),
        complete=subset.complete,
        mean=mean,
        std=std,
    )
