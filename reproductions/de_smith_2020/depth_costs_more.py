"""What depth costs: little with batch norm, everything with branches at full strength.

De & Smith 2020, section 3. The interaction of method and depth in test accuracy; ten points are the
least that counts as not the same problem.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BEST_RATE, TRAINED_PROTOCOL, accuracy, by_depth, trained
from reproductions.residual_figures import errors_by_depth


def extra_cost(rows: Rows) -> float:
    """[acc(4) - acc(64)] with alpha = 1 less the same with batch norm, in percentage points."""
    plain, normalised = (by_depth(rows, form) for form in ("skip_init_1", "batch_norm"))
    lost = [accuracy(found[0]) - accuracy(found[-1]) for found in (plain, normalised)]
    return lost[0] - lost[1]


CLAIM = Claim(
    id="DS20-4-depth",
    locator="section 3, table of version 1",
    statement="Going from 4 to 64 blocks costs a residual network with alpha = 1 and no "
    "normalisation at least ten percentage points more test accuracy than one with batch "
    "normalisation.",
    protocol=TRAINED_PROTOCOL + BEST_RATE + " The runs of DS20-4.",
    settings=trained("batch_norm", "skip_init_1"),
    effect=extra_cost,
    region=above(10.0),
    unit="percentage points",
    figures=(errors_by_depth("Test error by depth", "batch_norm", "skip_init_1"),),
)
