"""The largest learning rate at which a deep residual network trains, one scan from above per cell."""

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.deep_residual import network, recipe
from bnref.lab.training import train

RATES = tuple(2.0**k for k in range(3, -15, -1))
"""From 8 down to 6e-5, in factors of two."""
TRAINS = 0.2
"""Training accuracy over the last tenth of the steps: twice chance with ten classes."""


def run(cell: Cell) -> Measured:
    """`largest_rate`: the first of 8, 4, 2, ... at which SGD gets beyond twice chance.

    Every rate starts from the same weights and sees the same batches. `tried` is the number of rates.
    Diverged where none trains; there is no largest rate then. Series: `accuracy` by `learning_rate`
    (0 where a run diverged).

    Arm: those of `deep_residual`'s network and recipe, and data, pool, steps.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    accuracies: list[float] = []
    metrics: dict[str, float] = {}
    for rate in RATES:
        result = train(
            network(cell, data),
            data.train,
            learning_rate=rate,
            steps=int(arm["steps"]),  # type: ignore[arg-type]
            **recipe(cell),
        )
        accuracies.append(0.0 if result.diverged else result.last(result.accuracies))
        if accuracies[-1] > TRAINS:
            metrics["largest_rate"] = rate
            break
    metrics["tried"] = float(len(accuracies))
    return Measured(
        metrics=metrics,
        series={"learning_rate": list(RATES[: len(accuracies)]), "accuracy": accuracies},
        diverged="largest_rate" not in metrics,
        data=data.sha256,
    )
