"""One step of training: forward, loss, backward, SGD, averaging. Nothing waits for the device.

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
from cifar_studio.engine.networks.free_weight import FreeWeight
from cifar_studio.engine.networks.specialize import Folded, Rewrite
from cifar_studio.engine.training.cuda_graph import restored
from cifar_studio.engine.training.sharpness import WorstNearby
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
        Learning rate, momentum, weight decay and where it acts, nesterov, label smoothing, SAM,
        averaging.
    resolved : ResolvedSettings
        The device and the precision.
    rewrites : tuple of Rewrite
        How the network was specialised: some gradients are multiplied.
    averaged : nn.Module, optional
        The same network, which becomes the running average of its weights and buffers: each step
        of number n, from 1, takes a share of (1 - d) / (1 - d**n), where d is
        `config.weight_averaging`. All steps so far then count as their age has it, and nothing of
        the start is in it.

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
    free : FreeWeight
        What the weights without a gradient have come to.
    """

    def __init__(
        self,
        network: nn.Module,
        config: TrainConfig,
        resolved: ResolvedSettings,
        rewrites: tuple[Rewrite, ...] = (),
        averaged: nn.Module | None = None,
    ) -> None:
        self._network = network
        self._config = config
        self._resolved = resolved
        self._device = torch.device(resolved.device)
        rate: float | Tensor = config.learning_rate
        if self._device.type == "cuda":  # a recorded step reads it anew each time
            rate = torch.tensor(rate, device=self._device)
        self.optimizer = torch.optim.SGD(
            _parameter_groups(network, config),
            lr=rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            nesterov=config.nesterov,
            fused=True,
        )
        self._rate = config.learning_rate
        if config.momentum:
            # From zeros the first step is the same as from none; a recorded step needs them to
            # be there, and one that overflows would leave them without a value.
            for weight in network.parameters():
                self.optimizer.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
        folded = [rewrite for rewrite in rewrites if isinstance(rewrite, Folded)]
        for rewrite in folded:
            weight = network.get_parameter(rewrite.weight)
            hook = _Multiplied(rewrite.copies)
            weight.register_post_accumulate_grad_hook(hook)  # type: ignore[no-untyped-call]
        copies = {rewrite.weight: rewrite.copies for rewrite in folded}
        self._worst = WorstNearby(network, config.sam_rho, copies) if config.sam_rho else None
        self._averaged = averaged
        pairs = _pairs(averaged, network) if averaged is not None else []
        self._averages = [average for average, _ in pairs if average.is_floating_point()]
        self._living = [living for _, living in pairs if living.is_floating_point()]
        self._counts = [pair for pair in pairs if not pair[0].is_floating_point()]
        self._share = torch.ones((), device=self._device)
        self._is_rewritten = bool(rewrites)
        self.free = FreeWeight(config, self._device)
        self.scaler = torch.amp.GradScaler(
            self._device.type, enabled=resolved.precision == "float16"
        )
        self.scaler.scale(torch.zeros((), device=self._device))  # has it make its tensors
        self.updates = torch.zeros((), dtype=torch.int64, device=self._device)
        self.optimizer.register_step_post_hook(self._count)

    def prepare(self, rate: float, number: int) -> None:
        """Take the learning rate of the next step, which is number `number` of the run, from 1."""
        if rate != self._rate:
            self._rate = rate
            for group in self.optimizer.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate)
                else:
                    group["lr"] = rate
        if self._averaged is not None:
            kept = self._config.weight_averaging
            self._share.fill_((1 - kept) / (1 - kept**number))

    def __call__(
        self, images_BCHW: Tensor, labels_B: Tensor, targets_BK: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Train on one batch of normalised pictures.

        Parameters
        ----------
        images_BCHW : (B, 3, 32, 32) float tensor
        labels_B : (B,) int64 tensor
        targets_BK : (B, 100) float tensor, optional
            The shares of the classes where pictures are mixed; else the label alone is right.

        Returns
        -------
        loss, correct : scalar tensors on the device
            Mean cross-entropy before the update, and for how many of the batch the label was the
            first answer.
        """
        loss, correct = self._backward(images_BCHW, labels_B, targets_BK)
        if self._worst is not None:
            with self._worst.moved():
                self._backward(images_BCHW, labels_B, targets_BK)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self._averaged is not None:
            self._average()
        return loss, correct

    def _backward(
        self, images_BCHW: Tensor, labels_B: Tensor, targets_BK: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        self.optimizer.zero_grad(set_to_none=True)
        with autocast(self._resolved):
            logits_BK = self._network(images_BCHW)
            loss = functional.cross_entropy(
                logits_BK,
                labels_B if targets_BK is None else targets_BK,
                label_smoothing=self._config.label_smoothing,
            )
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        correct = (logits_BK.detach().argmax(1) == labels_B).sum()
        return loss.detach(), correct

    @torch.no_grad()
    def _average(self) -> None:
        torch._foreach_lerp_(self._averages, self._living, [self._share] * len(self._living))
        for average, living in self._counts:
            average.copy_(living)
        self.free.average(self._share)

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Steps within leave no trace: weights, buffers, momenta, scaler, count, random states."""
        scaler = self.scaler.state_dict()
        random = random_states(self._device)
        try:
            with restored(self._kept()):
                yield
        finally:
            if scaler:
                self.scaler.load_state_dict(scaler)
            set_random_states(random, self._device)

    def optimizer_state(self) -> dict[str, Any]:
        """SGD's state dict, its learning rate the config's, weights by their place in the network.

        The optimizer itself counts them group by group.
        """
        state = self.optimizer.state_dict()
        places = {id(weight): place for place, weight in enumerate(self._network.parameters())}
        groups = self.optimizer.param_groups
        place_of = {
            number: places[id(weight)]
            for group, stated in zip(groups, state["param_groups"], strict=True)
            for weight, number in zip(group["params"], stated["params"], strict=True)
        }
        for group in state["param_groups"]:
            group["lr"] = float(self._config.learning_rate)
            group["params"] = [place_of[number] for number in group["params"]]
        placed = {place_of[number]: values for number, values in state["state"].items()}
        return {**state, "state": dict(sorted(placed.items()))}

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

    def _kept(self) -> list[Tensor]:
        """All tensors that a step changes."""
        values = [*self._network.state_dict().values(), *self._momenta()]
        if self._averaged is not None:
            values += self._averaged.state_dict().values()
        return [*values, self.updates, self.free.values_3]

    def _count(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        overflowed: Tensor | None = getattr(optimizer, "found_inf", None)
        if overflowed is None:
            self.updates.add_(1)
        else:
            self.updates.add_((overflowed == 0).to(torch.int64).view(()))
        if self._is_rewritten:
            self.free.step(optimizer.param_groups[0]["lr"], overflowed)


def _pairs(one: nn.Module, other: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """The weights and buffers of two networks of one kind, side by side."""
    theirs = other.state_dict()
    return [(value, theirs[name]) for name, value in one.state_dict().items()]


def _parameter_groups(network: nn.Module, config: TrainConfig) -> list[dict[str, Any]]:
    """All weights; norms and biases, which have one dimension, apart where they do not decay."""
    if config.decay_on == "all":
        return [{"params": list(network.parameters())}]
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    vectors = [weight for weight in network.parameters() if weight.ndim <= 1]
    return [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]


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
