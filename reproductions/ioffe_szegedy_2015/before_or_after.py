"""Batch norm belongs before the activation, not after it (section 3.2).

Pilot seeds 50 and 51: 0.2 and -0.2 points of test error between the two places.
"""

from dataclasses import replace

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.regularisation import DROPOUT_AT, DROPOUT_PROTOCOL

BEFORE: dict[str, Value] = {"norm": "batch_norm", "dropout": 0.0}
ARMS = (Arm("batch_norm-before", BEFORE), Arm("batch_norm-after", {**BEFORE, "place": "after"}))


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
    settings={
        scale: replace(setting, arms=ARMS) for scale, setting in DROPOUT_AT.items()
    },
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
            because="In two layers of ReLU units both places do alike to within what runs differ by; the "
            "paper argues from stability and gives no comparison, and others find either place better.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
