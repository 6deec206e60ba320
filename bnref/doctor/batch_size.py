"""How many values a channel has in this batch: one, few, or one sample away from one."""

from __future__ import annotations

from math import prod, sqrt

from bnref.doctor.finding import Finding
from bnref.doctor.observation import Layer, Observation

FEW_VALUES = 16
FEW_SAMPLES = 8


def diagnose(observation: Observation) -> list[Finding]:
    """one_value_per_channel, few_values_per_channel, gradient_accumulation, last_batch_of_one."""
    found = []
    for layer in observation.layers:
        if layer.values is None or not layer.training:
            continue
        if layer.values <= 1:
            found.append(_one(layer, observation.stopped))
        elif not (layer.moved or not layer.tracks):
            continue  # it does not normalise by the batch
        elif layer.values < FEW_VALUES:
            found.append(_few(layer))
        elif _samples(layer) < FEW_SAMPLES:
            found.append(_accumulation(layer))
        elif _space(layer) == 1:
            found.append(_last_batch(layer))
    return found


def _samples(layer: Layer) -> int:
    return min(call.shape[0] for call in layer.calls if call.training)


def _space(layer: Layer) -> int:
    return min(prod(call.shape[2:]) for call in layer.calls if call.training)


def _shape(layer: Layer) -> str:
    call = min((c for c in layer.calls if c.training), key=lambda c: c.values or 0)
    return "x".join(map(str, call.shape))


def _one(layer: Layer, stopped: str) -> Finding:
    then = f"; it raised: {stopped}" if stopped else "; it went on without a variance"
    return Finding(
        severity="wrong",
        diagnosis="one_value_per_channel",
        module=layer.name,
        seen=f"input {_shape(layer)}: {layer.values} value per channel{then}",
        why="One value has no variance: torch raises, other implementations return a constant or NaN.",
        link="https://github.com/pytorch/pytorch/issues/4534",
        do="Use two samples or more in every batch (DataLoader(drop_last=True) for the last one), or a "
        "norm that needs no batch here (GroupNorm, LayerNorm).",
    )


def _few(layer: Layer) -> Finding:
    assert layer.values is not None
    noise = sqrt(2 / (layer.values - 1))
    return Finding(
        severity="risky",
        diagnosis="few_values_per_channel",
        module=layer.name,
        seen=f"input {_shape(layer)}: {layer.values} values per channel, so the variance of a batch is "
        f"off by about {noise:.0%}; running_var is {layer.values / (layer.values - 1):.3g} times it",
        why="Training normalises by a noisy, biased variance, evaluation by an average of unbiased "
        "ones, and gradient accumulation does not help: the statistics stay those of a micro-batch.",
        link="https://github.com/pytorch/pytorch/issues/46516",
        do="Use larger batches per device, SyncBatchNorm over devices, or GroupNorm.",
    )


def _accumulation(layer: Layer) -> Finding:
    samples = _samples(layer)
    return Finding(
        severity="note",
        diagnosis="gradient_accumulation",
        module=layer.name,
        seen=f"{samples} samples per batch ({layer.values} values per channel)",
        why="If you accumulate gradients to make up for it: k batches are normalised one by one, and "
        "the statistics move k times per step, so it is not a batch k times as large.",
        link="https://github.com/pytorch/pytorch/issues/46516",
        do="When accumulating over k batches use momentum 1 - (1 - momentum) ** (1 / k), and expect "
        f"the noise of {samples} samples; GroupNorm and LayerNorm do accumulate exactly.",
    )


def _last_batch(layer: Layer) -> Finding:
    return Finding(
        severity="note",
        diagnosis="last_batch_of_one",
        module=layer.name,
        seen=f"input {_shape(layer)}: as many values per channel as samples",
        why="A last batch of one sample has one value per channel here, and training stops.",
        link="https://github.com/fastai/fastai/issues/1352",
        do="DataLoader(drop_last=True), unless the number of samples modulo the batch size is not 1.",
    )
