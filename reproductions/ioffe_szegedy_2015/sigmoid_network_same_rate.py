"""The same as IS15-10 from weights of 1/sqrt(fan_in), still at one rate: the card's second protocol.

Figure 1 (a) of Ioffe & Szegedy 2015 does not say how small its weights are, nor the rate. Pilot seeds 52 to
59: 1 is the plain network's best rate of four; batch norm is 2 to 6 points ahead over training, and 0.1 to
1.5 behind at its end. Curves of IS15-10 had been seen by then: judged on seeds from 200 on.
Its 121 core-seconds are those of IS15-10-speed: the network has the paper's size.
"""

from dataclasses import replace

from bnref.evidence.claim import Effect, Expectation, Rows
from reproductions.beds import PERCEPTRON_PROTOCOL, ahead
from reproductions.inception import LATER_CURVES
from reproductions.ioffe_szegedy_2015 import sigmoid_network

RATE = 1.0


def lead(rows: Rows) -> Effect:
    """Both runs with weights N(0, 1/fan_in) at the same rate."""
    usual = Rows(rows.where(std=None, learning_rate=RATE))
    return ahead(usual.without(norm=("identity",))[0], usual.one(norm="identity"))


CLAIM = replace(
    sigmoid_network.CLAIM,
    id="IS15-10-fan-in",
    locator="section 4.1, figure 1 (a), for weights that the paper does not have",
    statement="Initialised by fan-in and at one rate a sigmoid network with batch normalisation is at least "
    "one point of test accuracy ahead of the same network without, over training and at its end.",
    protocol=f"{PERCEPTRON_PROTOCOL} Weights N(0, 1/fan_in), rate 1 in both arms, the best of four without a "
    "normaliser.",
    settings=LATER_CURVES,
    effect=lead,
    figures=(
        replace(sigmoid_network.FIGURE_1, arms=("batch_norm-stdNone-lr1", "identity-stdNone-lr1")),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Batch norm learns faster, but the plain network catches up and ends no worse: its weak "
            "start was half of the paper's comparison.",
        )
    },
)
