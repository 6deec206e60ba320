"""Running statistics are an exponentially weighted sum that forgets its start as (1-m)^t.

Exact (claim card MOM-2, with the conventions of MOM-1). Exchanging m and 1-m is the negative control.
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
    """log10(error/tolerance) of buffers with m on the old value, in the arm where they err least."""
    return math.log10(min(row["control_error"] for row in rows) / TOLERANCE)


SMALL = Setting(
    experiment="bnref.lab.experiments.running_statistics",
    arms=grid(norm=("batch_norm",), momentum=(0.1, 0.05, 0.01), batch_size=(2, 32)),
    seeds=12,
    fixed={"stream": "arbitrary", "batches": 200, "channels": 16, "space": 2},
)

CLAIM = Claim(
    id="MOM-2-law",
    locator="update rule of the running statistics, momentum m on the new batch",
    statement="After t batches the running mean and the running variance are (1-m)^t times their "
    "start plus m times the sum of batch means and of unbiased batch variances, each weighted by "
    "(1-m)^age.",
    protocol="Streams of 200 batches in float64 whose location and scale are drawn anew for every "
    "batch and channel over four decades, and streams of one repeated batch, from an arbitrary "
    "start. Worst relative error of both buffers over channels and steps against the closed form "
    f"without recursion; tolerance {TOLERANCE:g}. Negative control: buffers whose m weighs the old value.",
    settings={
        **dict.fromkeys(("small", "gpu", "paper"), SMALL),
        "smoke": SMALL.shrunk(batches=20, channels=4),
    },
    kind="exact",
    effect=agreement,
    control=control,
    region=Region(0.0, math.inf),
    unit="log10(tolerance/error)",
    # Another order of the same few operations may lose a digit; losing two is another arithmetic.
    substitution=Substitution(better="higher", margin=1.0),
)
