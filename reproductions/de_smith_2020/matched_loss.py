"""At the same training loss batch norm is said to generalise better than SkipInit.

De & Smith 2020, section 4: the noise of batch statistics regularises. Each arm fits 1,000 images at
three rates at which losses fall alike; half a point is the least that counts. Two pilots gave
-0.5 and -0.4.
"""

import math
import statistics
from dataclasses import replace

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, grid
from bnref.evidence.verdict import above
from reproductions.residual import COMPARED, FEW_PROTOCOL, fitted, mean_error
from reproductions.residual_figures import by_rate, error_dots

ARMS = grid(form=COMPARED)


def better(rows: Rows) -> Effect:
    """Test error of SkipInit less batch norm's; undefined where training losses differ by 2^0.5."""
    normalised, scaled = (rows.one(form=form) for form in COMPARED)
    losses = zip(normalised.series["train_loss"], scaled.series["train_loss"], strict=True)
    if abs(statistics.fmean(math.log2(a / b) for a, b in losses)) > 0.5:
        return UNDEFINED
    return mean_error(scaled) - mean_error(normalised)


CLAIM = Claim(
    id="DS20-11",
    locator="section 4",
    statement="At equal training loss, batch 32 and a small training set, batch normalisation has at least "
    "half a percentage point less test error than SkipInit from alpha = 0.",
    protocol=FEW_PROTOCOL
    + " Judged only where the training losses (last tenth of the steps, in the "
    "mode that trains) of both arms agree within a factor of 2^0.5, geometric mean over the rates.",
    settings=fitted(ARMS, ARMS),
    effect=better,
    region=above(0.5),
    unit="percentage points",
    figures=(
        error_dots("Test error after fitting 1,000 images"),
        replace(by_rate("Training loss that is matched", y="train_loss"), log_y=True),
    ),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="Seeds scatter by half a point around no gain: at batch 32 the noise of batch "
            "statistics is small, and smaller batches are not in the claim.",
            depends_on_scale=True,
        )
    },
)
