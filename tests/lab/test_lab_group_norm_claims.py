"""What claims of Wu & He 2018 measure: tuning on other classes, the spread of features, gammas at zero."""

import pytest
import torch
from torch import nn

from bnref.evidence.cell import Cell
from bnref.lab.data import Split, load
from bnref.lab.experiments import feature_range, fine_tuning
from bnref.lab.nets import convnet, initialise
from bnref.lab.papers.catalogue import paper_net
from bnref.lab.papers.resnet import start_branches

ARM = {
    "data": "digits",
    "pool": 1,
    "net": "convnet3",
    "norm": "batch_norm",
    "sgd_momentum": 0.9,
    "batch_size": 16,
    "learning_rate": 0.05,
    "images": 640,
}
TUNING = {"source_images": 1600, "source_batch_size": 16, "source_rate": 0.05, "statistics": "live"}


def measured(experiment, **changed):
    arm = {**ARM, **changed}
    return experiment.run(
        Cell(experiment=experiment.__name__, arm=arm, seed=0, scale="small", device="cpu")
    )


def test_tuning_learns_the_second_half_of_the_classes():
    found = measured(fine_tuning, **TUNING).metrics
    assert found["source_error"] < 0.2, "five digits after 100 steps"
    assert found["test_error"] < 0.2, "the other five after 40 more"
    few = measured(fine_tuning, **{**TUNING, "source_images": 16}).metrics
    assert few["source_error"] > 0.5, "one step teaches nothing"


def test_halves_share_no_image_and_their_labels_start_at_zero():
    data = load("digits", "cpu", 1)
    parts = [fine_tuning.of_classes(data, low, low + 5) for low in (0, 5)]
    assert sum(len(part.test.labels) for part in parts) == len(data.test.labels)
    for low, part in zip((0, 5), parts, strict=True):
        assert part.classes == 5
        assert part.train.labels.unique().tolist() == [0, 1, 2, 3, 4]
        of_low = data.train.images[data.train.labels == low]
        torch.testing.assert_close(part.train.images[part.train.labels == 0], of_low)


def test_frozen_statistics_move_in_no_mode_and_weights_do():
    net = convnet("convnet3", "batch_norm", 1, 5)
    initialise(net, 0)
    fine_tuning.freeze(net)
    images = torch.randn(4, 1, 8, 8)
    net.train()
    training = net(images)
    training.sum().backward()
    net.eval()
    torch.testing.assert_close(net(images), training)
    frozen = [module for module in net.modules() if isinstance(module, fine_tuning.Frozen)]
    assert len(frozen) == 3
    for wrapped in frozen:
        assert not wrapped.norm.running_mean.any(), "they began at 0"
        assert wrapped.norm.weight.grad is not None


def test_statistics_of_two_images_are_not_those_that_the_network_brought():
    live, frozen = (
        measured(fine_tuning, **{**TUNING, "batch_size": 2, "images": 64, "statistics": statistics})
        for statistics in ("live", "frozen")
    )
    assert live.metrics["source_error"] == frozen.metrics["source_error"], "trained alike before"
    assert live.metrics["test_error"] != frozen.metrics["test_error"]
    assert "test_error_reestimated" in live.metrics
    assert "test_error_reestimated" not in frozen.metrics
    with pytest.raises(ValueError, match="'live' or 'frozen'"):
        measured(fine_tuning, **{**TUNING, "statistics": "thawed"})


def test_percentiles_are_of_the_last_convolution_before_its_normaliser():
    found = measured(feature_range, look_every=10)
    assert found.series["step"] == [0, 10, 20, 30]
    net = convnet("convnet3", "batch_norm", 1, 10)
    initialise(net, 0)
    first = _first_batch(net)
    for name in ("p1", "p20", "p80", "p99"):
        share = float(name[1:]) / 100
        assert found.series[name][0] == pytest.approx(float(first.quantile(share)), rel=1e-4)
    spread = [high - low for low, high in zip(found.series["p1"], found.series["p99"], strict=True)]
    assert found.metrics["growth"] == pytest.approx(max(spread) / spread[0])


def _first_batch(net):
    """What leaves the last convolution for the first batch of seed 0."""
    from_loop = []
    split = load("digits", "cpu", 1).train
    last = [module for module in net.modules() if isinstance(module, nn.Conv2d)][-1]
    last.register_forward_hook(lambda layer, given, values: from_loop.append(values))
    fine_tuning.train(
        net, Split(split.images, split.labels), learning_rate=0.0, batch_size=16, steps=1, seed=0
    )
    return from_loop[0].detach().flatten()


def test_a_network_without_normalisers_that_diverges_has_no_growth():
    found = measured(feature_range, norm="identity", learning_rate=1e6, look_every=1)
    assert found.diverged
    assert "growth" not in found.metrics
    assert found.metrics["test_error"] == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("norm", "set_anew"), [("batch_norm", 9), ("group_norm", 9), ("identity", 0)]
)
def test_the_last_normaliser_of_each_branch_starts_where_it_is_told(norm, set_anew):
    net = paper_net("resnet20", norm, 10, channels=1)
    start_branches(net, 0.0)
    at_zero = [name for name, p in net.named_parameters() if "weight" in name and not p.any()]
    assert len(at_zero) == set_anew
    assert all("branch.4" in name for name in at_zero), at_zero
    start_branches(net, 1.0)
    assert all(p.any() for name, p in net.named_parameters() if "weight" in name)
