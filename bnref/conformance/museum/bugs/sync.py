"""Statistics over shards."""

from __future__ import annotations

import numpy as np

from bnref.conformance.museum.clean import Array, Layer
from bnref.conformance.museum.mutant import bug

JOINED, EMPTY = "shards_compute_as_the_joined_batch", "an_empty_shard_changes_nothing"


@bug(JOINED)
class ShardsWeighAlike(Layer):
    """The statistics are means of the shards', whatever their sizes.

    https://github.com/pytorch/pytorch/issues/22192
    """

    def joined(self, parts: list[Array]) -> tuple[Array, Array, int]:
        full = [part for part in parts if part.shape[1]]
        mean = np.mean([part.mean(1) for part in full], 0)
        var = np.mean([np.square(part - mean[:, None]).mean(1) for part in full], 0)
        return mean, var, sum(part.shape[1] for part in parts)


@bug(JOINED)
class VarianceWithinShardsOnly(Layer):
    """The variances of the shards are averaged: what lies between their means is lost.

    https://github.com/facebookresearch/mobile-vision/issues/66
    """

    def joined(self, parts: list[Array]) -> tuple[Array, Array, int]:
        mean, _, count = super().joined(parts)
        full = [part for part in parts if part.shape[1]]
        squares = sum(part.var(1) * part.shape[1] for part in full)
        return mean, np.asarray(squares / count), count


@bug(JOINED)
class BesselOfOneShard(Layer):
    """The running variance has Bessel's factor of one shard's count.

    https://github.com/pytorch/pytorch/issues/22192 https://github.com/NVIDIA/apex/issues/387
    """

    def joined(self, parts: list[Array]) -> tuple[Array, Array, int]:
        mean, var, _ = super().joined(parts)
        return mean, var, parts[0].shape[1]


@bug(JOINED)
class GradientSumsStayLocal(Layer):
    """The means in dx are those of each shard: the forward is synchronised, the backward is not.

    https://github.com/pytorch/pytorch/issues/62967 https://github.com/pytorch/pytorch/issues/124680
    """

    def reduced(
        self, dys: list[Array], xhats: list[Array], count: int
    ) -> tuple[list[Array], Array, Array]:
        _, dweight, dbias = super().reduced(dys, xhats, count)
        pairs = zip(dys, xhats, strict=True)
        dxs = [
            super(GradientSumsStayLocal, self).reduced([dy], [xhat], max(dy.shape[1], 1))[0][0]
            for dy, xhat in pairs
        ]
        return dxs, dweight, dbias


@bug(JOINED)
class GradientOfPermutedShard(Layer):
    """dx is computed for one memory order of the shard and returned in another.

    https://github.com/pytorch/pytorch/issues/64039
    """

    def reduced(
        self, dys: list[Array], xhats: list[Array], count: int
    ) -> tuple[list[Array], Array, Array]:
        dxs, dweight, dbias = super().reduced(dys, xhats, count)
        return [dx.T.reshape(dx.shape) for dx in dxs], dweight, dbias


@bug(EMPTY)
class EmptyShardGivesNan(Layer):
    """The mean of a shard without samples is 0 / 0, and weighing it by 0 does not help.

    https://github.com/pytorch/pytorch/issues/22192
    """

    def joined(self, parts: list[Array]) -> tuple[Array, Array, int]:
        count = sum(part.shape[1] for part in parts)
        mean = sum(part.sum(1) / np.float64(part.shape[1]) * part.shape[1] for part in parts)
        _, var, _ = super().joined(parts)
        return np.asarray(mean / count), var, count


@bug(EMPTY)
class EmptyShardCountsAsOne(Layer):
    """The count of a shard is at least 1, to spare a division by 0.

    https://github.com/pytorch/pytorch/issues/124680
    """

    def joined(self, parts: list[Array]) -> tuple[Array, Array, int]:
        mean, var, count = super().joined(parts)
        more = sum(max(part.shape[1], 1) for part in parts)
        return mean * (count / more), var * (count / more), more
