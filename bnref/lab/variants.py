"""Normalisers in another setting than their default, to be named by an arm: bnref.lab.variants:groups_4."""

from functools import partial

from bnref.norms.batch_renorm import BatchRenorm
from bnref.norms.ghost_batch_norm import GhostBatchNorm
from bnref.norms.group_norm import GroupNorm

groups_1 = partial(GroupNorm, groups=1)
groups_2 = partial(GroupNorm, groups=2)
groups_4 = partial(GroupNorm, groups=4)
groups_8 = partial(GroupNorm, groups=8)
groups_16 = partial(GroupNorm, groups=16)

ghosts_of_2 = partial(GhostBatchNorm, ghost=2)

renorm_of_wu_he = partial(BatchRenorm, r_max=1.5, d_max=0.5)
"""The caps that Wu & He 2018 (section 4.1) tuned for batch 4, fixed from the first step."""


def channels_per_group(size: int, channels: int) -> GroupNorm:
    """GroupNorm whose groups have `size` channels each, however many channels there are."""
    return GroupNorm(channels, channels // size)


per_group_1 = partial(channels_per_group, 1)
per_group_2 = partial(channels_per_group, 2)
per_group_4 = partial(channels_per_group, 4)
per_group_8 = partial(channels_per_group, 8)
per_group_16 = partial(channels_per_group, 16)
