"""Test beds of residual networks at their start, before any training (De & Smith 2020, section 2)."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bnref.evidence.claim import Row, Setting, grid
from reproductions.paper_beds import WIDE_RESNET_START

START = Setting(
    experiment="bnref.lab.experiments.residual_variance",
    arms=grid(form=("plain", "batch_norm", "over_root_two", "skip_init_root")),
    seeds=20,
    fixed={"linear": False, "depth": 48, "width": 256, "batch_size": 128, "networks": 8},
)
"""48 blocks, as many as a Wide-ResNet of 100 layers has."""

START_PROTOCOL = (
    "Pre-activation residual networks of 48 blocks x + W ReLU(.), width 256, He initialisation, no "
    "training; 128 Gaussian inputs; moments averaged over eight independent networks of a seed."
)


def at_start(*forms: str) -> Mapping[str, Setting]:
    """These networks at their start; where they stand is described in bnref.lab.residual.

    At scales gpu and paper the Wide-ResNets of 100 and of 1000 layers, on images.
    """
    small = replace(START, arms=grid(form=forms))
    wide = replace(
        small, experiment="bnref.lab.experiments.wide_resnet_start", fixed=WIDE_RESNET_START
    )
    return {
        "small": small,
        "smoke": small.shrunk(depth=8, width=16, batch_size=16, networks=2),
        "gpu": wide,
        "paper": replace(wide, fixed={**WIDE_RESNET_START, "depth": 498}),
    }


def first_stage(row: Row) -> slice:
    """The points of a series at which x_l has passed l blocks since it was last made anew.

    All points of a network of one width; the first stage of a Wide-ResNet, whose first block makes
    x_1 from two convolutions, as x_0 + f(x_0) is made from x_0.
    """
    if "first_stage" not in row.metrics:
        return slice(None)
    return slice(1, int(row["first_stage"]) + 1)


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Least-squares slope of y on x."""
    return statistics.linear_regression(x, y).slope


def logs(values: Sequence[float]) -> list[float]:
    """Natural logarithms."""
    return [math.log(value) for value in values]
