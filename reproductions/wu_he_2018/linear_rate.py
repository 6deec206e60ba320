"""GroupNorm's best learning rate is proportional to the batch size (Wu & He 2018, section 4.1).

The paper uses the rule for all batch sizes and does not test it. Pilot seeds 50 to 55 and
60 to 69: slopes of 0.6 to 1.5, median 0.9, thirteen of sixteen within a quarter of 1.
Its 143 core-seconds: an exponent takes five rates at two batch sizes, in twenty seeds.
"""

from math import log

from bnref.evidence.claim import Arm, Claim, Row, Rows, Setting
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import within
from reproductions.beds import CLASSIFY
from reproductions.group_norm import SHORT
from reproductions.paper_beds import RESNET50_IMAGENET, SHORT_RESNET20_CIFAR10, Bed, on


def arms(rate_per_image: float) -> tuple[Arm, ...]:
    """Five rates in factors of two, the middle one by the linear rule, at batch 8 and at batch 32."""
    return tuple(
        Arm(f"b{size}-x{factor:g}", {
            "norm": "group_norm", "batch_size": size, "learning_rate": rate_per_image * size * factor
        })
        for size in (8, 32)
        for factor in (0.25, 0.5, 1.0, 2.0, 4.0)
    )  # fmt: skip


BED: Bed = {**SHORT, "images": 2560, "reestimate": False}
SMALL = Setting(experiment=CLASSIFY, arms=arms(0.005), seeds=20, fixed=BED)


def best(rows: tuple[Row, ...]) -> float:
    """Where the parabola through the five log errors, by least squares, is least: in doublings."""
    errors = [(place - 2, log(row["test_error"])) for place, row in enumerate(rows)]
    tilt = sum(x * y for x, y in errors) / 10
    bend = sum((x * x - 2) * y for x, y in errors) / 14
    return min(2.0, max(-2.0, -tilt / (2 * bend))) if bend > 0 else -2.0 if tilt > 0 else 2.0


def slope(rows: Rows) -> float:
    """Slope of log2 of the best rate on log2 of the batch size, from 8 to 32."""
    return 1 + (best(rows.where(batch_size=32)) - best(rows.where(batch_size=8))) / 2


CLAIM = Claim(
    id="WH18-11",
    locator="section 4.1, implementation",
    statement="From batch 8 to batch 32 GroupNorm's best learning rate grows in proportion to the batch "
    "size: its log-log slope is 1, within a quarter, so nearer to 1 than to a square root's 1/2.",
    protocol="Three convolutions on 14x14 Fashion-MNIST, 2,560 images seen once, momentum 0.9, the rate "
    "falling to a tenth at half and at three quarters of the steps. Five rates in factors of two at each "
    "size; the best is where a parabola through their log test errors is least.",
    settings={
        "small": SMALL,
        "smoke": SMALL.shrunk(images=128),
        "gpu": on(SHORT_RESNET20_CIFAR10, SMALL, arms=arms(0.1 / 128)),
        "paper": on(RESNET50_IMAGENET, SMALL, arms=arms(0.1 / 256)),
    },
    effect=slope,
    region=within(0.75, 1.25),
    unit="log-log slope",
    figures=(
        Curve(x="learning_rate", y="test_error", hue="batch_size", log_x=True, scale=100.0,
              y_label="test error (%)", title="Test error by rate at two batch sizes"),
    ),
)  # fmt: skip
