"""Test beds of residual networks (De & Smith 2020): at their start, and trained at many rates.

Sizes and rates were chosen on pilot seeds 50-54.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from bnref.evidence.claim import Setting, grid

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


def at_start(*forms: str) -> Setting:
    """These networks at their start; where they stand is described in bnref.lab.residual."""
    return replace(START, arms=grid(form=forms))


def at_start_smoke(*forms: str) -> Setting:
    """The same on a smaller network."""
    return at_start(*forms).shrunk(depth=8, width=16, batch_size=16, networks=2)


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Least-squares slope of y on x."""
    return statistics.linear_regression(x, y).slope


def logs(values: Sequence[float]) -> list[float]:
    """Natural logarithms."""
    return [math.log(value) for value in values]
