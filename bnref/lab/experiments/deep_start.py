"""One batch through a deep residual network at its start, and back (Bjorck et al. 2018, section 3).

Nothing is trained. Normalisers use the statistics of the batch.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy
from torch.nn.grad import conv2d_weight

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.deep_residual import Residual, network
from bnref.lab.randomness import generator

DEPTHS = {"early": 1 / 6, "middle": 1 / 2, "late": 5 / 6}
"""The layers 18, 54 and 90 of 110, as shares of the blocks."""
POINTS = 60
IMAGES = 16
"""Quantiles over the images of a logit's gradient, for a picture of them."""


def run(cell: Cell) -> Measured:
    """What table 1 and figures 2, 5 and 6 show, for one random batch.

    Streams (outputs of the blocks): `growth`, the slope of ln(mean over channels of the standard
    deviation) per block; `disparity`, standard deviation over mean of the channels' standard
    deviations behind the last block. Logits: `modal_share` of the images that get the commonest
    class; `cosine`, its mean over pairs of images of the logits' gradients. Gradient g of the first
    convolution of the middle block: `gradient_median` of |g|, `tail` = q_.999(|g|) / q_.5(|g|). For
    early, middle and late block `cancellation_*` = sum |d| / |sum d|, a ratio of means over the
    kernel's entries, of the summands d over images and positions, and `summands_*`, their number.
    Series `class_1`, `class_2`, ... by `image_share`: quantiles over the images of the gradient of an
    image's own loss by a logit, p - 1 for its class and p for another, the class that most images get
    first.

    Arm: that of `deep_residual.network`, and data, pool, batch_size.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data).train()
    order = torch.randperm(len(data.train.labels), generator=generator(cell.seed, "order"))
    index = order[: int(arm["batch_size"])].to(cell.device)  # type: ignore[arg-type]
    images, labels = data.train.images[index], data.train.labels[index]
    layers = {name: _convolution(net, share) for name, share in DEPTHS.items()}
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}
    for layer in layers.values():
        layer.register_forward_hook(lambda m, inputs, out: seen.update({m: (inputs[0], out)}))

    streams = net.streams(images)
    logits = net.head(streams[-1])
    loss = cross_entropy(logits, labels)
    outs = [seen[layer][1] for layer in layers.values()]
    by_logits, *by_outs = torch.autograd.grad(loss, [logits, *outs])
    metrics = {"loss": float(loss.detach()), **_logits(logits.detach(), by_logits)}
    for (name, layer), v in zip(layers.items(), by_outs, strict=True):
        u = seen[layer][0].detach()
        gradient = _kernel(layer, u, v)
        magnitude = _kernel(layer, u.abs(), v.abs())
        metrics[f"cancellation_{name}"] = float(magnitude.mean() / gradient.abs().mean())
        metrics[f"summands_{name}"] = v[:, 0].numel()
        if name == "middle":
            metrics |= _sizes(gradient)
            levels = (torch.arange(POINTS, device=v.device) + 0.5) / POINTS
            quantiles = gradient.flatten().quantile(levels)
    spread = [x.detach().std((0, 2, 3)) for x in streams]
    heights = torch.stack([s.mean() for s in spread]).double().log()
    metrics |= {
        "growth": slope(heights),
        "disparity": float(spread[-1].std(correction=0) / spread[-1].mean()),
    }
    series = {
        "block": [float(i) for i in range(1, len(streams) + 1)],
        "std": [float(h) for h in heights.exp()],
        "gradient": [float(q) for q in quantiles],
        **_by_class(logits.detach(), len(labels) * by_logits),
    }
    return Measured(metrics=metrics, series=series, data=data.sha256)


def slope(values: Tensor) -> float:
    """The slope of the least-squares line through `values` at 0, 1, 2, ..."""
    x = torch.arange(len(values), dtype=values.dtype, device=values.device)
    x = x - x.mean()
    return float((x * values).sum() / x.square().sum())


def _convolution(net: Residual, share: float) -> nn.Conv2d:
    layer = net.blocks[int(share * len(net.blocks))].branch[0]  # type: ignore[index]
    assert isinstance(layer, nn.Conv2d)
    return layer


def _kernel(layer: nn.Conv2d, u: Tensor, v: Tensor) -> Tensor:
    """The gradient of the layer's kernel, for its input u and the gradient v of its output."""
    return conv2d_weight(u, layer.weight.shape, v, layer.stride, layer.padding)


def _logits(logits: Tensor, gradient: Tensor) -> dict[str, float]:
    count, classes = logits.shape
    commonest = logits.argmax(1).bincount(minlength=classes).max()
    cosine = cosine_similarity(gradient[:, None], gradient[None], dim=2)
    return {
        "modal_share": float(commonest) / count,
        "cosine": float((cosine.sum() - count) / (count * (count - 1))),
    }


def _by_class(logits: Tensor, gradient: Tensor) -> dict[str, list[float]]:
    """Four digits: enough for a picture."""
    chosen = logits.argmax(1).bincount(minlength=logits.shape[1])
    levels = (torch.arange(IMAGES, device=gradient.device) + 0.5) / IMAGES
    order = chosen.argsort(descending=True, stable=True)
    quantiles = gradient[:, order].quantile(levels, dim=0).T
    found = {
        f"class_{rank}": [round(float(q), 4) for q in row] for rank, row in enumerate(quantiles, 1)
    }
    return {"image_share": [float(level) for level in levels], **found}


def _sizes(gradient: Tensor) -> dict[str, float]:
    size = gradient.abs().flatten().double()
    middle, far = size.quantile(size.new_tensor([0.5, 0.999]))
    return {"gradient_median": float(middle), "tail": float(far / middle)}
