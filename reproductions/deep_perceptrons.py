"""Ten hidden layers, where batch norm is faster: the bed of Santurkar et al. 2018, sections 2 and 3."""

from dataclasses import replace

from bnref.evidence.claim import Arm, Setting, grid
from reproductions.beds import FASHION
from reproductions.paper_beds import Bed

DEEP: Bed = {
    **FASHION,
    "net": "mlp",
    "depth": 10,
    "width": 64,
    "batch_size": 64,
    "images": 12_800,
    "learning_rate": 0.1,
}
"""200 steps of plain SGD of ten hidden layers: deep enough for batch norm to be faster, and every
normaliser's net leaves chance."""

L1, L2, LINF = (
    Arm(name, {"norm": f"bnref.lab.variants:{name}"})
    for name in ("l1_batch_norm", "l2_batch_norm", "linf_batch_norm")
)

NOISY = Arm("noisy_batch_norm", {"norm": "noisy_batch_norm"})

NOISY_IDENTITY = Arm("noisy_identity", {"norm": "bnref.lab.variants:NoisyIdentity"})

NOISE_X2, NOISE_X4, OWN_NOISE, PLAIN_NOISE_X2, RELATIVE_NOISE = (
    Arm(name, {"norm": f"bnref.lab.variants:{factory}"})
    for name, factory in (
        ("noise_x2", "noise_x2"),
        ("noise_x4", "noise_x4"),
        ("independent_noise", "IndependentNoise"),
        ("plain_noise_x2", "plain_noise_x2"),
        ("relative_noise", "relative_noise"),
    )
)
"""Noise of algorithm 1 in other doses, drawn for each value, and without a norm."""

LAST_NOISE = Arm("noise_behind_last", {"norm": "noisy_batch_norm", "noise": "last"})

LAYER_INPUTS = Setting(
    experiment="bnref.lab.experiments.layer_inputs",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=12,
    fixed={**DEEP, "probe_every": 20, "target": 0.7},
)
"""Speed of training and shift of activations, for claims of Santurkar et al. 2018, section 2."""

DEEP_LANDSCAPE = Setting(
    experiment="bnref.lab.experiments.landscape",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=12,
    fixed={**DEEP, "images": 6400, "probe_every": 5},
)
"""The first 100 steps of the deep net, for landscapes of many arms: a quarter of LANDSCAPE's time."""

RELATIVE_LANDSCAPE = replace(DEEP_LANDSCAPE, fixed={**DEEP_LANDSCAPE.fixed, "distance": "relative"})
"""The same, every tensor of parameters moved in proportion to its own size."""

INSERTED_NORM = replace(
    DEEP_LANDSCAPE,
    experiment="bnref.lab.experiments.inserted_norm",
    arms=grid(norm=("batch_norm",)),
)
"""A plain network and its twin with a batch norm that changes no output, in one cell."""

RANDOM_DIRECTIONS = replace(DEEP_LANDSCAPE, experiment="bnref.lab.experiments.random_directions")

GRADIENT_SHIFT = Setting(
    experiment="bnref.lab.experiments.gradient_shift",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=12,
    fixed={**DEEP, "probe_every": 5},
)
"""Definition 2.1 of Santurkar et al. 2018 in 40 steps of the run."""

UNIT_GRADIENTS = Setting(
    experiment="bnref.lab.experiments.unit_gradients",
    arms=grid(norm=("batch_norm",)),
    seeds=12,
    fixed={**DEEP, "probe_every": 5},
)
"""Batch norm and its plain twin in one cell, unit by unit."""

FITTED = Setting(
    experiment="bnref.lab.experiments.perceptron",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=20,
    fixed={
        **FASHION,
        "train_images": 1000,
        "batch_size": 50,
        "depth": 10,
        "width": 64,
        "activation": "relu",
        "learning_rate": 0.1,
        "images": 50_000,
    },
)
"""Fifty passes over few images, which both networks come to fit."""

OTHERS = tuple(
    str(arm.parameters["norm"])
    for arm in (*grid(norm=("identity",)), L1, L2, LINF, NOISY, NOISY_IDENTITY)
)
"""Norms of the arms that are neither batch norm nor a user's layer in its place."""

NOISE = (
    "Noise as in algorithm 1, drawn anew at every step: n_mu 0.5, n_sigma 1.25, r 0.1, r_sigma a standard "
    "deviation. "
)

DEEP_PROTOCOL = (
    "Ten hidden layers of 64 units on 14x14 Fashion-MNIST, He initialisation in every arm, plain SGD at "
    "0.1, batch 64, 200 steps. "
)

RELATIVE_PROTOCOL = (
    "The first 100 steps, probed every five: every tensor of parameters moves against its gradient by rho "
    "times its own length, rho in {1/2, 1, 2, 4} %, in training mode on the batch, so that the distance "
    "says nothing of the sizes of gradients and weights. Judged only where both arms end above 30 % "
    "training accuracy. "
)

INSERTED_PROTOCOL = (
    "The plain network trains for 100 steps. Every five a batch norm with gamma = sd and beta = mean of "
    "the batch is put behind each of its hidden layers, which changes none of its outputs on that batch; "
    "then both are probed along their own gradients as in SA18-8. Judged where the network ends above 30 % "
    "training accuracy. "
)

SHIFT_PROTOCOL = (
    "Every 20 steps 500 fixed training images pass in training mode before and after the step; the "
    "change of a unit's statistic is averaged over all units, then the median taken over the steps. "
)
