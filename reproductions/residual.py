"""Test beds of residual networks that are trained at many rates (De & Smith 2020, sections 3 and 4).

Sizes and rates of scale small were chosen on pilot seeds 50-54.
"""

import math
import statistics
from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.claim import Arm, Row, Rows, Setting, grid
from reproductions.paper_beds import SHORT_WIDE_RESNET_CIFAR10, WIDE_RESNET_CIFAR10, Bed
from reproductions.residual_start import slope

DEPTHS = (4, 16, 64)

RATES = {
    "batch_norm-depth4": -3,
    "batch_norm-depth64": -2,
    "skip_init_0-depth64": -3,
    "skip_init_root-depth64": -4,
    "skip_init_1-depth4": -2,
    "skip_init_1-depth64": -10,
    "over_root_two-depth64": -6,
    "merged_batch_norm-depth64": 1,
    "final_batch_norm-depth64": -3,
    "batch_norm-b16": -3,
    "skip_init_0-b16": -3,
    "batch_norm-b512": -1,
    "skip_init_0-b512": -1,
    "neither": -10,
    "zero": -4,
    "rescaled": -6,
    "both": -2,
}
"""log2 of the rate of smallest mean validation error over pilot seeds 50-54, by name of the arm.

At scale small only: above it the other seeds of a pack choose. SkipInit from 1 trains 64 blocks at no
rate; seed 51 was tried down to 2^-46, and ended within 20 % training accuracy. Batch norm on the
sums does no better up to 2^5 (seed 50).
"""

TRAINED = Setting(
    experiment="bnref.lab.experiments.residual_rates",
    arms=(),
    seeds=12,
    fixed={
        "data": "fashion_mnist_10k",
        "pool": 4,
        "width": 32,
        "batch_size": 32,
        "images": 4800,
        "lowest": -10,
        "highest": 1,
    },
)
"""150 steps of plain SGD at twelve rates, which a cell trains side by side."""

TRAINED_PROTOCOL = (
    "Pre-activation residual networks x + alpha W ReLU(. + b) of 4, 16 or 64 blocks, width 32, on 7x7 "
    "Fashion-MNIST, He initialisation, 150 steps of plain SGD, batch 32, rates 2^-10 to 2 in factors "
    "of two."
)

TRAINING = (
    " A run trains if its training accuracy (last tenth of the steps) exceeds twice chance at some "
    "rate."
)

RATE_SLOPE = (
    " Best rate: mean of log2 over the rates within two points of the smallest validation error; its "
    "slope over log2 of the depth."
)

BEST_RATE = " At the rate of smallest mean validation error over five tuning seeds."


def trained(
    *forms: str, depths: tuple[int, ...] = DEPTHS, seeds: int = 12, thousand_layers: bool = False
) -> Mapping[str, Setting]:
    """These networks at these depths, trained at the whole grid of rates, at every scale.

    Above small 4 blocks become the 6 of a Wide-ResNet of 16 layers, and more the 48 of 100 layers;
    with `thousand_layers` there are at scale paper the 498 of 1000, too, which no accuracy is read of.
    """
    small = replace(TRAINED, arms=grid(form=forms, depth=depths), seeds=seeds)
    blocks = tuple(dict.fromkeys(6 if depth == 4 else 48 for depth in depths))
    arms = grid(form=forms, depth=blocks)
    deepest = grid(form=forms, depth=(498,), pack=(1,)) if thousand_layers else ()
    return {
        "small": small,
        "smoke": small.shrunk(images=160),
        "gpu": wide(SHORT_WIDE_RESNET_CIFAR10, small, arms),
        "paper": wide(WIDE_RESNET_CIFAR10, small, arms + deepest),
    }


def wide(bed: Bed, setting: Setting, arms: tuple[Arm, ...]) -> Setting:
    """Wide-ResNets trained at each rate of the bed, for a setting of so many seeds."""
    experiment = "bnref.lab.experiments.wide_resnet_rates"
    return Setting(experiment=experiment, arms=arms, seeds=setting.seeds, fixed=bed)


def by_depth(rows: Rows, form: str) -> list[Row]:
    """The rows of a form from the fewest blocks to the most."""
    return sorted(rows.where(form=form), key=lambda row: row.arm.parameters["depth"] or 0)


def fixup(*parts: str) -> Mapping[str, Setting]:
    """Networks of two layers in a branch with parts of Fixup's initialisation, at every scale.

    "zero" starts the last layer of each branch and the classifier at 0, "rescaled" multiplies the
    weights of the other layer by d^(-1/2) for d blocks.
    """

    def arms(depth: int) -> tuple[Arm, ...]:
        zero, rescaled = {"last": 0.0, "head": 0.0}, {"first": depth**-0.5}
        starts: Mapping[str, Bed] = {
            "neither": {},
            "zero": zero,
            "rescaled": rescaled,
            "both": {**zero, **rescaled},
        }
        return tuple(Arm(part, {"part": part, **starts[part]}) for part in parts)

    fixed = {**TRAINED.fixed, "form": "skip_init_1", "depth": 32, "layers": 2}
    small = replace(TRAINED, arms=arms(32), fixed=fixed)
    above: Bed = {"form": "skip_init_1", "depth": 48}
    return {
        "small": small,
        "smoke": small.shrunk(images=160),
        "gpu": wide({**SHORT_WIDE_RESNET_CIFAR10, **above}, small, arms(48)),
        "paper": wide({**WIDE_RESNET_CIFAR10, **above}, small, arms(48)),
    }


