"""The running statistics themselves: saved, filled, finite, wide enough, kept in place."""

from __future__ import annotations

from bnref.doctor.finding import Finding
from bnref.doctor.observation import Layer, Observation

HALF_ULP = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
STUCK = 0.1


def diagnose(observation: Observation) -> list[Finding]:
    """Of each layer: what is wrong with its buffers, and what is not there."""
    others_trained = any(layer.tracks and not layer.at_start for layer in observation.layers)
    found = []
    for layer in observation.layers:
        if not layer.tracks:
            found.append(_untracked(layer))
            continue
        found += [
            *([_unsaved(layer)] if layer.missing else []),
            *_filled(layer, others_trained),
            *([_half(layer)] if layer.dtype in HALF_ULP else []),
            *_numbers(layer),
            *([_replaced(layer)] if layer.replaced else []),
        ]
        if not layer.calls and not observation.stopped:
            found.append(_unused(layer))
    return found


def _unsaved(layer: Layer) -> Finding:
    return Finding(
        severity="wrong",
        diagnosis="statistics_not_saved",
        module=layer.name,
        seen=f"not in the state dict: {', '.join(layer.missing)} ({layer.why_missing})",
        why="A model that is saved and loaded evaluates with statistics of no batch, or of another run.",
        link="https://github.com/d2l-ai/d2l-zh/pull/1265",
        do="register_buffer(name, tensor), persistent, in __init__, and update it in place.",
    )


def _filled(layer: Layer, others_trained: bool) -> list[Finding]:
    """Statistics of no batch in a model that has been trained."""
    if not layer.at_start:
        return []
    frozen = bool(layer.calls) and layer.training and not layer.moved and layer.momentum is None
    tracked = layer.batches_tracked or 0
    if tracked:
        evidence, wrong = f"num_batches_tracked is {tracked}", True
    elif layer.trained:
        evidence, wrong = layer.trained, True
    elif others_trained:
        evidence, wrong = "other layers have statistics of batches", False
    elif frozen:
        evidence, wrong = "the layer is frozen, so that nothing will ever move them", False
    else:
        return []
    return [
        Finding(
            severity="wrong" if wrong else "risky",
            diagnosis="statistics_at_start",
            module=layer.name,
            seen=f"running_mean is 0 and running_var 1 in every channel, but {evidence}",
            why="Weights loaded without their statistics evaluate as if no batch had been seen: good in "
            "training mode, useless after eval().",
            link="https://github.com/torch/nn/issues/1165",
            do="Load with strict=True and look at the missing keys; else estimate them anew: "
            "torch.optim.swa_utils.update_bn(loader, model).",
        )
    ]


def _half(layer: Layer) -> Finding:
    weight = layer.momentum or layer.weight or 0.1
    stuck = HALF_ULP[layer.dtype] / weight
    return Finding(
        severity="wrong" if stuck >= STUCK else "risky",
        diagnosis="half_precision_statistics",
        module=layer.name,
        seen=f"running statistics in {layer.dtype}: with momentum {weight:g} they stop where the batches "
        f"are within {stuck:.1%} of them" + _largest(layer.dtype),
        why="A moving average in half precision rounds small updates away.",
        link="https://github.com/NVIDIA/Model-Optimizer/issues/738",
        do="Keep batch norm in float32: use autocast instead of model.half(), or call .float() on "
        "these layers after it.",
    )


def _largest(dtype: str) -> str:
    return ", and a variance above 65504 is infinite" if dtype == "float16" else ""


def _numbers(layer: Layer) -> list[Finding]:
    if not layer.finite:
        seen = "running statistics with NaN or infinity, before any step"
    elif layer.least_variance is not None and layer.least_variance < 0:
        seen = f"a running variance of {layer.least_variance:.3g}"
    elif not layer.finite_after and all(call.finite for call in layer.calls):
        seen = "one step on finite input left NaN or infinity in the running statistics"
    else:
        return []
    return [
        Finding(
            severity="wrong",
            diagnosis="statistics_poisoned",
            module=layer.name,
            seen=seen,
            why="One bad batch stays in a moving average for ever, while training, which does not use "
            "it, looks healthy; GradScaler skips the optimiser's step but not this one.",
            link="https://github.com/pytorch/pytorch/issues/88474",
            do="Reset the statistics, find the batch (torch.isfinite on the layer's input), and "
            "estimate them anew: torch.optim.swa_utils.update_bn(loader, model).",
        )
    ]


def _replaced(layer: Layer) -> Finding:
    return Finding(
        severity="risky",
        diagnosis="statistics_replaced",
        module=layer.name,
        seen="the step put new tensors in the place of its buffers",
        why="Who holds the old tensors does not see it: DDP goes on to synchronise those, CUDA graphs "
        "and shared state dicts keep them.",
        link="https://github.com/pytorch/pytorch/issues/63916",
        do="Update in place: running_mean.mul_(1 - momentum).add_(mean, alpha=momentum).",
    )


def _untracked(layer: Layer) -> Finding:
    return Finding(
        severity="note",
        diagnosis="no_running_statistics",
        module=layer.name,
        seen="no running statistics (track_running_stats=False)",
        why="Evaluation normalises by its own batch: a prediction depends on the samples beside it, and "
        "one value per channel is an error.",
        link="https://github.com/pytorch/pytorch/issues/38084",
        do="Nothing if meant so; else track_running_stats=True.",
    )


def _unused(layer: Layer) -> Finding:
    return Finding(
        severity="note",
        diagnosis="not_called",
        module=layer.name,
        seen="not called in this step",
        why="Its statistics do not move, and nothing else was observed of it.",
        link="https://docs.pytorch.org/docs/stable/notes/ddp.html",
        do="Nothing if another branch uses it; else remove it.",
    )
