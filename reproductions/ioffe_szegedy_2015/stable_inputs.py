"""The inputs of the sigmoids drift less with batch norm (Ioffe & Szegedy 2015, figure 1 b, c).

All units of the layer, not a typical one. Pilot seeds 51 to 53: factors of 3.2, 3.0 and 2.9;
none in the second half of training, when the plain network rests on a plateau.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.figure import Traces
from bnref.evidence.verdict import above
from reproductions.perceptrons import SIGMOID_AT, SIGMOID_PROTOCOL, trained


def steadier(rows: Rows) -> Effect:
    """log2 of the drift of the median, plain over batch norm, from small weights."""
    return contrast(Rows(rows.where(scale=0.3)), "drift", trained)


CLAIM = Claim(
    id="IS15-11",
    headline="stable inputs of layers",
    locator="section 4.1, figure 1 (b, c)",
    statement="From small random weights, the median input of a sigmoid in the last hidden layer drifts at "
    "least twice as far from probe to probe, in units of its spread, without batch normalisation as with it.",
    protocol=SIGMOID_PROTOCOL
    + " Weights of 0.3 / sqrt(fan_in), rate 2. Every 20 steps the 15th, 50th and 85th percentile "
    "of every unit over 500 validation images, statistics of these images; mean change of the "
    "median over mean spread, median over all 100 units. That the spread before scale and shift is "
    "constant with batch norm is so by construction.",
    settings=SIGMOID_AT,
    effect=steadier,
    region=above(1.0),
    unit="log2 ratio, plain over batch norm",
    figures=(
        Traces(
            series=("p15", "p50", "p85"), hue="arm", arms=("identity-small", "batch_norm-small"),
            x="step", x_label="training step",
            y_label="input of the sigmoid", title="Percentiles of one unit's input while training",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
