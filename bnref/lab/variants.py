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

ghosts_of_4 = partial(GhostBatchNorm, ghost=4)

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
ghosts_of_8 = partial(GhostBatchNorm, ghost=8)

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


def noisy(channels: int, times: float = 1.0, affine: bool = True) -> NoisyBatchNorm:
    """NoisyBatchNorm with so many times the noise of algorithm 1 (Santurkar et al. 2018, A.2.1).

    Its generator stands in until an experiment gives each layer one of the cell's seed.
    """
    return NoisyBatchNorm(
        channels,
        torch.Generator().manual_seed(0),
        n_mean=0.5 * times,
        n_std=1 + 0.25 * times,
        r_mean=0.1 * times,
        r_std=0.1 * times,
        affine=affine,
    )


class IndependentNoise(NoisyBatchNorm):
    """Noise of the same law for each value as NoisyBatchNorm's, of which the batch shares no part.

    mu and sigma are drawn for each value, where algorithm 1 draws them for each unit.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, torch.Generator().manual_seed(0))

    def noise(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """One draw of s and m, of this shape, dtype and device."""
        mean, jitter = (2 * self.uniform(like.shape, like) - 1 for _ in range(2))
        sigma = 1 + self.uniform(like.shape, like) * (self.n_std - 1)
        normal = torch.randn(
            like.shape, generator=self.generator, dtype=like.dtype, device=self.generator.device
        )
        scale = sigma + normal.to(like.device) * self.r_std
        return scale, mean * self.n_mean + jitter * self.r_mean


class NoisyIdentity(nn.Module):
    """The noise of noisy batch norm without the batch norm; in evaluation y = x.

    y = s * x + m, drawn as NoisyBatchNorm draws it (Santurkar et al. 2018, section 2.1), `times` as
    large. With `relative` m counts in standard deviations of the unit over the batch, as behind a batch
    norm; they are not differentiated.
    """

    def __init__(self, channels: int, times: float = 1.0, relative: bool = False) -> None:
        super().__init__()
        # It has no parameters, so the layer before keeps its bias.
        self.source = noisy(channels, times, affine=False)
        self.relative = relative

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        scale, shift = self.source.noise(x)
        if self.relative:
            places = [axis for axis in range(x.dim()) if axis != 1]
            shift = shift * x.detach().std(places, correction=0, keepdim=True)
        return x * scale + shift


noise_x2, noise_x4, noise_x8 = (partial(noisy, times=times) for times in (2.0, 4.0, 8.0))
plain_noise_x2, plain_noise_x4, plain_noise_x8 = (
    partial(NoisyIdentity, times=times) for times in (2.0, 4.0, 8.0)
)
relative_noise = partial(NoisyIdentity, relative=True)
relative_noise_x2 = partial(NoisyIdentity, times=2.0, relative=True)
