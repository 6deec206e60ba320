"""Branches that start at zero let a residual network train at a larger rate (Wu & He 2018, section 4.1).

The paper takes the recipe from Goyal et al. and gives no comparison. Pilot seeds 50 to 53 and 60
to 63: 9 to 63 points.
"""

from bnref.evidence.claim import Arm, Claim, Rows, Setting, Substitution
from bnref.evidence.effects import points
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.beds import CLASSIFY, FASHION
from reproductions.paper_beds import RESNET20_CIFAR10, RESNET50_IMAGENET, on

BEST = {1.0: 0.025, 0.0: 0.2}
"""Rates of the smallest mean validation error, of 0.0125, 0.025, .. 0.8 over seeds 50 to 53."""
LARGE = 0.4

SMALL = Setting(
    experiment=CLASSIFY,
    arms=tuple(
        Arm(f"gamma{gamma:g}-lr{rate:g}", {"norm": "batch_norm", "last_gamma": gamma, "learning_rate": rate})
        for gamma, best in BEST.items()
        for rate in (best, LARGE)
    ),
    seeds=12,
    fixed={
        **FASHION, "pool": 4, "net": "resnet20", "batch_size": 64, "images": 4800, "sgd_momentum": 0.9,
        "drops": "0.5,0.75",
    },
)  # fmt: skip
SETTINGS = {
    "small": SMALL,
    "smoke": SMALL.shrunk(images=128),
    "gpu": on({**RESNET20_CIFAR10, "net": "resnet56"}, SMALL),
    "paper": on({**RESNET50_IMAGENET, "batch_size": 256}, SMALL),
}

PROTOCOL = (
    "ResNet-20 on 7x7 Fashion-MNIST, 75 steps of batch 64, momentum 0.9, the rate falling to a tenth at half "
    "and at three quarters of the steps. The last batch norm of each of the nine branches starts with weight "
    "0 or 1; the best rates, 0.2 and 0.025, are those of validation images."
)

FIGURES = (
    Curve(x="learning_rate", y="test_error", hue="last_gamma", log_x=True, scale=100.0,
          y_label="test error (%)", title="Test error by the weight at which branches start"),
)  # fmt: skip


def saved(rows: Rows) -> float:
    """e(gamma 1) - e(gamma 0) at the large rate, in percentage points."""
    _, one, _, zero = [points(row) for row in rows]
    return one - zero


CLAIM = Claim(
    id="WH18-10",
    locator="section 4.1, implementation",
    statement="At sixteen times the rate that is best with branches at full weight, a residual network whose "
    "branches start at zero ends with an error at least five percentage points lower.",
    protocol=PROTOCOL,
    settings=SETTINGS,
    effect=saved,
    region=above(5.0),
    unit="percentage points",
    figures=FIGURES,
    substitution=Substitution(better="higher", margin=2.0),
)
