"""Normalisers in another setting than their default, as arms name them: bnref.lab.variants:groups_4."""

import math
from functools import partial

import torch
from torch import Tensor, nn

from bnref.norms.batch_renorm import BatchRenorm
from bnref.norms.ghost_batch_norm import GhostBatchNorm
from bnref.norms.group_norm import GroupNorm
from bnref.norms.lp_batch_norm import LpBatchNorm
from bnref.norms.noisy_batch_norm import NoisyBatchNorm

groups_1 = partial(GroupNorm, groups=1)
groups_2 = partial(GroupNorm, groups=2)
groups_4 = partial(GroupNorm, groups=4)
groups_8 = partial(GroupNorm, groups=8)
groups_16 = partial(GroupNorm, groups=16)
groups_32 = partial(GroupNorm, groups=32)
groups_64 = partial(GroupNorm, groups=64)


def pairs(channels: int) -> GroupNorm:
    """Groups of two channels each, however many there are."""
    return GroupNorm(channels, groups=channels // 2)


ghosts_of_2 = partial(GhostBatchNorm, ghost=2)

renorm_of_wu_he = partial(BatchRenorm, r_max=1.5, d_max=0.5)
"""The caps that Wu & He 2018 (section 4.1) tuned for batch 4, fixed from the first step."""


def l1_batch_norm(channels: int) -> LpBatchNorm:
    """Divides by E|x| of values that are not centred (Santurkar et al. 2018, section 3.3)."""
    return LpBatchNorm(channels, p=1)


def l2_batch_norm(channels: int) -> LpBatchNorm:
    """Divides by the root of E x^2 of values that are not centred."""
    return LpBatchNorm(channels, p=2)


def linf_batch_norm(channels: int) -> LpBatchNorm:
    """Divides by max|x| of values that are not centred."""
    return LpBatchNorm(channels, p=math.inf)


class NoisyIdentity(nn.Module):
    """The noise of noisy batch norm without the batch norm; in evaluation y = x.

    y = s * x + m, drawn as NoisyBatchNorm draws it (Santurkar et al. 2018, section 2.1).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.source = noise_of(channels)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        scale, shift = self.source.noise(x)
        return x * scale + shift


def noise_of(channels: int) -> NoisyBatchNorm:
    """A layer asked only for its noise: it has no parameters, so the layer before keeps its bias."""
    return NoisyBatchNorm(channels, torch.Generator().manual_seed(0), affine=False)
