"""Batch norm "stabilises the growth of parameters": small weights grow, larger ones do not (section 3.3).

A gradient is at right angles to the weights and shrinks with their size (IS15-E8, IS15-7). Pilot seeds 50
to 53: |w| grows by a factor of 2.2 to 2.3 from a tenth of He's scale, by less than a hundredth from He's.
Runs of IS15-8 had been seen by then: judged on seeds from 200 on, batch norm alone.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.ioffe_szegedy_2015.large_weights_freeze import GROWTH
from reproductions.perceptrons import SCALES, SCALES_AT, SCALES_PROTOCOL, batch_norm

NORMALISED = tuple(arm for arm in SCALES.arms if arm.parameters["norm"] == "batch_norm")


def stabilises(rows: Rows) -> Effect:
    """Decades by which the hidden weights grow from a tenth of He's scale, minus those from He's own."""
    small, usual = (batch_norm(rows, scale=scale) for scale in (0.1, 1.0))
    if small.diverged or usual.diverged:
        return UNDEFINED
    return small["growth"] - usual["growth"]


CLAIM = Claim(
    id="IS15-8-growth",
    locator="section 3.3, batch normalisation will stabilise the parameter growth",
    statement="With batch normalisation hidden weights that start at a tenth of He's scale grow, in the same "
    "steps, by a factor at least 1.6 times that by which weights of He's scale grow.",
    protocol=SCALES_PROTOCOL.partition(" Test error")[0] + " Norm of all hidden weights, last over first.",
    settings={**SCALES_AT, "small": SCALES.unseen(NORMALISED)},
    effect=stabilises,
    region=above(0.2),
    unit="decades",
    figures=(GROWTH,),
    substitution=Substitution(better="higher", margin=0.1),
)  # fmt: skip
