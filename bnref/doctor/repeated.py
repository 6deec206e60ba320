"""Statistics that move more than once per step: recomputation, several calls, several forwards."""

from __future__ import annotations

from bnref.doctor.finding import Finding
from bnref.doctor.observation import Layer, Observation

APART = 0.5


def diagnose(observation: Observation) -> list[Finding]:
    """checkpointed, called_more_than_once, two_forwards_before_backward."""
    found = []
    for layer in observation.layers:
        if layer.moved_in_backward:
            found.append(_checkpointed(layer))
        training = sum(call.training for call in layer.calls)
        if training > observation.forwards and layer.tracks and layer.moved:
            found.append(_shared(layer, training))
    if observation.forwards > 1 and observation.broadcast:
        found.append(_forwards(observation))
    return found


def _checkpointed(layer: Layer) -> Finding:
    weight = layer.momentum if layer.momentum is not None else layer.weight
    twice = f": momentum {weight:g} acts as {1 - (1 - weight) ** 2:.3g}" if weight else ""
    return Finding(
        severity="wrong",
        diagnosis="checkpointed",
        module=layer.name,
        seen=f"its statistics moved in the forward pass and again in the backward pass{twice}",
        why="Activation checkpointing runs the layer twice per step, and each run counts as a batch.",
        link="https://github.com/pytorch/pytorch/issues/96136",
        do="Leave batch norm outside the checkpointed function, or halve its share: momentum "
        "1 - sqrt(1 - momentum).",
    )


def _shared(layer: Layer, calls: int) -> Finding:
    apart = layer.apart if layer.apart is not None else 0.0
    return Finding(
        severity="risky" if apart >= APART else "note",
        diagnosis="called_more_than_once",
        module=layer.name,
        seen=f"{calls} training calls in one step, batch means {apart:.2g} standard deviations apart",
        why="Each call normalises by its own batch, but evaluation by one mixture of all; and if they "
        "are forwards of a model in DDP, its buffer broadcast between them makes backward raise.",
        link="https://github.com/pytorch/pytorch/issues/22095",
        do="Join the inputs into one call, or give each kind of input its own batch norm; with DDP "
        "also broadcast_buffers=False.",
    )


def _forwards(observation: Observation) -> Finding:
    return Finding(
        severity="risky",
        diagnosis="two_forwards_before_backward",
        module="",
        seen=f"{observation.forwards} forwards before one backward; with buffers written in place before "
        f"each, as DDP does, backward raised: {observation.broadcast}",
        why="Autograd kept the buffers of the first forward, and DDP overwrites them at the second.",
        link="https://github.com/pytorch/pytorch/issues/22095",
        do="DistributedDataParallel(model, broadcast_buffers=False), or one forward of the joined "
        "inputs. Without DDP there is nothing to do.",
    )
