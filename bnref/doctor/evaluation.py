"""Whether the model evaluates as it trains."""

from __future__ import annotations

from bnref.doctor.finding import Finding
from bnref.doctor.observation import Layer, Observation

CALIBRATED = 0.05
LOADED = 0.5
SHIFT = 1.25


def diagnose(observation: Observation) -> list[Finding]:
    """evaluation_not_finite, train_eval_gap, dropout_before_batch_norm."""
    found = []
    if observation.evaluates:
        found.append(_not_finite(observation.evaluates))
    calibrated, loaded = observation.calibrated_gap, observation.loaded_gap
    if calibrated is not None and not calibrated < CALIBRATED:
        found.append(_calibrated(calibrated))
    elif loaded is not None and not loaded < LOADED:
        found.append(_loaded(loaded))
    shifted = [one for one in observation.layers if one.dropout_shift and one.dropout_shift > SHIFT]
    return [*found, *(_dropout(layer) for layer in shifted)]


def _not_finite(seen: str) -> Finding:
    return Finding(
        severity="wrong",
        diagnosis="evaluation_not_finite",
        module="",
        seen=seen,
        why="The running statistics do not fit the weights, or hold values that are no numbers.",
        link="https://github.com/pytorch/pytorch/issues/88474",
        do="Look at running_mean and running_var of each layer; estimate them anew: "
        "torch.optim.swa_utils.update_bn(loader, model).",
    )


def _calibrated(gap: float) -> Finding:
    return Finding(
        severity="risky",
        diagnosis="train_eval_gap",
        module="",
        seen=f"with mean and variance of this very batch, the output of evaluation differs from that of "
        f"training by {gap:.0%} of its size (only the batch norms were switched)",
        why="No training of the statistics can close this gap: a layer is called on different inputs, or "
        "evaluates by another formula than it trains by.",
        link="https://github.com/pytorch/pytorch/issues/5406",
        do="See the other findings; without any, compare the layer's two modes: bnref conform.",
    )


def _loaded(gap: float) -> Finding:
    return Finding(
        severity="risky",
        diagnosis="train_eval_gap",
        module="",
        seen=f"on your batch the output of evaluation differs from that of training by {gap:.0%} of its "
        "size (only the batch norms were switched); with the batch's own statistics it does not",
        why="The running statistics are not those of this data: too few steps, too slow a momentum, "
        "another preprocessing, or weights that moved on.",
        link="https://github.com/pytorch/pytorch/issues/5406",
        do="Estimate them anew: torch.optim.swa_utils.update_bn(loader, model).",
    )


def _dropout(layer: Layer) -> Finding:
    return Finding(
        severity="risky",
        diagnosis="dropout_before_batch_norm",
        module=layer.name,
        seen=f"dropout makes the variance of its input {layer.dropout_shift:.2f} times as large",
        why="The running variance is taken with dropout and used without: evaluation divides by too "
        "much (Li et al. 2018, variance shift).",
        link="https://arxiv.org/abs/1801.05134",
        do="Put dropout after the last batch norm, or lower its rate.",
    )