FIXUP_PROTOCOL = (
    TRAINED_PROTOCOL.replace("4, 16 or 64 blocks", "32 blocks of two layers")
    + " Fixup's scalar multipliers and biases in all arms."
)


def trains(row: Row) -> bool:
    """At some rate the training accuracy ends above twice chance (ten classes)."""
    return bool(trained_at(row))


def trained_at(row: Row) -> list[float]:
    """log2 of the rates at which it does, in ascending order."""
    points = zip(row.series["learning_rate"], row.series["train_accuracy"], strict=True)
    return [math.log2(rate) for rate, accuracy in points if accuracy > 0.2]


def accuracy(row: Row, rates: Mapping[str, int] = RATES) -> float:
    """Test accuracy in percent at the rate that other seeds of the pack chose, or the frozen one."""
    rate = row.metrics.get("rate_of_others") or 2.0 ** rates[row.arm.name]
    at = row.series["learning_rate"].index(rate)
    return 100 * (1 - row.series["test_error"][at])


def best_rate(row: Row) -> float:
    """log2 of the rate: the middle of those within two points of the smallest validation error."""
    errors, rates = row.series["validation_error"], row.series["learning_rate"]
    good = [math.log2(r) for r, e in zip(rates, errors, strict=True) if e <= min(errors) + 0.02]
    return statistics.fmean(good)


def rate_slope(rows: Rows, form: str) -> float:
    """Slope of the best rate's log2 on that of the depth."""
    found = rows.where(form=form)
    depths = [math.log2(float(row.arm.parameters["depth"] or 0)) for row in found]
    return slope(depths, [best_rate(row) for row in found])


COMPARED = ("batch_norm", "skip_init_0")


def by_batch_size(*batch_sizes: int) -> Mapping[str, Setting]:
    """Batch norm and SkipInit from 0 in a fixed number of epochs at each batch size and rate.

    Above small 16-layer Wide-ResNets of four times the width, and larger ones for batch 512.
    """
    small = replace(
        TRAINED,
        arms=grid(form=COMPARED, batch_size=batch_sizes),
        seeds=20,
        fixed={**TRAINED.fixed, "depth": 8, "images": 16_000, "lowest": -8, "highest": 3},
    )

    def above(bed: Bed, largest: int) -> Setting:
        sizes = tuple(largest if size == 512 else size for size in batch_sizes)
        whole: Bed = {**bed, "depth": 6, "width": 4, "lowest": -8, "highest": 3}
        return wide(whole, small, grid(form=COMPARED, batch_size=sizes))

    return {
        "small": small,
        "smoke": small.shrunk(images=1024),
        "gpu": above(SHORT_WIDE_RESNET_CIFAR10, 1024),
        "paper": above(WIDE_RESNET_CIFAR10, 4096),
    }


def by_size(rows: Rows, form: str) -> list[Row]:
    """The rows of a form from the smallest batch to the largest."""
    return sorted(rows.where(form=form), key=lambda row: row.arm.parameters["batch_size"] or 0)


BY_BATCH_SIZE = (
    "Pre-activation residual networks of eight blocks, width 32, on 7x7 Fashion-MNIST, with batch norm "
    "or SkipInit from 0; two epochs of plain SGD at batch 16, 64 and 512, rates 2^-8 to 8 in factors of "
    "two. "
)

BEST_OF_SEED = (
    "Best rate: mean of log2 over the rates within two points of the smallest validation error."
)


def times_larger(rows: Rows) -> list[float]:
    """log2 of batch norm's best rate over SkipInit's, from the smallest batch size to the largest."""
    pairs = zip(*(by_size(rows, form) for form in COMPARED), strict=True)
    return [best_rate(normalised) - best_rate(scaled) for normalised, scaled in pairs]


FEW_IMAGES = replace(
    TRAINED,
    fixed={
        **TRAINED.fixed,
        "pool": 2,
        "train_images": 1000,
        "depth": 4,
        "images": 48_000,
        "lowest": -6,
        "highest": -4,
    },
)
"""1,000 images seen 48 times at three rates: the training loss falls to a tenth of its first."""

FEW_PROTOCOL = (
    "Pre-activation residual networks of four blocks, width 32, on 1,000 images of 14x14 Fashion-MNIST, "
    "48 epochs of plain SGD, batch 32, rates 2^-6, 2^-5 and 2^-4. Test error, mean of the three rates."
)


def fitted(
    small: tuple[Arm, ...], above: tuple[Arm, ...], seeds: int = 12
) -> Mapping[str, Setting]:
    """These arms on few images at small, and those at gpu; at paper on all images of CIFAR-10.

    Rates at paper are a half, once and twice the 2^-2 that is the best of SkipInit from 0 there.
    """
    setting = replace(FEW_IMAGES, arms=small, seeds=seeds)
    few: Bed = {"depth": 6, "train_images": 5000, "images": 100 * 5000, "lowest": -4, "highest": -2}
    every: Bed = {"depth": 48, "lowest": -3, "highest": -1}
    return {
        "small": setting,
        "smoke": setting.shrunk(images=160),
        "gpu": wide({**SHORT_WIDE_RESNET_CIFAR10, **few, "pack": 1}, setting, above),
        "paper": wide({**WIDE_RESNET_CIFAR10, **every, "pack": 1}, setting, above),
    }


def mean_error(row: Row) -> float:
    """Test error in percent, mean over the rates."""
    return 100 * statistics.fmean(row.series["test_error"])
