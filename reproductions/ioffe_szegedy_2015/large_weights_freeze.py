"""Initial weights that are far too large freeze a batch-normalised network (section 3.3, the other side).

Steps act on directions as rate / |w|^2 (IS15-8-speed): large weights "stabilise" so well that they do not
learn. Pilot seeds 50 and 51: 7.9 and 8.8 points of accuracy lost at a hundred times He's scale.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.ioffe_szegedy_2015.initial_scale import ERROR_BY_SCALE
from reproductions.perceptrons import SCALES_AT, SCALES_PROTOCOL, batch_norm


def lost(rows: Rows) -> Effect:
    """Test error at scale 100 minus that at scale 1, with batch norm, in percentage points."""
    large, usual = (batch_norm(rows, scale=scale) for scale in (100.0, 1.0))
    return 100 * (large["test_error"] - usual["test_error"])


GROWTH = Curve(
    x="scale",
    y="growth",
    hue="norm",
    log_x=True,
    x_label="initial weights relative to He's",
    y_label="log10 of |w|, last over first",
    title="Growth of the hidden weights",
)

CLAIM = Claim(
    id="IS15-8-frozen",
    locator="section 3.3, larger weights lead to smaller gradients",
    statement="Hidden weights that start a hundred times too large cost a batch-normalised network at least "
    "three percentage points of accuracy in the same number of steps.",
    protocol=SCALES_PROTOCOL + " A consequence of the law that the paper gives as the reason for its "
    "resilience: gradients shrink with the weights, so weights of scale k move as if at rate / k^2.",
    settings=SCALES_AT,
    effect=lost,
    region=above(3.0),
    unit="percentage points of test error",
    figures=(ERROR_BY_SCALE, GROWTH),
    substitution=Substitution(better="lower", margin=1.0),
)  # fmt: skip
