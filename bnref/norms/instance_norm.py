"""Instance Normalization: one mean and one variance per sample and channel, over space.

GroupNorm of as many groups as channels.

Source: Ulyanov, Vedaldi & Lempitsky 2016, section 2; Wu & He 2018, equation 5.
"""

from __future__ import annotations

from bnref.norms._norm import Norm
from bnref.norms.group_norm import GroupNorm


class InstanceNorm(GroupNorm):
    """y = weight * (x - mean) / sqrt(var + eps) + bias over the m = space values of an instance.

    Input (N, C, space...), biased variance, weight and bias per channel unless `affine=False`;
    training and evaluation are the same, no momentum (torch.nn.InstanceNorm*d has no weight by
    default and may track statistics; this one never does).
    Raises ValueError if the channels differ or an instance has one value only, as in (N, C).
    """

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__(channels, groups=channels, eps=eps, affine=affine)


NORM = Norm(
    name="instance_norm",
    build=InstanceNorm,
    pools_over="space, per sample and channel",
    source="Ulyanov, Vedaldi & Lempitsky 2016, section 2; Wu & He 2018, equation 5",
    conventions="biased variance; eps 1e-5 inside the square root; weight and bias per channel; "
    "no running statistics: training and evaluation are the same; statistics in float32 at least",
)
