"""Between layers of ReLUs with batch norm gradients grow by a factor of 1.21: no Jacobian "close to one".

Ioffe & Szegedy 2015, section 3.3, expect batch norm to help gradients propagate, and leave it open. Yang et
al. 2019 prove that in plain networks they explode; He's weights alone keep them. Pilot seeds 50 to 57: the
law to within 0.002.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows, Setting, Substitution, grid
from bnref.evidence.figure import Band
from bnref.evidence.verdict import within

LAW = math.log(math.pi / (math.pi - 1)) / 2
"""A ReLU passes half of the squared gradient, and normalisation divides by the variance of a rectified
Gaussian with it: (1/2) / (1/2 (1 - 1/pi)) for each layer."""

SMALL = Setting(
    experiment="bnref.lab.experiments.layer_gradients",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=20,
    fixed={"depth": 12, "width": 256, "batch_size": 256, "networks": 4},
)
LARGE = replace(SMALL, fixed={**SMALL.fixed, "depth": 50, "width": 512})


def beside_the_law(rows: Rows) -> Effect:
    """log of the growth of the gradient from a layer to the one below it, minus the law's."""
    return rows.without(norm=("identity",))[0]["growth"] - LAW


CLAIM = Claim(
    id="IS15-9-gradients",
    locator="section 3.3, the conjecture on gradient propagation",
    statement="At the start of a plain ReLU network with batch normalisation a gradient grows from each "
    "layer to the one below it by the square root of pi / (pi - 1), which is 1.21, to within 2 %.",
    protocol="Twelve square layers of 256 units, Gaussian inputs, batch 256, He's weights, batch norm before "
    "each ReLU, four networks a seed. Root mean square of the gradient of a random linear function of the "
    "last outputs, with respect to what each ReLU is given.",
    settings={
        "small": SMALL,
        "smoke": SMALL.shrunk(depth=4, width=32, networks=1),
        "gpu": LARGE,
        "paper": LARGE,
    },
    effect=beside_the_law,
    region=within(-0.02, 0.02),
    unit="log of the growth, measured over predicted",
    figures=(
        Band(
            series="gradient", x="layer", hue="norm", log_y=True, x_label="layer",
            y_label="root mean square of the gradient", title="Gradients at the start",
        ),
    ),
    substitution=Substitution(better="lower", margin=0.05),
)  # fmt: skip
