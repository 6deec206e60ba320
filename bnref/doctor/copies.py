"""Batch norm in more than one place: averaged weights, ranks that do not talk."""

from __future__ import annotations

from bnref.doctor.finding import Finding
from bnref.doctor.observation import Averaged, Layer, Observation


def diagnose(observation: Observation) -> list[Finding]:
    """averaged_without_buffers, sync_without_group."""
    found = [_averaged(averaged) for averaged in observation.averaged if averaged.layers]
    if not observation.distributed:
        found += [_alone(layer) for layer in observation.layers if layer.is_sync]
    return found


def _averaged(averaged: Averaged) -> Finding:
    stale = averaged.steps > 0 and averaged.at_start > 0
    return Finding(
        severity="wrong" if stale else "risky",
        diagnosis="averaged_without_buffers",
        module=averaged.name,
        seen=f"AveragedModel(use_buffers=False) of {averaged.steps} models, with {averaged.layers} batch "
        f"norms, {averaged.at_start} of them with statistics of no batch",
        why="Averaged weights have other activations than any model that was averaged, and the "
        "statistics beside them stay those of the first copy.",
        link="https://github.com/huggingface/pytorch-image-models/issues/106",
        do="torch.optim.swa_utils.update_bn(loader, averaged) before evaluating, or use_buffers=True.",
    )


def _alone(layer: Layer) -> Finding:
    return Finding(
        severity="note",
        diagnosis="sync_without_group",
        module=layer.name,
        seen=f"{layer.kind}, and no process group is initialised in this process",
        why="Without a group it is silently plain batch norm, of this process alone.",
        link="https://docs.pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html",
        do="In the training script call torch.distributed.init_process_group before the first step.",
    )
