"""Batch norm reaches a training accuracy in fewer steps at the same learning rate.

Santurkar et al. 2018, section 2, figure 1 (a), a single run. In the pilot (seeds 50-52) the plain net took
1.7 to 2.6 times as many steps to 70 %, the accuracy at which its curve is still steep.
"""

from bnref.evidence.claim import Claim, Effect, Row, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import DEEP_PROTOCOL, LAYER_INPUTS, OTHERS
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import accuracy


def steps(row: Row, taken: float) -> Effect:
    """Steps to the target; [taken, inf] where it was not reached in as many as were taken."""
    reached = row.metrics.get("steps_to_target")
    return (taken, float("inf")) if reached is None else reached


def doublings(rows: Rows) -> Effect:
    """log2 of the steps without a normaliser over those with batch norm."""
    plain, normalised = rows.one(norm="identity"), rows.without(norm=OTHERS)[0]
    taken = max((row.series["step"][-1] for row in rows if not row.diverged), default=0.0)
    return log_ratio(steps(plain, taken), steps(normalised, taken), base=2)


CLAIM = Claim(
    id="SA18-1",
    locator="section 2, figure 1 (a)",
    statement="At the same learning rate a network without normalisation takes at least 1.4 times as many "
    "steps as with batch normalisation to a given training accuracy.",
    protocol=DEEP_PROTOCOL
    + "Steps until ten successive batches average 70 % accuracy; a run that does not get "
    "there counts as more than 200.",
    settings=santurkar_settings(LAYER_INPUTS, images=1920),
    effect=doublings,
    region=above(0.5),
    unit="log2 of the steps, plain over batch norm",
    figures=(accuracy("identity", "batch_norm"),),
    substitution=Substitution(better="higher", margin=0.25),
)
