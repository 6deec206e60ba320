"""Thirty times the rate is slower at first (Ioffe & Szegedy 2015, section 4.2.2, BN-x30).

Pilot seeds 50 and 51: 10.0 and 3.1 points behind after the first stage.
"""

from bnref.evidence.claim import Claim, Effect, Reported, Rows, Substitution
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.perceptrons import by_rate
from reproductions.regularisation import RATES_X6_AT, RATES_X6_PROTOCOL


def behind(rows: Rows) -> Effect:
    """Test error after the first stage, at the larger rate minus at the smaller one, in points."""
    fast, slow = (row["first_error"] for row in by_rate(rows))
    return 100 * (slow - fast)


CLAIM = Claim(
    id="IS15-15-slower",
    locator="section 4.2.2, figures 2 and 3, BN-x30 against BN-x5",
    statement="With batch normalisation, six times a rate at which it trains fast is at first slower: after "
    "a quarter of the steps the test error is at least one percentage point higher.",
    protocol=RATES_X6_PROTOCOL,
    settings=RATES_X6_AT,
    effect=behind,
    region=above(1.0),
    unit="percentage points of test error",
    reported=(
        Reported(metric="steps of BN-x5 to 72.2 % (millions)", value=2.1, source="figure 3"),
        Reported(metric="steps of BN-x30 to 72.2 % (millions)", value=2.7, source="figure 3"),
    ),
    figures=(
        Band(
            series="test_error", x="step", hue="learning_rate", x_label="training step", y_label="test error",
            title="Test error while the rate falls",
        ),
    ),
    substitution=Substitution(better="lower", margin=1.0),
)  # fmt: skip
