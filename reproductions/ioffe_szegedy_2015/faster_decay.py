"""With batch norm the learning rate may fall several times faster (section 4.2.1).

Pilot seeds 50 and 51: with a fourfold decay and twice the rate the error is 2.3 and 0.8 points higher.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.regularisation import DECAY_AT


def better(rows: Rows) -> Effect:
    """Last test error of the plain network minus that with batch norm, in percentage points."""
    plain, normalised = rows.one(norm="identity"), rows.without(norm=("identity",))[0]
    return 100 * (plain["last_error"] - normalised["last_error"])


CLAIM = Claim(
    id="IS15-19",
    locator="section 4.2.1, accelerate the learning rate decay",
    statement="Where its learning rate falls four to six times as fast, a batch-normalised network ends, in "
    "as many times fewer steps, at least half a percentage point more accurate than the plain network.",
    protocol="Three convolutions on 14x14 Fashion-MNIST, batch 32, plain SGD whose rate falls to 0.3 of "
    "itself after every quarter of the steps: 400 steps from the plain network's best rate 1/4, or 100 "
    "from 1/2 with batch norm. Test error after the last step, statistics of algorithm 2.",
    settings=DECAY_AT,
    effect=better,
    region=above(0.5),
    unit="percentage points of test error",
    figures=(
        Band(
            series="test_error", x="step", hue="norm", x_label="step", y_label="test error",
            title="Test error while the rate falls",
        ),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="A hundred steps are too few for either network; batch norm saves a factor of two to "
            "three here (IS15-13), not of four.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
