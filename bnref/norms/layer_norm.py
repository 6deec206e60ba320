"""Layer Normalization of feature maps: one mean and variance per sample, over channels and space.

GroupNorm of one group. Not torch.nn.LayerNorm: that one has a weight and bias per value.

Source: Ba, Kiros & Hinton 2016, section 3; for feature maps Wu & He 2018, equation 4.
"""

from __future__ import annotations

from bnref.norms._norm import Norm
from bnref.norms.group_norm import GroupNorm


class LayerNorm(GroupNorm):
    """y = weight * (x - mean) / sqrt(var + eps) + bias over the m = C * space values of a sample.

    Input (N, C, ...), biased variance, weight and bias per channel; training and evaluation are the
    same, no momentum. Raises ValueError if the channels differ or a sample has one value only.
    """

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__(channels, groups=1, eps=eps, affine=affine)


NORM = Norm(
    name="layer_norm",
    build=LayerNorm,
    pools_over="channels and space, per sample",
    source="Ba, Kiros & Hinton 2016, section 3; Wu & He 2018, equation 4",
    conventions="biased variance; eps 1e-5 inside the square root; weight and bias per channel; "
    "no running statistics: training and evaluation are the same; statistics in float32 at least",
)
