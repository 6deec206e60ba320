"""How fast the statistics move: another framework's momentum, or not at all."""

from __future__ import annotations

from bnref.doctor.finding import Finding
from bnref.doctor.observation import Layer, Observation

LARGE = 0.5
TYPICAL_ELSEWHERE = (0.9, 0.95, 0.99, 0.997, 0.9997, 0.999, 0.9999)


def diagnose(observation: Observation) -> list[Finding]:
    """momentum_convention, statistics_stand_still."""
    found = []
    for layer in observation.layers:
        if _looks_foreign(layer):
            found.append(_foreign(layer))
        elif _stands_still(layer):
            found.append(_still(layer))
    return found


def _looks_foreign(layer: Layer) -> bool:
    """Both what the layer says and what it did; a layer with its own convention is not at fault."""
    if layer.momentum is None or layer.momentum < LARGE or not layer.tracks:
        return False
    return layer.is_torch if layer.weight is None else layer.weight >= LARGE


def _foreign(layer: Layer) -> Finding:
    assert layer.momentum is not None
    did = f": one batch took {layer.weight:.1%} of the statistics" if layer.weight else ""
    usual = any(abs(layer.momentum - value) < 1e-9 for value in TYPICAL_ELSEWHERE)
    instead = f"momentum={1 - layer.momentum:.4g}" if layer.momentum < 1 else "momentum=0.1"
    return Finding(
        severity="wrong" if usual else "risky",
        diagnosis="momentum_convention",
        module=layer.name,
        seen=f"momentum {layer.momentum:g}{did}",
        why="In torch momentum is the weight of the new batch, in Keras, TensorFlow, Flax and ONNX "
        "that of the old value: so evaluation uses little more than the last batch.",
        link="https://github.com/pytorch/vision/issues/8250",
        do=f"Write {instead}, if the number came from another framework or its paper.",
    )


def _stands_still(layer: Layer) -> bool:
    ran = layer.values is not None and layer.values > 1
    return (
        ran and layer.training and layer.tracks and not layer.moved and layer.momentum is not None
    )


def _still(layer: Layer) -> Finding:
    return Finding(
        severity="wrong",
        diagnosis="statistics_stand_still",
        module=layer.name,
        seen=f"a training step left running mean and variance as they were (momentum {layer.momentum:g})",
        why="Training normalises by the batch, evaluation by statistics that nothing ever moves.",
        link="https://github.com/pytorch/pytorch/issues/5406",
        do="Give momentum a value above 0, or update the buffers in the layer's training pass; "
        "to freeze on purpose, use a frozen batch norm (bnref.norms.frozen_batch_norm).",
    )
