"""Scaling the weights before a batch norm changes no output and divides their gradient by the scale.

Exact (Ioffe & Szegedy 2015, section 3.3). Layer norm, which pools over units, is the negative control.
"""

import math
import sys

from bnref.evidence.claim import Claim, Rows, grid
from reproductions.exact import DECADES, HOLDS, REORDERED, settings

TOLERANCE = 1e-12
CONTROL = "layer_norm"


def agreement(rows: Rows) -> float:
    """log10(tolerance/error) of the worst arm; an error below one rounding counts as one."""
    errors = [row["error"] for row in rows if row.arm.parameters["norm"] != CONTROL]
    return math.log10(TOLERANCE / max(*errors, sys.float_info.epsilon))


def control(rows: Rows) -> float:
    """log10(error/tolerance) of layer norm, in the arm where it errs least."""
    return math.log10(min(row["error"] for row in rows.where(norm=CONTROL)) / TOLERANCE)


LAYERS = settings(
    "scale_invariance",
    grid(norm=("batch_norm", CONTROL), layer=("dense", "convolution")),
    {"channels": 32, "batch_size": 32, "size": 8},
    {"channels": 8, "batch_size": 8, "size": 4},
)

CLAIM = Claim(
    id="IS15-7",
    locator="section 3.3",
    statement="With a > 0 a batch norm gives the same output after weights aW as after W, passes the "
    "same gradient to the layer's input, and gives aW 1/a times the gradient of W.",
    protocol="Random dense and 3x3 convolutional layers with batch norm in training mode, float64: "
    "once with eps 1e-300, which float64 cannot tell from 0, and for each unit a factor of its own "
    "between 0.001 and 1000; once with one factor a for all units and eps scaled by a squared. "
    f"Worst relative error of output and both gradients; tolerance {TOLERANCE:g}. Negative control: "
    "layer norm, which is not invariant unit by unit.",
    settings=LAYERS,
    kind="exact",
    effect=agreement,
    control=control,
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
