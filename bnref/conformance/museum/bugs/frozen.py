"""Layers that should stand still, and steps that should count once."""

from __future__ import annotations

from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import bug

FROZEN = "frozen_statistics_stay_frozen_in_training"
ONCE = "recomputation_updates_the_statistics_once"


@bug(FROZEN)
class TrainingThaws(Layer):
    """A call of training mode undoes the freeze.

    https://github.com/pytorch/pytorch/issues/66073 https://github.com/pgniewko/gt-pyg/issues/112
    https://github.com/torch/nn/issues/873
    """

    def train(self, x: Array) -> Array:
        self.frozen = False
        return super().train(x)


@bug(FROZEN)
class EvaluationThaws(Layer):
    """Frozen at first, the layer trains on after the next evaluation.

    https://github.com/isht7/pytorch-deeplab-resnet/issues/39 https://github.com/lightly-ai/lightly/issues/1438
    """

    def evaluate(self, x: Array) -> Array:
        y = super().evaluate(x)
        self.frozen = False
        return y


@bug(FROZEN)
class FreezesTheParametersOnly(Layer):
    """Freezing switches gradients off, and the statistics go on moving.

    https://github.com/pytorch/pytorch/issues/86590 https://github.com/poppinace/indexnet_matting/issues/35
    """

    def freeze(self) -> None:
        pass


@bug(FROZEN)
class FrozenNormalisesByTheBatch(Layer):
    """Frozen statistics do not move, but training still normalises by the batch.

    https://github.com/pytorch/pytorch/issues/38084
    """

    def train(self, x: Array) -> Array:
        rows = self.rows(x)
        if not self.frozen:
            return super().train(x)
        return self.shaped(self.normalise(rows, *self.moments(rows), training=True), x.shape)


@bug(ONCE)
class RecomputationCountsTwice(Layer):
    """A checkpointed step weighs its batch into the statistics when it recomputes, too.

    https://github.com/pytorch/pytorch/issues/96136 https://github.com/facebookresearch/fairscale/issues/1035
    https://github.com/Tencent/YOLO-Master/issues/262
    """

    def checkpointed(self, x: Array, dy: Array) -> Gradients:
        self.train(x)
        return super().checkpointed(x, dy)


@bug(ONCE)
class RecomputationCountsTheBatchTwice(Layer):
    """The statistics are restored before a recomputation and the number of batches is not.

    https://github.com/pytorch/pytorch/issues/62471
    """

    def checkpointed(self, x: Array, dy: Array) -> Gradients:
        gradients = super().checkpointed(x, dy)
        self.arrays["batches"] += 1
        return gradients


@bug(ONCE)
class RecomputationEvaluates(Layer):
    """To spare the statistics the recomputation runs in evaluation mode, and the gradients are of that.

    https://github.com/gpleiss/efficient_densenet_pytorch/issues/73
    """

    def checkpointed(self, x: Array, dy: Array) -> Gradients:
        self.train(x)
        self.evaluate(x)
        return self.backward(dy)
