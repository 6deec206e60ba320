"""Train at a rate that falls from stage to stage, and count the errors after each."""

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.training import errors, reestimate, train


def run(cell: Cell) -> Measured:
    """Test error after each stage (`first_error`, `last_error`, series), population statistics.

    Stage k of `stages` takes as many steps as the others, at learning_rate * decay^k.

    Arm: as for `classify`, images being the budget of all stages, and stages and decay. Momentum
    starts anew with each stage. A diverged run is wrong on all but one in `classes` images from the
    stage in which it diverged on: chance.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    batch_size, stages = int(arm["batch_size"]), int(arm["stages"])  # type: ignore[arg-type]
    rate, decay = float(arm["learning_rate"]), float(arm["decay"])  # type: ignore[arg-type]
    steps = int(arm["images"]) // batch_size // stages  # type: ignore[arg-type]
    chance = 1 - 1 / data.classes
    test_error: list[float] = []
    for stage in range(stages):
        result = train(
            net,
            data.train,
            **recipe(cell)
            | {
                "learning_rate": rate * decay**stage,
                "steps": steps,
                "order": f"order/{stage}",
            },
        )
        if result.diverged:
            test_error += [chance] * (stages - stage)
            break
        reestimate(net, data.train.images[:2000], batch_size=200)
        test_error.append(errors(net, data.test) / len(data.test.labels))
    return Measured(
        metrics={"first_error": test_error[0], "last_error": test_error[-1]},
        series={
            "step": [float(steps * (stage + 1)) for stage in range(stages)],
            "test_error": test_error,
        },
        diverged=result.diverged,
        data=data.sha256,
    )
