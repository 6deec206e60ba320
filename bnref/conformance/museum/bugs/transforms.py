"""What a compiler makes of the layer, and statistics for averaged weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bnref.conformance.museum.clean import Array, Layer
from bnref.conformance.museum.mutant import bug

COMPILED = "compiled_the_layer_computes_the_same"
RECALIBRATED = "recalibration_takes_the_statistics_of_the_batches"


@bug(COMPILED)
class CompiledInOnePass(Layer):
    """The compiler's decomposition takes the variance in one pass, which a nearly constant channel shows.

    https://github.com/pytorch/pytorch/issues/181696 https://github.com/pytorch/pytorch/issues/187444
    """

    compiled = False

    def compile(self) -> None:
        self.compiled = True

    def moments(self, rows: Array) -> tuple[Array, Array]:
        mean, var = super().moments(rows)
        square = np.square(rows).mean(1) - np.square(mean)
        return mean, np.maximum(square, 0) if self.compiled else var


@bug(COMPILED)
class CompiledWithMomentumOfTheFirstStep(Layer):
    """With momentum None the weight of the first batch is burnt into the graph.

    https://github.com/pytorch/pytorch/issues/194504
    """

    def compile(self) -> None:
        if self.config.momentum is None:
            self.config = replace(self.config, momentum=1.0)


@bug(COMPILED)
class CompiledWithTheDefaultEps(Layer):
    """The graph is rewritten with the default eps.

    https://github.com/pytorch/ao/issues/4758
    """

    def compile(self) -> None:
        self.config = replace(self.config, eps=1e-5)


@bug(RECALIBRATED)
class RecalibrationStartsFromTheOld(Layer):
    """The old statistics, of other weights, are averaged in.

    https://github.com/timgaripov/swa/issues/15 https://github.com/mosaicml/composer/issues/624
    """

    def reset(self) -> None:
        pass


@bug(RECALIBRATED)
class RecalibrationMovesAtMomentum(Layer):
    """The batches move the statistics at the momentum of training, so that the last weighs most.

    https://github.com/huggingface/pytorch-image-models/issues/224
    """

    def recalibrate(self, xs: list[Array]) -> None:
        self.reset()
        for x in xs:
            self.train(x)


@bug(RECALIBRATED)
class RecalibrationLeavesItsMomentum(Layer):
    """Afterwards the layer goes on averaging all batches.

    https://github.com/pytorch/ignite/issues/2592
    """

    def recalibrate(self, xs: list[Array]) -> None:
        super().recalibrate(xs)
        self.config = replace(self.config, momentum=None)


@bug(RECALIBRATED)
class AveragedWeightsKeepTheirStatistics(Layer):
    """Nothing is estimated again: averaged weights are evaluated on the statistics of others.

    https://github.com/CuriousAI/mean-teacher/issues/9 https://github.com/lucidrains/ema-pytorch/issues/29
    """

    def recalibrate(self, xs: list[Array]) -> None:
        pass
