"""A setting on another bed is the same experiment with other data, network and budget."""

from bnref.evidence.claim import grid, plan
from reproductions.beds import LANDSCAPE, SWEEP, VGG_CIFAR10, on


def test_a_bed_swaps_data_network_and_budget_and_leaves_the_rest():
    gpu = on(VGG_CIFAR10, LANDSCAPE)
    assert (gpu.experiment, gpu.arms, gpu.seeds) == (LANDSCAPE.experiment, LANDSCAPE.arms, 20)
    assert VGG_CIFAR10.items() <= gpu.fixed.items()
    assert {name: gpu.fixed[name] for name in ("learning_rate", "probe_every")} == {
        "learning_rate": 0.1,
        "probe_every": 5,
    }
    assert LANDSCAPE.fixed["data"] == "fashion_mnist_10k", "the setting itself is unchanged"


def test_a_bed_may_have_other_arms_and_seeds():
    arms = grid(norm=("batch_norm", "identity"), learning_rate=(1e-4, 1e-2))
    cells = plan(on(VGG_CIFAR10, SWEEP, arms=arms, seeds=6), "gpu", "cuda")
    assert len(cells) == 6 * 4
    assert {one.cell.arm["net"] for one in cells} == {"vgg16"}
    assert {one.cell.arm["learning_rate"] for one in cells} == {1e-4, 1e-2}
