"""The papers' networks have the papers' shapes, take any normaliser, and train."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torchvision.models import resnet50 as torchvision_resnet50

import bnref.norms
from bnref.lab.data import Split
from bnref.lab.nets import initialise
from bnref.lab.papers.catalogue import PAPER_NETS, paper_net
from bnref.lab.papers.inception import MODULES
from bnref.lab.randomness import generator
from bnref.lab.training import train

LARGE = ("resnet50", "resnet101", "bn_inception")
ABOVE_TWO_SECONDS = ("vgg16", "resnet50", "resnet101", "bn_inception", "wide_resnet1000_2")
PARAMETERS = {
    "resnet20": 269_722,  # He et al. 2016, table 6: 0.27, 0.85 and 1.7 million
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "wide_resnet16_4": 2_748_890,
    "vgg16": 14_710_464 + 2 * 4224 + 5130,  # 3x3 weights, batch norm, classifier
    "resnet50": 25_557_032,  # torchvision's table of models
    "resnet101": 44_549_160,
    "bn_inception": 11_188_288,
}


def size(name):
    return 224 if name in LARGE else 32


def build(name, norm="batch_norm", classes=None, seed=0):
    net = paper_net(name, norm, classes or (1000 if name in LARGE else 10))
    initialise(net, seed)
    return net


def two_steps(name, norm):
    """Training of two steps on four random images, and the parameters whose gradient was never but 0."""
    images = torch.randn(4, 3, size(name), size(name), generator=generator(0, "images"))
    split = Split(images.contiguous(memory_format=torch.channels_last), torch.arange(4))
    net = build(name, norm, classes=10).to(memory_format=torch.channels_last)
    missed = {label for label, _ in net.named_parameters()}

    def note(label, gradient):
        if gradient.any():
            missed.discard(label)

    for label, parameter in net.named_parameters():
        parameter.register_hook(partial(note, label))
    run = train(net, split, learning_rate=1e-3, batch_size=4, steps=2, seed=0)
    return run, missed


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in ABOVE_TWO_SECONDS else [])
        for name in PAPER_NETS
    ],
)
def test_two_steps_on_four_random_images_reach_every_parameter(name):
    """The second step: in the first one branches that start at zero pass nothing back."""
    run, missed = two_steps(name, "batch_norm")
    assert len(run.losses) == 2
    assert not run.diverged
    assert not missed, f"no gradient for {missed}"


@pytest.mark.parametrize("norm", bnref.norms.names())
@pytest.mark.parametrize("name", ["resnet20", "wide_resnet16_2"])
def test_every_normaliser_can_stand_in_the_place_of_batch_norm(name, norm):
    run, _ = two_steps(name, norm)
    assert all(math.isfinite(loss) for loss in run.losses.tolist()), run.losses


@pytest.mark.parametrize("name", [name for name in PAPER_NETS if "1000" not in name])
def test_without_a_normaliser_there_is_none_and_convolutions_before_it_get_a_bias(name):
    with torch.device("meta"):
        net = paper_net(name, "identity", 10)
        normalised = paper_net(name, "batch_norm", 10)
    kept = [m for m in net.modules() if getattr(m, "running_mean", None) is not None]
    assert not kept, f"{len(kept)} batch norms are left"
    layers = [[m for m in n.modules() if isinstance(m, nn.Conv2d)] for n in (net, normalised)]
    assert len(layers[0]) == len(layers[1])
    biased = sum(layer.bias is not None for layer in layers[0])
    assert biased >= len(layers[0]) - 1, "only a convolution that nothing follows has none"
    assert not any(layer.bias is not None for layer in layers[1])


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_as_many_as_published(name):
    with torch.device("meta"):
        net = paper_net(name, "batch_norm", 1000 if name in LARGE else 10)
    assert sum(p.numel() for p in net.parameters()) == PARAMETERS[name]


def test_depth_is_in_the_name():
    for name, depth in (
        ("resnet20", 20),
        ("resnet110", 110),
        ("vgg16", 14),
        ("resnet50", 50),
        ("resnet101", 101),
    ):
        with torch.device("meta"):
            modules = list(paper_net(name, "batch_norm", 10).modules())
        layers = [m for m in modules if isinstance(m, nn.Conv2d | nn.Linear)]
        shortcuts = 4 if name in LARGE else 0  # 1x1 convolutions where the shape changes
        assert len(layers) == depth + shortcuts, name


@pytest.mark.slow
def test_resnet50_is_torchvisions_function():
    """In torchvision's parameters, which come in the same order, outputs are the same."""
    theirs = torchvision_resnet50()
    ours = paper_net("resnet50", "torch.nn:BatchNorm2d", 1000)
    with torch.no_grad():
        for index, parameter in enumerate(theirs.parameters()):
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator(index, "moved"))
    values = list(theirs.state_dict().values())
    ours.load_state_dict(dict(zip(ours.state_dict(), values, strict=True)))
    x = torch.randn(2, 3, 64, 64, generator=generator(0, "images"))
    torch.testing.assert_close(ours(x), theirs(x))


def test_only_the_last_normaliser_of_a_bottleneck_starts_at_zero():
    net = build("resnet50")
    still = [
        name
        for name, parameter in net.named_parameters()
        if name.endswith("weight") and not parameter.any()
    ]
    assert len(still) == 16
    assert {name.split(".", 1)[1] for name in still} == {"branch.7.weight"}


def test_modules_of_inception_have_the_printed_numbers_of_channels():
    inputs, found = 192, []
    for module in MODULES:
        inputs = module.one + module.three + module.double + (module.pool or inputs)
        found.append(inputs)
    assert found == [256, 320, 576, 576, 576, 576, 576, 1024, 1024, 1024]


@pytest.mark.parametrize("name", ["resnet20", "wide_resnet16_2", "bn_inception"])
def test_arms_share_weights_where_shapes_agree(name):
    first, other = (
        [m.weight for m in build(name, norm).modules() if isinstance(m, nn.Conv2d | nn.Linear)]
        for norm in ("batch_norm", "identity")
    )
    for index, (a, b) in enumerate(zip(first, other, strict=True)):
        assert torch.equal(a, b), f"layer {index} starts with other weights in an arm"


def test_a_network_for_colours_says_so_of_grey_images():
    with pytest.raises(ValueError, match="'vgg16' takes images of 3 channels, not of 1"):
        paper_net("vgg16", "batch_norm", 10, channels=1)


def test_an_unknown_network_is_named():
    with pytest.raises(ValueError, match="no network 'vgg19': one of vgg16, resnet20"):
        paper_net("vgg19", "batch_norm", 10)
