"""Batch norm that is frozen until somebody calls train()."""

from __future__ import annotations

from bnref.doctor.finding import Finding
from bnref.doctor.observation import Layer, Observation

LINK = "https://github.com/pytorch/pytorch/issues/66073"
DO = (
    "Freeze it where train() cannot undo it: a frozen batch norm (torchvision's FrozenBatchNorm2d, "
    "bnref.norms.frozen_batch_norm), or override train() of the model to call eval() on it."
)


def diagnose(observation: Observation) -> list[Finding]:
    """frozen_until_train: eval mode, or parameters without gradient, and statistics that moved."""
    found = []
    for layer in observation.layers:
        thawed = layer.tracks and layer.training and layer.moved and layer.change > 0
        if thawed and observation.built_training and not layer.built_training:
            found.append(_evaluating(layer))
        elif thawed and layer.parameters_frozen:
            found.append(_without_gradient(layer))
    return found


def _moved(layer: Layer) -> str:
    return f"one step moved running_mean by {layer.change:.2g} standard deviations"


def _evaluating(layer: Layer) -> Finding:
    return Finding(
        severity="wrong",
        diagnosis="frozen_until_train",
        module=layer.name,
        seen=f"in eval mode inside a training model; model.train() put it back, and {_moved(layer)}",
        why="Every training loop calls model.train(), which silently undoes eval() of a part.",
        link=LINK,
        do=DO,
    )


def _without_gradient(layer: Layer) -> Finding:
    return Finding(
        severity="risky",
        diagnosis="frozen_until_train",
        module=layer.name,
        seen=f"weight and bias have requires_grad=False, yet {_moved(layer)}",
        why="requires_grad=False freezes the parameters only; in training mode the statistics move on "
        "and the layer normalises by the batch.",
        link=LINK,
        do=DO,
    )
