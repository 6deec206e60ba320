"""The inputs of the sigmoids drift less with batch norm where the plain network, too, starts well.

Ioffe & Szegedy 2015, figure 1 (b, c), without the weak start of its baseline. Pilot seeds 51 and 52, second
half of training: factors of 3.6 and 3.0.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.figure import Dots, Traces
from bnref.evidence.verdict import above
from reproductions.perceptrons import SIGMOID_AT, SIGMOID_PROTOCOL, trained

GOOD_START = ("identity-fan_in", "batch_norm-fan_in")


def steadier(rows: Rows) -> Effect:
    """log2 of the drift of the median in the second half, plain over batch norm."""
    return contrast(Rows(rows.where(scale=1.0)), "late_drift", trained)


CLAIM = Claim(
    id="IS15-11-good-start",
    locator="section 4.1, figure 1 (b, c)",
    statement="From weights of variance 1/fan_in, and in the second half of training, the median input of a "
    "sigmoid in the last hidden layer drifts at least 1.4 times as far, in units of its spread, without "
    "batch normalisation as with it.",
    protocol=SIGMOID_PROTOCOL
    + " Weights N(0, 1/fan_in), rate 1. Every 20 steps the 15th, 50th and 85th percentile of every "
    "unit over 500 validation images, statistics of these images; mean change of the median over "
    "mean spread, median over all 100 units. Such a drift is not the paper's definition of internal "
    "covariate shift, which SA18's claims measure by gradients.",
    settings=SIGMOID_AT,
    effect=steadier,
    region=above(0.5),
    unit="log2 ratio, plain over batch norm",
    figures=(
        Traces(
            series=("p15", "p50", "p85"), hue="arm", arms=GOOD_START, x="step", x_label="training step",
            y_label="input of the sigmoid", title="Percentiles of one unit's input while training",
        ),
        Dots(
            y="late_drift", hue="arm", arms=GOOD_START, log=True,
            y_label="drift of the median between probes, in spreads", title="Second half of training",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
