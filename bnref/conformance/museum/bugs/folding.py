"""Convolution and batch norm in one, and statistics of padded batches."""

from __future__ import annotations

import numpy as np

from bnref.conformance.museum.clean import Array, Layer
from bnref.conformance.museum.mutant import bug

TRANSPOSED = "folding_into_a_transposed_convolution_keeps_the_output"
FOLD, MASK = "folding_keeps_the_output_of_evaluation", "padding_is_not_counted"


@bug(FOLD)
class FoldForgetsToScaleTheBias(Layer):
    """The bias of the convolution is added without being scaled; most convolutions there have none.

    https://github.com/Tencent/ncnn/issues/1339 https://github.com/ultralytics/yolov3/issues/807
    """

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, Array]:
        folded, shift = super().fold(kernel, 0 * bias)
        return folded, shift + bias


@bug(FOLD)
class FoldDropsTheBias(Layer):
    """The bias of the convolution is lost.

    https://github.com/traveller59/spconv/issues/634
    """

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, Array]:
        return super().fold(kernel, 0 * bias)


@bug(FOLD)
class FoldForgetsEps(Layer):
    """The fold divides by the running deviation alone, or by a default eps.

    https://github.com/pytorch/pytorch/issues/141116
    """

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, Array]:
        var = self.arrays["running_var"].copy()
        self.arrays["running_var"] -= self.arrays["running_var"].dtype.type(self.config.eps)
        folded = super().fold(kernel, bias)
        self.arrays["running_var"][...] = var
        return folded


@bug(FOLD)
class FoldLosesTheSign(Layer):
    """The fold takes weights below 0 by their magnitude.

    https://github.com/open-mmlab/mmcv/issues/747
    """

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, Array]:
        weight = self.arrays["weight"].copy()
        self.arrays["weight"][...] = np.abs(weight)
        folded = super().fold(kernel, bias)
        self.arrays["weight"][...] = weight
        return folded


@bug(FOLD)
class FoldScalesTheInputs(Layer):
    """A depthwise kernel is scaled along the wrong axis, by the first channel alone.

    https://github.com/open-mmlab/mmdetection/issues/2924
    """

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, Array]:
        folded, shift = super().fold(kernel, bias)
        if kernel.shape[1] == 1:
            scale = self.arrays["weight"] * self.rstd(self.arrays["running_var"])
            folded = kernel * scale[0]
        return folded, shift


@bug(MASK)
class PaddingIsCounted(Layer):
    """The statistics are of all positions, padding included.

    https://github.com/pytorch/pytorch/issues/25910 https://github.com/SeanNaren/deepspeech.pytorch/issues/312
    """

    def masked(self, x: Array, mask: Array) -> Array:
        return self.train(x)


@bug(MASK)
class PaddingCountsAsZero(Layer):
    """Padding is set to 0 first, and the sums divided by the number of all positions.

    https://github.com/tensorflow/tensorflow/issues/30161 https://github.com/pytorch/pytorch/issues/30414
    """

    def masked(self, x: Array, mask: Array) -> Array:
        return self.train(x * mask[:, None])


@bug(MASK)
class PaddingIsCountedInTheVariance(Layer):
    """The mean is of the true positions; the deviations from it are of all.

    https://github.com/pytorch/pytorch/issues/70529
    """

    def masked(self, x: Array, mask: Array) -> Array:
        rows, true = self.rows(x), mask.ravel()
        mean = rows[:, true].mean(1)
        var = np.square(rows - mean[:, None]).mean(1)
        self.move(mean, var, int(true.sum()))
        return self.shaped(self.normalise(rows, mean, var, training=True), x.shape)


@bug(MASK)
class PaddingMovesTheStatistics(Layer):
    """The output leaves padding out; the running statistics count it.

    https://github.com/Tomiinek/Multilingual_Text_to_Speech/issues/81
    """

    def masked(self, x: Array, mask: Array) -> Array:
        before = {name: value.copy() for name, value in self.arrays.items()}
        y = super().masked(x, mask)
        self.load(before)
        self.train(x)
        return y


@bug(TRANSPOSED)
class FoldTransposedScalesTheInputs(Layer):
    """A transposed kernel, whose inputs come first, is scaled as if its outputs did.

    https://github.com/pytorch/pytorch/issues/141116
    """

    def fold_transposed(self, kernel: Array, bias: Array, groups: int) -> tuple[Array, Array]:
        scale, shift = super().fold(np.ones(self.config.channels), bias)
        return kernel * np.resize(scale, len(kernel))[:, None, None], shift


@bug(TRANSPOSED)
class FoldTransposedForgetsTheGroups(Layer):
    """Every group of a transposed kernel is scaled by the channels of the first.

    https://github.com/open-mmlab/mmcv/issues/747
    """

    def fold_transposed(self, kernel: Array, bias: Array, groups: int) -> tuple[Array, Array]:
        scale, shift = super().fold(np.ones(self.config.channels), bias)
        return kernel * scale[: kernel.shape[1], None], shift


@bug("folding_before_a_convolution_keeps_the_output_or_is_refused")
class FoldsBeforePaddedZeros(Layer):
    """A layer before a convolution with padding is folded, and the border is wrong.

    https://github.com/open-mmlab/mmdetection/issues/2924 https://github.com/opencv/opencv/issues/28689
    """

    def fold_before(self, kernel: Array, bias: Array, padding: int) -> tuple[Array, Array]:
        return super().fold_before(kernel, bias, 0)


@bug("folding_before_a_convolution_keeps_the_output_or_is_refused")
class FoldBeforeForgetsTheShift(Layer):
    """Before a convolution the layer's scale is folded in and its shift is lost.

    https://github.com/traveller59/spconv/issues/634 https://github.com/Tencent/ncnn/issues/1339
    """

    def fold_before(self, kernel: Array, bias: Array, padding: int) -> tuple[Array, Array]:
        return super().fold_before(kernel, bias, padding)[0], bias


@bug("folding_without_statistics_is_refused")
class FoldsWithoutStatistics(Layer):
    """Without running statistics the fold takes 0 and 1.

    https://github.com/open-mmlab/mmcv/issues/747
    """

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, Array]:
        if not self.config.track:
            return kernel, bias
        return super().fold(kernel, bias)
