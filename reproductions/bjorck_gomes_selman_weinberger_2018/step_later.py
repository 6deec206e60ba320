"""Batch norm tolerates larger steps along later gradients, too (Bjorck et al. 2018, section 3, figure 3).

Pilots on seeds 0-2: 0.0 to 0.2 decades, where the first batch has 1.1 to 2.0.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import Claim, Expectation, Rows, Substitution
from bnref.evidence.figure import Overlay
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import along_gradient, figure_3
from reproductions.deep_nets import (
    FULL,
    NORMALISED_RATE,
    PLAIN,
    PLAIN_RATE,
    STEP,
    STEP_PROTOCOL,
    stepping,
    steps,
)

LATER = replace(STEP, arms=(stepping(PLAIN, PLAIN_RATE, 7), stepping(FULL, NORMALISED_RATE, 7)))


SEVENTH_BATCH = along_gradient(
    7,
    Overlay(points={1e-3: 1.0, 7e-3: 1e6}, source=figure_3(7), line="identity-batch7"),
    Overlay(points={0.1: 0.78}, source=figure_3(7), line="batch_norm-batch7"),
)


def farther(rows: Rows) -> float:
    """log10 of the reach at the seventh batch, with batch norm over without."""
    (full,) = (row for row in rows if row.arm.parameters["norm"] != "identity")
    return math.log10(full["reach"] / rows.one(norm="identity")["reach"])


CLAIM = Claim(
    id="BJ18-6-later",
    locator="section 3, figure 3, mini-batch 7",
    statement="Along the gradient of the seventh batch a deep residual network with batch "
    "normalisation tolerates steps at least five times as large as one without.",
    protocol=STEP_PROTOCOL
    + "At the seventh batch of plain SGD at the rates of the paper's figure, 0.1 with batch"
    " norm and 1e-4 without.",
    settings=steps(LATER),
    effect=farther,
    region=above(0.7),
    unit="decades",
    figures=(SEVENTH_BATCH,),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Six steps of 1e-4 along its huge gradients are enough for the plain network: "
            "its reach grows a hundredfold, to that of batch norm. The figure (CIFAR-10) shows no "
            "such recovery.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)
