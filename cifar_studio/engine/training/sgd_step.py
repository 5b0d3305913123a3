"""One step of training: forward, loss, backward, SGD. Nothing here waits for the device.

All that a step changes stays where it is in memory, so a step can be recorded and played.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.networks.specialize import Folded, Rewrite
from cifar_studio.engine.training.cuda_graph import restored
from cifar_studio.runs.folder.environment import ResolvedSettings


def autocast(resolved: ResolvedSettings) -> AbstractContextManager[Any]:
    """Where forward passes run in the resolved precision; does nothing for float32.

    Without autocast's cache of weights: no weight is used twice in a pass, and a recorded step
    would go on to read the copies of the first one.
    """
    if resolved.precision == "float32":
        return nullcontext()
    device = torch.device(resolved.device).type
    return torch.autocast(device, getattr(torch, resolved.precision), cache_enabled=False)


class TrainingStep:
    """Updates a network by SGD as `torch.optim.SGD` defines it, on mean cross-entropy.

    Parameters
    ----------
    network : nn.Module
        On the device and in training mode.
    config : TrainConfig
        Learning rate, momentum, weight decay, nesterov.
    resolved : ResolvedSettings
        The device and the precision.
    rewrites : tuple of Rewrite
        How the network was specialised: some gradients are multiplied.

    Attributes
    ----------
    optimizer : torch.optim.SGD
        The fused form, which reads and writes every weight once: on two CPU cores 46 ms a step
        against 230 for vgg11. It rounds once where the plain form rounds twice, so the two
        agree to the last bit but one.
    scaler : torch.amp.GradScaler
        Scales the loss so that float16 gradients do not vanish; switched off in other precisions.
    updates : () int64 tensor on the device
        How many steps have changed the weights; one that overflows in float16 does not.
    """

    def __init__(
        self,
        network: nn.Module,
        config: TrainConfig,
        resolved: ResolvedSettings,
        rewrites: tuple[Rewrite, ...] = (),
    ) -> None:
        self._network = network
        self._config = config
        self._resolved = resolved
        self._device = torch.device(resolved.device)
        rate: float | Tensor = config.learning_rate
        if self._device.type == "cuda":  # a recorded step reads it anew each time
            rate = torch.tensor(rate, device=self._device)
        self.optimizer = torch.optim.SGD(
            network.parameters(),
            lr=rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            nesterov=config.nesterov,
            fused=True,
        )
        if config.momentum:
            # From zeros the first step is the same as from none; a recorded step needs them to
            # be there, and one that overflows would leave them without a value.
            for weight in network.parameters():
                self.optimizer.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
        for rewrite in rewrites:
            if isinstance(rewrite, Folded):
                weight = network.get_parameter(rewrite.weight)
                hook = _Multiplied(rewrite.copies)
                weight.register_post_accumulate_grad_hook(hook)  # type: ignore[no-untyped-call]
        self.scaler = torch.amp.GradScaler(
            self._device.type, enabled=resolved.precision == "float16"
        )
        self.scaler.scale(torch.zeros((), device=self._device))  # has it make its tensors
        self.updates = torch.zeros((), dtype=torch.int64, device=self._device)
        self.optimizer.register_step_post_hook(self._count)

    def __call__(
        self, images_BCHW: Tensor, labels_B: Tensor, targets_BK: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Train on one batch of normalised pictures.

        The loss is against `targets_BK`, the share of each class, where they are given.

        Returns
        -------
        loss, correct : scalar tensors on the device
            Mean cross-entropy before the update, and how many of the batch were right.
        """
        self.optimizer.zero_grad(set_to_none=True)
        with autocast(self._resolved):
            logits_BK = self._network(images_BCHW)
            wanted = labels_B if targets_BK is None else targets_BK
            loss = functional.cross_entropy(logits_BK, wanted)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.step(self.optimizer)
        self.scaler.update()
        correct = (logits_BK.detach().argmax(1) == labels_B).sum()
        return loss.detach(), correct

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Steps within leave no trace: weights, buffers, momenta, scaler, count, random states."""
        scaler = self.scaler.state_dict()
        random = random_states(self._device)
        try:
            with restored([*self._network.state_dict().values(), *self._momenta(), self.updates]):
                yield
        finally:
            if scaler:
                self.scaler.load_state_dict(scaler)
            set_random_states(random, self._device)

    def optimizer_state(self) -> dict[str, Any]:
        """SGD's state dict, its learning rate a plain number."""
        state = self.optimizer.state_dict()
        for group in state["param_groups"]:
            group["lr"] = float(self._config.learning_rate)
        return state

    def restore(
        self, momenta: Mapping[int, Tensor], scaler: Mapping[str, float | int], updates: int
    ) -> None:
        """Take over the momentum of each weight, by its place, the scaler's state and the count.

        All else of the optimizer is the config's: a checkpoint cannot change a learning rate.
        """
        if momenta:
            for number, momentum in enumerate(self._momenta()):
                momentum.copy_(momenta[number])
        if scaler:
            self.scaler.load_state_dict(dict(scaler))
        self.updates.fill_(updates)

    def _momenta(self) -> list[Tensor]:
        states = (self.optimizer.state[weight] for weight in self._network.parameters())
        return [state["momentum_buffer"] for state in states if "momentum_buffer" in state]

    def _count(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        overflowed: Tensor | None = getattr(optimizer, "found_inf", None)
        if overflowed is None:
            self.updates.add_(1)
        else:
            self.updates.add_((overflowed == 0).to(torch.int64).view(()))


class _Multiplied:
    """A hook that multiplies a weight's gradient once it is complete."""

    def __init__(self, factor: int) -> None:
        self._factor = factor

    def __call__(self, weight: Tensor) -> None:
        assert weight.grad is not None
        weight.grad.mul_(self._factor)


def random_states(device: torch.device) -> dict[str, Tensor]:
    """torch's random states: "cpu", and "device" where that has one of its own."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["device"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["device"] = torch.mps.get_rng_state()
    return states


def set_random_states(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Go back to what `random_states` gave; one of another kind of device is left out."""
    torch.set_rng_state(states["cpu"])
    if "device" not in states:
        return
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["device"], device)
    elif device.type == "mps":
        torch.mps.set_rng_state(states["device"])
