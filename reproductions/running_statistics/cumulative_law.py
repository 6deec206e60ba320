"""With momentum None running statistics are plain averages, exact after one epoch of equal batches.

Exact (claim card MOM-6). The variance of the whole data set, which they are not, is the control.
"""

import math
import sys

from bnref.evidence.claim import Claim, Rows, Setting, Substitution, grid
from bnref.evidence.verdict import Region

TOLERANCE = 1e-12


def agreement(rows: Rows) -> float:
    """log10(tolerance/error) of the worst arm; an error below one rounding counts as one."""
    return math.log10(TOLERANCE / max(*(row["error"] for row in rows), sys.float_info.epsilon))


def control(rows: Rows) -> float:
    """log10(error/tolerance) of the data set's variance in the place of running_var."""
    return math.log10(min(row["control_error"] for row in rows) / TOLERANCE)


SMALL = Setting(
    experiment="bnref.lab.experiments.running_statistics",
    arms=grid(norm=("batch_norm",), momentum=(None,), batch_size=(2, 8)),
    seeds=12,
    fixed={"stream": "partition", "batches": 50, "channels": 16, "space": 2},
)

CLAIM = Claim(
    id="MOM-6-law",
    locator="momentum=None, the cumulative average",
    statement="After one epoch of equal batches with momentum None the running mean is the mean of "
    "the data set and the running variance the mean of the unbiased batch variances, which is not "
    "the variance of the data set.",
    protocol="A finite data set, shuffled and cut into 50 equal batches that are seen once each, "
    "float64, from an arbitrary start. Worst relative error of both buffers over channels; "
    f"tolerance {TOLERANCE:g}. Negative control: the data set's own unbiased variance in the "
    "place of the running variance.",
    settings={
        **dict.fromkeys(("small", "gpu", "paper"), SMALL),
        "smoke": SMALL.shrunk(batches=5, channels=4),
    },
    kind="exact",
    effect=agreement,
    control=control,
    region=Region(0.0, math.inf),
    unit="log10(tolerance/error)",
    # Another order of the same few operations may lose a digit; losing two is another arithmetic.
    substitution=Substitution(better="higher", margin=1.0),
)
