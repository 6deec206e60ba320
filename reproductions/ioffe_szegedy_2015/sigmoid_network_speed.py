"""What is left of IS15-10 against a well-initialised network at its best rate: the speed.

Ioffe & Szegedy 2015, section 4.1, figure 1 (a). Pilot seeds 52 to 59: 1.5 to 3 times as fast at the least,
for the steps are known to the next hundred. Curves of IS15-10 had been seen: judged on seeds from 200 on.
Its 121 core-seconds are those of IS15-10-fan-in: the network has the paper's size.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import Effect, Row, Rows
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.beds import PERCEPTRON_PROTOCOL
from reproductions.inception import LATER_CURVES
from reproductions.ioffe_szegedy_2015 import sigmoid_network, sigmoid_network_tuned
from reproductions.ioffe_szegedy_2015.sigmoid_network_tuned import best

SHARE = 0.95


def steps_to(row: Row, accuracy: float) -> tuple[float, float]:
    """Between the last look below the accuracy and the first that is not; beyond the last where none is."""
    before = 0.0
    for step, here in zip(row.series["step"], row.series["accuracy"], strict=True):
        if here >= accuracy:
            return before, step
        before = step
    return before, math.inf


def faster(rows: Rows) -> Effect:
    """log2 of the steps to 95 % of what the plain network ends at, plain over batch norm."""
    usual = Rows(rows.where(std=None))
    plain, normalised = best(usual.where(norm="identity")), best(usual.without(norm=("identity",)))
    accuracy = SHARE * plain["final_accuracy"]
    return log_ratio(steps_to(plain, accuracy), steps_to(normalised, accuracy), base=2)


CLAIM = replace(
    sigmoid_network.CLAIM,
    id="IS15-10-speed",
    locator="section 4.1, figure 1 (a), with a control that the paper does not have",
    statement="Initialised by fan-in and each at its own best rate, a sigmoid network with batch "
    "normalisation reaches 95 % of the accuracy that the same network without it ends at in at most seven "
    "tenths of the steps.",
    protocol=f"{PERCEPTRON_PROTOCOL.partition(': its mean')[0]}. Weights N(0, 1/fan_in), the best of four "
    "rates for each arm and seed by its errors on 2,000 validation images. The steps are known to 100.",
    settings=LATER_CURVES,
    effect=faster,
    region=above(0.5),
    unit="log2 of the ratio of steps",
    figures=(replace(sigmoid_network.FIGURE_1, hue="norm", arms=sigmoid_network_tuned.USUAL),),
)
