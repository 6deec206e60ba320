"""Each diagnosis finds its fault, by the module's name, and says nothing of a sound model."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torchvision.ops import FrozenBatchNorm2d

import bnref.norms
from bnref.doctor.model import batch
from bnref.norms.batch_norm import BatchNorm
from bnref.norms.frozen_batch_norm import FrozenBatchNorm
from bnref.norms.sync_batch_norm import SyncBatchNorm
from tests.doctor.models import (
    Checkpointed,
    EvaluatesWrong,
    HandMade,
    KeptFrozen,
    Net,
    Overflows,
    Siamese,
    fully_connected,
    trained,
)


def frozen(model: Net) -> Net:
    model.bn.requires_grad_(False)
    return model


def evaluating(model: Net) -> Net:
    model.bn.eval()
    return model


def without_statistics(model: Net) -> Net:
    model.bn.reset_running_stats()
    return model


def poisoned(model: Net, value: float) -> Net:
    model.bn.running_var[2] = value
    return model


def not_persistent() -> Net:
    layer = HandMade()
    layer.register_buffer("running_var", torch.ones(6), persistent=False)
    return Net(layer)


SOUND = {
    "torch": Net,
    "ours": lambda: Net(BatchNorm(6)),
    "sync of ours in eval": lambda: Net(BatchNorm(6, momentum=0.01)).eval(),
    "averages all batches": lambda: Net(nn.BatchNorm2d(6, momentum=None)),
    "keras's convention in keras's sense": lambda: Net(HandMade(momentum=0.99, keras=True)),
    "hand-made": lambda: Net(HandMade()),
    "frozen for good": lambda: frozen(Net(FrozenBatchNorm.of(trained(Net()).bn))),
    "kept frozen": lambda: frozen(evaluating(trained(KeptFrozen()))),
    "trained": lambda: trained(Net()),
    "trained and evaluating": lambda: trained(Net()).eval(),
    "not affine": lambda: Net(nn.BatchNorm2d(6, affine=False)),
    "random weights at the start": lambda: Net(nn.BatchNorm2d(6)).apply(
        lambda m: nn.init.normal_(m.weight, 1, 0.02) if isinstance(m, nn.BatchNorm2d) else None
    ),
    "averaged with buffers": lambda: AveragedModel(Net(), use_buffers=True),
    "dropout behind": lambda: nn.Sequential(Net(), nn.Dropout()),
    "group norm": lambda: Net(nn.GroupNorm(2, 6)),
    "instance norm": lambda: Net(nn.InstanceNorm2d(6, momentum=0.9, track_running_stats=True)),
}


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("model", SOUND)
def test_a_sound_model_has_nothing_wrong(found, model, own):
    assert found(SOUND[model](), own=own) == {}


@pytest.mark.parametrize("seed", range(12))
def test_no_false_alarm_on_other_weights_and_inputs(found, seed):
    torch.manual_seed(seed)
    model = Net()
    nn.init.normal_(model.conv.weight, 0, 0.3)
    nn.init.normal_(model.head.weight, 1, 3)
    x = torch.randn(16, 3, 10, 10) * (1 + seed) + 7 * seed
    assert found(model, (x,), own=True) == {}


FAULTS = {
    "momentum of keras": (
        lambda: Net(nn.BatchNorm2d(6, momentum=0.99)),
        {("momentum_convention", "bn"): "wrong"},
    ),
    "momentum of keras, ours": (
        lambda: Net(BatchNorm(6, momentum=0.9)),
        {("momentum_convention", "bn"): "wrong"},
    ),
    "large momentum": (
        lambda: Net(nn.BatchNorm2d(6, momentum=0.6)),
        {("momentum_convention", "bn"): "risky"},
    ),
    "momentum of keras, hand-made": (
        lambda: Net(HandMade(momentum=0.9)),
        {("momentum_convention", "bn"): "wrong"},
    ),
    "momentum 0": (
        lambda: Net(nn.BatchNorm2d(6, momentum=0.0)),
        {("statistics_stand_still", "bn"): "wrong"},
    ),
    "no gradient": (lambda: frozen(trained(Net())), {("frozen_until_train", "bn"): "risky"}),
    "eval in training": (
        lambda: frozen(evaluating(trained(Net()))),
        {("frozen_until_train", "bn"): "wrong"},
    ),
    "plain attributes": (
        lambda: Net(HandMade(saved=False)),
        {("statistics_not_saved", "bn"): "wrong"},
    ),
    "not persistent": (not_persistent, {("statistics_not_saved", "bn"): "wrong"}),
    "replaced": (
        lambda: Net(HandMade(in_place=False)),
        {("statistics_replaced", "bn"): "risky"},
    ),
    "weights without statistics": (
        lambda: without_statistics(trained(Net())),
        {("statistics_at_start", "bn"): "wrong"},
    ),
    "frozen at the start": (
        lambda: Net(FrozenBatchNorm2d(6)),
        {("statistics_at_start", "bn"): "risky"},
    ),
    "half": (
        lambda: Net(BatchNorm(6).bfloat16()),
        {("half_precision_statistics", "bn"): "risky"},
    ),
    "half and slow": (
        lambda: Net(BatchNorm(6, momentum=0.01).bfloat16()),
        {("half_precision_statistics", "bn"): "wrong"},
    ),
    "nan": (
        lambda: poisoned(trained(Net()), float("nan")),
        {("statistics_poisoned", "bn"): "wrong", ("evaluation_not_finite", ""): "wrong"},
    ),
    "negative variance": (
        lambda: poisoned(trained(Net()), -0.5),
        {("statistics_poisoned", "bn"): "wrong", ("evaluation_not_finite", ""): "wrong"},
    ),
    "checkpointed": (lambda: Checkpointed(False), {("checkpointed", "bn"): "wrong"}),
    "checkpointed, reentrant": (lambda: Checkpointed(True), {("checkpointed", "bn"): "wrong"}),
    "called twice alike": (lambda: Siamese(0.0), {("called_more_than_once", "bn"): "note"}),
    "called twice": (
        lambda: Siamese(9.0),
        {("called_more_than_once", "bn"): "risky", ("train_eval_gap", ""): "risky"},
    ),
    "averaged": (lambda: AveragedModel(Net()), {("averaged_without_buffers", ""): "risky"}),
    "sync": (lambda: Net(nn.SyncBatchNorm(6)), {("sync_without_group", "bn"): "note"}),
    "sync of ours": (lambda: Net(SyncBatchNorm(6)), {("sync_without_group", "bn"): "note"}),
    "untracked": (
        lambda: Net(nn.BatchNorm2d(6, track_running_stats=False)),
        {("no_running_statistics", "bn"): "note"},
    ),
    "evaluates wrong": (lambda: Net(EvaluatesWrong()), {("train_eval_gap", ""): "risky"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_where_it_is_and_nothing_else(found, fault):
    model, expected = FAULTS[fault]
    assert found(model()) == expected


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("1x8", {("one_value_per_channel", "3"): "wrong"}),
        ("5x8", {("few_values_per_channel", "3"): "risky"}),
        ("64x8", {("last_batch_of_one", "3"): "note"}),
    ],
)
def test_values_per_channel(found, shape, expected):
    assert found(fully_connected(), shape) == expected


def test_a_deep_sound_model_has_no_gap(found):
    """Thirty layers of m / (m - 1), if it were not left out."""
    blocks = [nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU()) for _ in range(30)]
    seen = found(nn.Sequential(*blocks), "20x8")
    assert {diagnosis for diagnosis, _ in seen} == {"last_batch_of_one"}


def test_few_samples_is_a_note_on_accumulation(found):
    assert found(Net(), "2x3x10x10") == {("gradient_accumulation", "bn"): "note"}


def test_one_value_that_does_not_raise(found):
    class Lenient(nn.BatchNorm1d):
        def forward(self, x):
            return super().forward(x) if len(x) > 1 else x * 0 + self.bias

    seen = found(fully_connected(norm=Lenient(16)), "1x8")
    assert seen == {("one_value_per_channel", "3"): "wrong"}


def test_dropout_before_batch_norm(found):
    behind = ("dropout_before_batch_norm", "4")
    assert found(fully_connected(nn.Dropout(0.5)), "256x8")[behind] == "risky"
    assert behind not in found(fully_connected(nn.Dropout(0.02)), "256x8")


def test_statistics_of_no_batch_beside_trained_ones(found):
    model = nn.Sequential(trained(Net()), nn.BatchNorm1d(2))
    assert found(model, "64x3x10x10")["statistics_at_start", "1"] == "risky"


def test_an_averaged_copy_inside_is_named_and_its_layers_are_not(found):
    model = Net()
    average = AveragedModel(model)
    average.update_parameters(model)
    model.average = average
    assert found(model) == {("averaged_without_buffers", "average"): "wrong"}


def test_a_layer_that_is_not_called(found):
    model = Net()
    model.spare = nn.BatchNorm2d(3)
    assert found(model) == {("not_called", "spare"): "note"}


def test_one_step_that_poisons_the_statistics(found):
    assert found(Net(Overflows())) == {("statistics_poisoned", "bn"): "wrong"}


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, BatchNorm])
def test_two_forwards_before_backward(found, norm):
    """torch's layer keeps its buffers for backward, and ours does not."""

    def twice(model):
        x = batch("16x3x10x10")
        return (model(x) + model(x.flip(0))).square().mean()

    expected = {("two_forwards_before_backward", ""): "risky"} if norm is nn.BatchNorm2d else {}
    assert found(Net(norm(6)), twice) == expected


def test_gap_of_the_loaded_statistics_on_the_models_own_batch(found):
    model = trained(Net())
    x = batch("16x3x10x10")
    assert found(model, (x,), own=True) == {}
    assert found(model, (x * 20,), own=True) == {("train_eval_gap", ""): "risky"}
    assert found(model, (x * 20,), own=False) == {}, "random inputs say nothing of the statistics"


@pytest.mark.parametrize("norm", bnref.norms.names())
def test_our_layers_pass(found, norm):
    """But for what they say: a rank without a group, statistics of no batch where frozen."""
    seen = found(Net(bnref.norms.get(norm).build(6)))
    allowed = {"sync_without_group", "statistics_at_start"}
    assert {diagnosis for diagnosis, _ in seen} <= allowed
