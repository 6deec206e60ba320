"""Does a longer window help small batches once it is warm? The weights move while it averages."""

from bnref.evidence.claim import Claim, Expectation, Rows, Setting, Substitution, grid
from bnref.evidence.effects import points
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.beds import SHORT_RUN
from reproductions.paper_beds import BEGINNING_OF_RESNET20, on

SMALL = Setting(
    experiment=SHORT_RUN.experiment,
    arms=grid(norm=("batch_norm",), momentum=(0.1, 0.01)),
    seeds=12,
    fixed={**SHORT_RUN.fixed, "batch_size": 4, "images": 3200, "learning_rate": 0.005},
)

ABOVE = dict.fromkeys(("gpu", "paper"), on(BEGINNING_OF_RESNET20, SMALL))


def gain(rows: Rows) -> float:
    """Test error with momentum 0.1 minus that with 0.01 (weight of the new batch), in points."""
    return points(rows.one(momentum=0.1)) - points(rows.one(momentum=0.01))


CLAIM = Claim(
    id="MOM-3",
    locator="window of the running statistics, (2 - m)/m batches",
    statement="At batch 4, after 800 steps, a momentum of 0.01 (weight of the new batch) with its ten "
    "times longer window gives at least half a percentage point less test error than 0.1.",
    protocol="Five convolutions on 14x14 Fashion-MNIST, 800 steps of batch 4, after which momentum 0.01 "
    "keeps 0.03 % of its start. Both arms take the same steps; only the evaluation differs.",
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=64), **ABOVE},
    effect=gain,
    region=above(0.5),
    unit="percentage points of test error",
    figures=(
        Dots(
            y="test_error", hue="momentum", scale=100.0, y_label="test error (%)",
            title="Test error at batch 4 by momentum",
        ),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The window also averages over older weights: while training goes on, the lag of "
            "99 batches weighs about as much as the noise of a window of 19 (pilot seeds 0-2 and "
            "10-17: one of eleven gains half a point).",
        )
    },
    headline="momentum 0.01 at batch 4",
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
