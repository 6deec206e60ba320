"""The noise of noisy batch norm, without batch norm, keeps a network from training at all.

Santurkar et al. 2018, section 2.1, in one sentence of the text. "Not at all" is taken as at most half over
chance. In the pilot (seeds 50-58) eight of nine noisy networks ended at 40 to 66 % and one diverged.
"""

from dataclasses import replace

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, grid
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, LAYER_INPUTS, NOISE, NOISY_IDENTITY
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import accuracy

SETTING = replace(LAYER_INPUTS, arms=(NOISY_IDENTITY, *grid(norm=("identity",))))
TWICE_CHANCE = 20.0


def below_twice_chance(rows: Rows) -> Effect:
    """By how many points the noisy net ends below twice chance. Undefined where the plain one fails, too."""
    plain, noisy = rows.one(norm="identity"), rows.without(norm=("identity",))[0]
    if not leaves_chance(plain):
        return UNDEFINED
    return TWICE_CHANCE - 100 * noisy["train_accuracy"]


CLAIM = Claim(
    id="SA18-5",
    locator="section 2.1",
    statement="The same amount of noise behind every layer keeps the network without normalisation from "
    "training: it ends at 15 % training accuracy or less, of ten classes.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "The same s a + m is applied to activations that are not normalised. Accuracy of the last tenth of the "
    "batches; judged where the network without noise ends above 30 %; a diverged run counts as chance.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=below_twice_chance,
    region=above(5.0),
    unit="points of training accuracy below twice chance",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="With He initialisation activations are of the size of one, and noise of 0.3 slows "
            "training without ending it; where activations are a tenth of that it would drown them.",
            depends_on_scale=True,
        )
    },
    figures=(accuracy("identity"),),
)
