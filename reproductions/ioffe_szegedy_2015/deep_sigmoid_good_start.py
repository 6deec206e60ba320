"""The deep sigmoid network with batch norm against one that is initialised well (section 4.2.2, a control).

A sigmoid's slope is 1/4 at most: weights of four times 1/sqrt(fan_in) make up for it. Pilot seeds 50 to
55: the plain network then ends at 32 to 46 % error at the rate 1, 9 to 24 points behind, not at chance.
"""

from dataclasses import replace

from bnref.evidence.claim import Expectation, grid
from bnref.evidence.figure import Curve
from reproductions.ioffe_szegedy_2015 import deep_sigmoid
from reproductions.perceptrons import DEEP_SIGMOID_AT

SETTINGS = {
    scale: replace(
        setting,
        arms=(
            *(arm for arm in setting.arms if arm.parameters["norm"] == "batch_norm"),
            *grid(
                norm=("identity",),
                scale=(4.0,),
                learning_rate=sorted({arm.parameters["learning_rate"] for arm in setting.arms}),  # type: ignore[type-var]
            ),
        ),
    )
    for scale, setting in DEEP_SIGMOID_AT.items()
}
"""Batch norm as in IS15-16; the plain network from weights four times as large, at the same rates."""

CLAIM = replace(
    deep_sigmoid.CLAIM,
    id="IS15-16-good-start",
    headline="",
    locator="section 1, section 4.2.2, with a control that the paper does not have",
    statement="Also where the plain network starts from weights that make up for the sigmoid's slope, a "
    "network of eight or more sigmoid layers is at least 40 percentage points more accurate with batch "
    "normalisation, both at their best rates.",
    protocol="As IS15-16, whose runs with batch norm these are; the hidden weights of the plain network "
    "start at N(0, 16/fan_in).",
    settings=SETTINGS,
    reported=(),
    figures=(
        Curve(
            x="learning_rate", y="test_error", hue="norm", log_x=True, scale=100.0,
            x_label="learning rate", y_label="test error (%)",
            title="Eight sigmoid layers, the plain network from larger weights",
        ),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Weights that are large enough take the plain network off chance, too: in pilots it ends "
            "9 to 24 points behind, so most of what batch norm does here is to set the scale of the signal.",
        )
    },
)  # fmt: skip
