"""Batch norm makes the paths that matter several times shallower than without it.

De & Smith 2020, section 2. The sum of DS20-3 is half the blocks where nothing is normalised: 24 of
48, against 3.5. A factor of four is the least that counts as another regime; in pilots it was 6.9.
"""

import math

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.figure import Dots, Overlay
from bnref.evidence.verdict import above
from reproductions.residual_start import START_PROTOCOL, at_start


def shallower(rows: Rows) -> float:
    """log2 of the effective depth without normalisation over that with batch norm."""
    plain, normalised = (rows.one(form=form) for form in ("plain", "batch_norm"))
    return math.log2(plain["effective_depth"] / normalised["effective_depth"])


CLAIM = Claim(
    id="DS20-3-shallow",
    locator="section 2",
    statement="At the start the effective depth of a residual network of 48 blocks is at least four "
    "times smaller with batch normalisation in its branches than without normalisation.",
    protocol=START_PROTOCOL
    + " Sum over blocks of |f_l|^2 / |x_(l+1)|^2. The runs of DS20-1 and DS20-2.",
    settings=at_start("plain", "batch_norm"),
    effect=shallower,
    region=above(2.0),
    unit="log2 ratio, plain over batch norm",
    figures=(
        Dots(
            y="effective_depth",
            hue="form",
            log=True,
            y_label="branches on a path, by mean square",
            title="Effective depth of 48 blocks",
            overlay=(
                Overlay(
                    points={"plain": 24, "batch_norm": sum(1 / (block + 2) for block in range(48))},
                    source="48/2, and 1/2 + 1/3 + .. + 1/49",
                ),
            ),
        ),
    ),
    expected={
        "gpu": Expectation(
            outcome="refuted",
            because="Each of three stages of 16 blocks makes the stream anew, so the sum is "
            "3 x 2.4 against 24: a factor of 3.3.",
            depends_on_scale=True,
        )
    },
)
