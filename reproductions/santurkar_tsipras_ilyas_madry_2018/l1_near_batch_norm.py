"""Training is as fast with an l1 norm as with batch norm.

Santurkar et al. 2018, section 3.3, figure 5 (a); two points of the area are the card's margin. The sibling
of SA18-12-near without the norm whose gain differs. In the pilot (seeds 50-52) the difference was 0.0 to
0.2 points.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.deep_perceptrons import DEEP_PROTOCOL, L1, LAYER_INPUTS, OTHERS
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import accuracy, area

SETTING = replace(LAYER_INPUTS, arms=(*LAYER_INPUTS.arms[:1], L1), seeds=20)


def difference(rows: Rows) -> Effect:
    """Difference in area to batch norm, of the l1 norm."""
    normalised = rows.without(norm=OTHERS)[0]
    others = [row["area"] - normalised["area"] for row in rows if row is not normalised]
    return max(others, key=abs)


CLAIM = Claim(
    id="SA18-12-l1",
    locator="section 3.3, figure 5 (a)",
    statement="Networks normalised by an l1 norm train as fast as with batch normalisation: the mean "
    "training accuracy over the run differs by at most two points.",
    protocol=DEEP_PROTOCOL
    + "Mean over all steps of the accuracy of the batch, in percent. Norms are of values not "
    "centred.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=difference,
    region=within(-2.0, 2.0),
    unit="points of mean training accuracy",
    figures=(accuracy("batch_norm"), area()),
    substitution=Substitution(better="higher", margin=2.0),
)
