"""The deep linear network of Santurkar et al. 2018 at its full size, and its runs."""

from dataclasses import replace

from bnref.evidence.claim import Row, Rows, Setting, grid

DEEP_LINEAR = Setting(
    experiment="bnref.lab.experiments.deep_linear",
    arms=(),
    seeds=20,
    fixed={
        "depth": 25,
        "width": 10,
        "rows": 1000,
        "moments": True,
        "steps": 10000,
        "probe_every": 100,
        "layers": "9,17",
        "pack": 20,
    },
)
"""The deep linear network of Santurkar et al. 2018, appendix A.1, at its full size."""

LINEAR_RATES = (1e-7, 3e-7, 1e-6)
"""The paper's two rates and one between them; at 3e-6 a fifth of the plain networks diverged in pilots."""

DEEP_LINEAR_ARMS = replace(
    DEEP_LINEAR, arms=grid(norm=("batch_norm", "identity"), learning_rate=LINEAR_RATES)
)

DEEP_LINEAR_SETTINGS = {
    "smoke": DEEP_LINEAR_ARMS.shrunk(steps=200, probe_every=20, pack=2),
    **dict.fromkeys(("small", "gpu", "paper"), DEEP_LINEAR_ARMS),
}
"""At every scale the paper's own size."""

DEEP_LINEAR_PROTOCOL = (
    "25 matrices of 10x10, Glorot's normal initialisation, learn to multiply by a Gaussian matrix A: "
    "gradient descent on the sum of squares over 1,000 centred Gaussian rows, 10,000 steps. Batch norm, "
    "its scale and shift trained, stands behind every matrix but the last. The rows enter by their "
    "second moments, which determine the loss of either network exactly."
)


def at_rate(rows: Rows, rate: float) -> tuple[Row, Row]:
    """The runs of the deep linear network at a rate: without a normaliser, and with batch norm."""
    normalised = rows.without(norm=("identity",))
    (there,) = (row for row in normalised if row.arm.parameters["learning_rate"] == rate)
    return rows.one(norm="identity", learning_rate=rate), there
