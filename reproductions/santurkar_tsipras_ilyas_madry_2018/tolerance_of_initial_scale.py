"""With batch norm a network trains from more initial scales and learning rates.

Santurkar et al. 2018, section 3.1, an argument without an experiment; figure 11 varies the rate only.
Three more of twelve settings, a rate's worth, is the smallest gain that counts. In the pilot (seeds 50,
51) batch norm trained in 11 settings and the plain network in 5, of which 3 have He's scale.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Setting, Substitution, grid
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.beds import FASHION, leaves_chance
from reproductions.paper_beds import santurkar_settings

SETTING = Setting(
    experiment="bnref.lab.experiments.initial_scale",
    arms=grid(
        norm=("batch_norm", "identity"),
        weight_scale=(0.5, 1.0, 2.0),
        learning_rate=(2.0**-6, 2.0**-4, 0.25, 1.0),
    ),
    seeds=12,
    fixed={
        **FASHION,
        "pool": 4,
        "net": "mlp",
        "depth": 6,
        "width": 32,
        "batch_size": 50,
        "images": 5000,
    },
)


def more_settings(rows: Rows) -> Effect:
    """Number of settings in which batch norm leaves chance less that without a normaliser."""
    plain, normalised = rows.where(norm="identity"), rows.without(norm=("identity",))
    return float(sum(map(leaves_chance, normalised)) - sum(map(leaves_chance, plain)))


CLAIM = Claim(
    id="SA18-15",
    locator="section 3.1",
    statement="Of twelve combinations of initial scale and learning rate a network with batch normalisation "
    "trains in at least three more than without.",
    protocol="Six hidden layers of 32 units on 7x7 Fashion-MNIST, plain SGD, batch 50, 100 steps. He's "
    "weights of the hidden layers times 1/2, 1 or 2, rates 1/64, 1/16, 1/4 and 1. A run trains if it stays "
    "finite and its training accuracy (last tenth of the steps) exceeds 30 %.",
    settings=santurkar_settings(SETTING, images=250),
    effect=more_settings,
    region=above(2.5),  # counts move by one
    unit="settings of twelve",
    figures=(
        Curve(
            x="weight_scale",
            y="train_accuracy",
            hue="norm",
            log_x=True,
            scale=100.0,
            x_label="initial weights over He's",
            y_label="training accuracy, last tenth of the steps (%)",
            title="Training accuracy against the scale of initial weights",
        ),
    ),
    substitution=Substitution(better="higher", margin=1.0),
)
