"""Batch norm in evaluation is one scale and shift per channel: folded into the layer beside it.

    after the layer     W' = scale * W      b' = shift + scale * b       per output channel
    before the layer    W' = W * scale      b' = b + W shift             per input channel
                        scale = weight / sqrt(running_var + eps)      shift = bias - running_mean * scale

Source: Ioffe & Szegedy 2015, algorithm 2, step 11; Jacob et al. 2018, section 3.2.
"""

from __future__ import annotations

import copy
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from bnref.norms.batch_norm import BatchNorm
from bnref.norms.frozen_batch_norm import FrozenBatchNorm

Linear = (
    nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
    | nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
)  # fmt: skip
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
PLAIN = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@torch.no_grad()
def fold(first: nn.Module, second: nn.Module) -> nn.Module:
    """One new layer that computes second(first(x)) in evaluation: one of them a batch norm.

    The other is an nn.Linear (N, C), convolution or transposed convolution of any groups, with or
    without bias; the result is one of the same kind, dtype and device, always with a bias, and
    shares nothing with either. Computes in float64.

    Raises ValueError where it would compute something else: a batch norm in training mode or without
    running statistics, channels that differ, any layer between or instead (a non-linearity, a
    subclass, a parametrised weight), a batch norm *before* a layer that pads with zeros or is
    transposed, where the shift does not reach every output alike.
    """
    if _is_linear(first):
        return _after(first, second)
    if _is_linear(second):
        return _before(first, second)
    raise ValueError(
        f"cannot fold {_kind(first)} and {_kind(second)}: neither is a plain linear layer"
    )


def fold_sequential(net: nn.Sequential) -> nn.Sequential:
    """A copy of the net in which each batch norm is folded into its neighbour, if `fold` allows it.

    Into the layer before, else the layer after; what cannot be folded stays. Nested nets are not
    looked into. Raises ValueError if the net is in training mode.
    """
    if net.training:
        raise ValueError("cannot fold a net in training mode: call eval() first")
    done: list[nn.Module] = []
    for layer in copy.deepcopy(net):
        try:
            done[-1:] = [fold(done[-1], layer)]
        except (IndexError, ValueError):
            done.append(layer)
    return nn.Sequential(*done).eval()


def _after(layer: Linear, norm: nn.Module) -> nn.Module:
    scale, shift = _scale_and_shift(norm, layer)
    weight, bias = _wide(layer)
    grouped = _by_group(layer, weight)  # (groups, out / groups, in / groups, ...)
    groups = grouped.shape[0]
    if len(scale) != len(bias):
        raise ValueError(f"cannot fold: {_kind(layer)} of {len(bias)} outputs, then {_kind(norm)} "
                         f"of {len(scale)} channels")  # fmt: skip
    per_output = scale.view(groups, -1, *(1,) * (grouped.dim() - 2))
    return _with(layer, grouped * per_output, shift + scale * bias)


def _before(norm: nn.Module, layer: Linear) -> nn.Module:
    scale, shift = _scale_and_shift(norm, layer)
    if isinstance(layer, TRANSPOSED):
        raise ValueError(f"cannot fold {_kind(norm)} before {_kind(layer)}: near the border fewer "
                         "weights meet its shift")  # fmt: skip
    if not isinstance(layer, nn.Linear) and layer.padding_mode == "zeros" and _pads(layer):
        raise ValueError(f"cannot fold {_kind(norm)} before {_kind(layer)} with padding "
                         f"{layer.padding}: the padded zeros have no shift")  # fmt: skip
    weight, bias = _wide(layer)
    grouped = _by_group(layer, weight)
    groups, _, inputs = grouped.shape[:3]
    if len(scale) != groups * inputs:
        raise ValueError(f"cannot fold: {_kind(norm)} of {len(scale)} channels, then {_kind(layer)} "
                         f"of {groups * inputs} inputs")  # fmt: skip
    shape = (groups, 1, inputs, *(1,) * (grouped.dim() - 3))
    moved = (grouped * shift.view(shape)).flatten(2).sum(2).view(-1)
    return _with(layer, grouped * scale.view(shape), bias + moved)


def _scale_and_shift(norm: Any, layer: nn.Module) -> tuple[Tensor, Tensor]:
    """What the batch norm does in evaluation (C,), in float64."""
    home = type(norm).__module__  # a subclass from elsewhere may do anything in evaluation
    if not (home == nn.modules.batchnorm.__name__ or isinstance(norm, BatchNorm)):
        raise ValueError(f"cannot fold {_kind(norm)} into {_kind(layer)}: it is no batch norm")
    if norm.training and not isinstance(norm, FrozenBatchNorm):
        raise ValueError(f"cannot fold {_kind(norm)} in training mode: call eval() first")
    mean, var = norm.running_mean, norm.running_var
    if mean is None or var is None:
        raise ValueError(f"cannot fold {_kind(norm)} without running statistics")
    scale = (var.double() + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight.double()
    shift = -mean.double() * scale
    return scale, shift if norm.bias is None else shift + norm.bias.double()


def _by_group(layer: Linear, weight: Tensor) -> Tensor:
    """The weights as (groups, outputs of a group, inputs of a group, space...)."""
    groups = 1 if isinstance(layer, nn.Linear) else layer.groups
    grouped = weight.view(groups, -1, *weight.shape[1:])
    return grouped.transpose(1, 2) if isinstance(layer, TRANSPOSED) else grouped


def _with(layer: Linear, grouped: Tensor, bias: Tensor) -> nn.Module:
    """A copy of the layer with these weights, given by group, and this bias."""
    if isinstance(layer, TRANSPOSED):
        grouped = grouped.transpose(1, 2)
    like = layer.weight
    folded = copy.deepcopy(layer)
    folded.weight = nn.Parameter(grouped.reshape(like.shape).to(like.dtype))
    folded.bias = nn.Parameter(bias.to(like.dtype))
    return folded


def _wide(layer: Linear) -> tuple[Tensor, Tensor]:
    """Weight and bias in float64, the bias zero if there is none."""
    weight, bias = layer.weight.double(), layer.bias
    outputs = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
    return weight, weight.new_zeros(outputs) if bias is None else bias.double()


def _pads(layer: nn.Conv1d | nn.Conv2d | nn.Conv3d) -> bool:
    if isinstance(layer.padding, str):
        return layer.padding == "same" and any(size > 1 for size in layer.kernel_size)
    return any(layer.padding)


def _is_linear(module: nn.Module) -> TypeGuard[Linear]:
    """Exactly one of these: a subclass may do anything with its weights."""
    return type(module) in (*PLAIN, *TRANSPOSED)


def _kind(module: nn.Module) -> str:
    return type(module).__name__
