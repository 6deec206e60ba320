"""Thirty times the rate is slower at first and better at the end (section 4.2.2, BN-x30).

Pilot seeds 50 and 51: 10.0 and 3.1 points behind after the first stage, 1.3 and -0.6 ahead at the end.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Reported, Rows, Substitution
from bnref.evidence.figure import Band, Dots, Overlay
from bnref.evidence.verdict import above
from reproductions.perceptrons import by_rate
from reproductions.regularisation import RATES_X6_AT, RATES_X6_PROTOCOL


def crossing(rows: Rows) -> Effect:
    """The smaller of: points behind after the first stage, points ahead after the last."""
    fast, slow = by_rate(rows)
    behind = slow["first_error"] - fast["first_error"]
    ahead = fast["last_error"] - slow["last_error"]
    return 100 * min(behind, ahead)


FIGURE_3 = Dots(
    y="last_error",
    hue="learning_rate",
    scale=100.0,
    y_label="error on held-out images (%)",
    title="Error after the last step, and the paper's smallest",
    overlay=(
        Overlay(
            points={0.5: 27.0, 3.0: 25.2, 0.03: 27.0, 0.18: 25.2, 0.0075: 27.0, 0.045: 25.2},
            source="figure 3: BN-x5 and BN-x30 on ImageNet",
        ),
    ),
)
"""After the table of figure 3, whose networks have the rates 0.0075 and 0.045."""

CLAIM = Claim(
    id="IS15-15",
    locator="section 4.2.2, figures 2 and 3, BN-x30 against BN-x5",
    statement="With batch normalisation, six times a rate at which it trains fast is at least half a "
    "percentage point behind after a quarter of the steps and as much ahead at the end.",
    protocol=RATES_X6_PROTOCOL + " Both must hold in a seed: its effect is the smaller of the two.",
    settings=RATES_X6_AT,
    effect=crossing,
    region=above(0.5),
    unit="percentage points of test error",
    reported=(
        Reported(metric="maximum accuracy of BN-x5 (%)", value=73.0, source="figure 3"),
        Reported(metric="maximum accuracy of BN-x30 (%)", value=74.8, source="figure 3"),
    ),
    figures=(
        Band(
            series="test_error", x="step", hue="learning_rate", x_label="training step",
            y_label="test error", title="Test error while the rate falls",
        ),
        FIGURE_3,
    ),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="The larger rate is slower at first in every pilot run (IS15-15-slower), but ends "
            "better in only some: 400 steps are less than two passes over the images, the paper's 150.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=1.0),
)  # fmt: skip
