"""Thirty times the rate ends better: the second half of IS15-15 alone (section 4.2.2, BN-x30).

Pilot seeds 50 to 61: -0.6 to 3.1 points, median 0.7; at 7x7 pixels and after six passes over the images
none of eight gained more than 0.4. The margin is near the paper's 1.8 points. Runs of IS15-15 had been
seen by then: judged on seeds from 200 on.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Reported, Rows, Substitution
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.ioffe_szegedy_2015.largest_rate_ends_better import FIGURE_3
from reproductions.perceptrons import by_rate
from reproductions.regularisation import RATES_X6, RATES_X6_AT, RATES_X6_PROTOCOL


def ahead(rows: Rows) -> Effect:
    """Test error after the last stage, at the smaller rate minus at the larger one, in points."""
    small, large = (row["last_error"] for row in by_rate(rows))
    return 100 * (small - large)


CLAIM = Claim(
    id="IS15-15-end",
    locator="section 4.2.2, figures 2 and 3, BN-x30 against BN-x5",
    statement="With batch normalisation, six times a rate at which it trains fast ends better: after the "
    "last fall of the rate the test error is at least one and a half percentage points lower.",
    protocol=RATES_X6_PROTOCOL + " The end alone, whatever came before it.",
    settings={**RATES_X6_AT, "small": RATES_X6.unseen()},
    effect=ahead,
    region=above(1.5),
    unit="percentage points of test error",
    reported=(
        Reported(
            metric="largest accuracy of BN-x30 less that of BN-x5 (points)", value=1.8,
            source="figure 3: 74.8 - 73.0", unit="percentage points of test error",
        ),
    ),
    figures=(
        FIGURE_3,
        Band(
            series="test_error", x="step", hue="learning_rate", x_label="training step",
            y_label="test error", title="Test error while the rate falls",
        ),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The larger rate catches up while the rate falls, but most runs gain less than a point: "
            "400 steps are less than two passes over the images, the paper's 150.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=1.0),
)  # fmt: skip
