"""A deeper network, too, loses where two images are normalised at a time (Wu & He 2018, section 4.1).

ResNet-101 at batch 2 in the paper; here ghosts of two in batches of 32, as in WH18-1-ghosts, so that the
normalisation alone differs, which group norm does not notice. Pilot seeds 50 to 52: 8 to 10 points with
three convolutions, 4 to 6 with six.
"""

from bnref.evidence.claim import Arm, Claim, Reported, Rows, Setting, Substitution
from bnref.evidence.effects import points
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.beds import CLASSIFY, VARIANTS
from reproductions.group_norm import SHORT
from reproductions.paper_beds import wu_he_scales


def arms(**rates: float) -> tuple[Arm, ...]:
    """Batches of 32 normalised by two and as a whole, in each of the networks, at its rate."""
    norms = {"ghosts_of_2": f"{VARIANTS}:ghosts_of_2", "batch_norm": "batch_norm"}
    return tuple(
        Arm(f"{net}-{name}", {"net": net, "norm": norm, "batch_size": 32, "learning_rate": rate})
        for net, rate in rates.items()
        for name, norm in norms.items()
    )


SMALL = Setting(experiment=CLASSIFY, arms=arms(convnet3=0.16, convnet6=0.08), seeds=12, fixed=SHORT)
GPU, PAPER = (
    dict.fromkeys(nets, 0.0) for nets in (("resnet20", "resnet56"), ("resnet50", "resnet101"))
)
"""Without rates: theirs is per image."""


def least_loss(rows: Rows) -> float:
    """e(by two) - e(whole batch) in percentage points, in the network in which it is smaller."""
    by_two, whole, deep_by_two, deep_whole = [points(row) for row in rows]
    return min(by_two - whole, deep_by_two - deep_whole)


CLAIM = Claim(
    id="WH18-12",
    locator="section 4.1, deeper models",
    statement="In a network of twice the depth, as in the shallower one, normalising two images at a time "
    "instead of 32 costs at least one percentage point.",
    protocol="Three convolutions, or two in the place of each, on 14x14 Fashion-MNIST; 3,000 images seen "
    "once in batches of 32, momentum 0.9, the rate falling to a tenth at half and at three quarters of the "
    "steps, each network at batch norm's best rate on validation images. The smaller of the two losses.",
    settings={
        "small": SMALL,
        "smoke": SMALL.shrunk(images=128),
        **wu_he_scales(SMALL, gpu_arms=arms(**GPU), paper_arms=arms(**PAPER)),
    },
    effect=least_loss,
    region=above(1.0),
    unit="percentage points",
    reported=(
        Reported(metric="ResNet-101, batch 2 minus batch 32", value=9.9, source="section 4.1, 31.9 and 22.0"),
        Reported(metric="ResNet-50, batch 2 minus batch 32", value=11.1, source="table 2"),
    ),
    figures=(
        Dots(y="test_error", hue="arm", scale=100.0, y_label="test error (%)",
             title="SGD batch 32, normalised by 2 or as a whole, at two depths"),
    ),
    substitution=Substitution(better="lower", margin=1.0),
)  # fmt: skip
