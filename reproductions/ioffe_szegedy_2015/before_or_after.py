"""Batch norm belongs before the activation, not after it (section 3.2).

Pilot seeds 50 to 53: 0.2, -0.2, 1.2 and 0.1 points of test error between the two places.
"""

from bnref.evidence.claim import Arm, Claim, Effect, Expectation, Rows, Setting, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.beds import Bed
from reproductions.perceptrons import DROPOUT, DROPOUT_PROTOCOL

BEFORE: Bed = {"norm": "batch_norm", "dropout": 0.0}
PLACES = Setting(
    experiment=DROPOUT.experiment,
    arms=(Arm("batch_norm-before", BEFORE), Arm("batch_norm-after", {**BEFORE, "place": "after"})),
    seeds=12,
    fixed=DROPOUT.fixed,
)


def better(rows: Rows) -> Effect:
    """Test error with batch norm after the activation minus that before it, in percentage points."""
    (after,) = rows.where(place="after")
    (before,) = (row for row in rows if "place" not in row.arm.parameters)
    return 100 * (after["test_error"] - before["test_error"])


CLAIM = Claim(
    id="IS15-20-accuracy",
    locator="section 3.2, section 5",
    statement="A network that normalises the inputs of its activations is at least half a percentage point "
    "more accurate than one that normalises their outputs.",
    protocol=DROPOUT_PROTOCOL.partition(", dropout")[0] + ". Test error after the last step. The runs with "
    "batch norm before the activation are those of IS15-18 without dropout.",
    settings={"small": PLACES, "smoke": PLACES.shrunk(images=1000)},
    effect=better,
    region=above(0.5),
    unit="percentage points of test error",
    figures=(
        Dots(y="test_error", hue="arm", scale=100.0, y_label="test error (%)",
             title="Batch norm before and after the ReLU"),
    ),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="In two layers of ReLU units both places do alike, and runs differ by a point; the "
            "paper argues from stability without a comparison, and others find either place better.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
