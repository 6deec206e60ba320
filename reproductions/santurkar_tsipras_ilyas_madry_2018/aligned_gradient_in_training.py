"""The assumption under theorem 4.2: for most units <dL/dz, yhat> is positive.

Santurkar et al. 2018, section 4.2, which does not test it. Where the next layer is followed by batch norm,
too, scaling all of a layer's z changes nothing, so that <dL/dz, z> sums to zero over it: no majority of
either sign is to be expected. In the pilot (seeds 50-52) 48 to 49 % of the units.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import DEEP_PROTOCOL, UNIT_GRADIENTS
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_tsipras_ilyas_madry_2018.unit_gradient_in_training import over_half


def majority(rows: Rows) -> Effect:
    """Units with <dL/dz, yhat> > 0."""
    return over_half(rows, "aligned")


CLAIM = Claim(
    id="SA18-T2-training",
    locator="theorem 4.2, the discussion under it",
    statement="During training the inner product of a unit's gradient and its normalised outputs is positive "
    "in at least 55 % of units and steps.",
    protocol=DEEP_PROTOCOL
    + "Every five steps, on the batch that trains: <dL/dz, yhat> of every hidden unit, z the outputs of "
    "batch norm with weight and bias, yhat those before. Judged where it and its plain twin end above 30 %.",
    settings=santurkar_settings(UNIT_GRADIENTS, images=640),
    effect=majority,
    region=above(5.0),
    unit="points over one half",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="A batch norm behind the next layer makes the loss blind to the scale of this one: the "
            "inner products <dL/dz, z> of a layer sum to zero, and about half of them are negative.",
        )
    },
    figures=(
        Band(
            series="aligned",
            hue="norm",
            x="step",
            x_label="training step",
            y_label="units with <dL/dz, yhat> > 0 (%)",
            title="Units whose loss falls when their outputs shrink",
        ),
    ),
    substitution=Substitution(better="higher", margin=5.0),
)
