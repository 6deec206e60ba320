"""With batch norm the singular values of Jacobians between layers are close to one (section 3.3).

The conjecture taken literally. Pilot seeds 50 and 51, at the start: 20 and 18 % within 0.2 of one.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.ioffe_szegedy_2015.singular_values import SAME_START
from reproductions.perceptrons import SIGMOID_AT, SIGMOID_PROTOCOL, batch_norm


def near_one(rows: Rows) -> Effect:
    """Share of the singular values between 0.8 and 1.2 at the start, with batch norm."""
    row = batch_norm(rows, scale=1.0)
    return UNDEFINED if row.diverged else row["near_one_start"]


CLAIM = Claim(
    id="IS15-9-literal",
    locator="section 3.3, the conjecture on singular values",
    statement="With batch normalisation at least nine tenths of the singular values of the Jacobians between "
    "consecutive normalised layers lie between 0.8 and 1.2.",
    protocol=SIGMOID_PROTOCOL
    + " Weights N(0, 1/fan_in). Jacobians from one layer's normalised values to the next one's at the "
    "start, in evaluation mode, of four images: where random weights bring the paper's assumptions, "
    "Gaussian and uncorrelated values, nearest to the truth.",
    settings=SIGMOID_AT,
    effect=near_one,
    region=above(0.9),
    unit="share of the singular values",
    figures=(
        Dots(y="near_one_start", hue="arm", arms=SAME_START, scale=100.0,
             y_label="share between 0.8 and 1.2 (%)", title="Singular values near one, at the start"),
        Dots(y="square_start", hue="arm", arms=SAME_START, y_label="mean square of the singular values",
             title="Their mean square is near one"),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Normalising each unit sets the mean square of the singular values, not each of them: "
            "those of random square matrices spread from 0 to 2, for units stay correlated.",
        )
    },
    substitution=Substitution(better="higher", margin=0.05),
)  # fmt: skip
