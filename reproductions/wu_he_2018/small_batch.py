"""At two samples per batch BatchNorm loses accuracy that GroupNorm keeps (Wu & He 2018, table 2)."""

from bnref.evidence.claim import Arm, Claim, Curve, Reported, Row, Rows, Setting, Substitution, grid
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.beds import FASHION

NORMS = ("batch_norm", "group_norm")
BATCHES = (2, 4, 8, 32)
RATE_AT_32 = {"batch_norm": 0.04, "group_norm": 0.02}
"""Smallest mean validation error over the tuning seeds: `bnref tune WH18-1` prints the table."""

FIXED = {**FASHION, "net": "convnet5", "images": 6000, "sgd_momentum": 0.9, "reestimate": True}


def extra_loss(rows: Rows) -> float:
    """[e_BN(2) - e_BN(32)] - [e_GN(2) - e_GN(32)], running statistics, in percentage points."""
    bn = {row.arm.parameters["batch_size"]: row for row in rows.without(norm=("group_norm",))}
    gn = {row.arm.parameters["batch_size"]: row for row in rows.where(norm="group_norm")}
    return _loss(bn[2], bn[32]) - _loss(gn[2], gn[32])


def _loss(small: Row, large: Row) -> float:
    return points(small) - points(large)


ARMS = tuple(
    Arm(
        f"{norm}-b{batch}",
        {"norm": norm, "batch_size": batch, "learning_rate": RATE_AT_32[norm] * batch / 32},
    )
    for norm in NORMS
    for batch in BATCHES
)
SMALL = Setting(experiment="bnref.lab.experiments.classify", arms=ARMS, seeds=15, fixed=FIXED)

CLAIM = Claim(
    id="WH18-1",
    locator="section 4.1, table 2, figure 1",
    statement="Shrinking the batch from 32 to 2 costs BatchNorm at least one percentage point more "
    "accuracy than it costs GroupNorm.",
    protocol="Five convolutions down to 2x2 maps on 14x14 Fashion-MNIST, 6,000 images seen once by SGD "
    "with momentum 0.9. The rate at batch 32 is each arm's best of five on validation images over "
    "five tuning seeds; other batches follow the paper's linear rule. Test error after the last step.",
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=128)},
    tuning=Setting(
        experiment="bnref.lab.experiments.classify",
        arms=grid(norm=NORMS, learning_rate=(0.01, 0.02, 0.04, 0.08, 0.16)),
        seeds=5,
        fixed={**FIXED, "batch_size": 32},
    ),
    effect=extra_loss,
    region=above(1.0),
    unit="percentage points",
    reported=(Reported(metric="difference in differences", value=11.1, source="table 2"),),
    figures=(
        Curve(
            x="batch_size",
            y="test_error",
            scale=100.0,
            hue="norm",
            log_x=True,
            x_label="batch size",
            y_label="test error (%)",
            title="Test error against the batch size",
        ),
    ),
    substitution=Substitution(better="lower", margin=1.0),
)
