"""Figures that claims of Bjorck et al. 2018 share, drawn after its figures 3, 5 and 6."""

from bnref.evidence.figure import Band, Dots, HeatMap, Overlay

LARGEST_RATES = Dots(
    y="largest_rate",
    hue="arm",
    log=True,
    y_label="largest learning rate that trains",
    title="Largest learning rate that trains, by depth and normaliser",
)

LOGIT_GRADIENTS = HeatMap(
    series=tuple(f"class_{rank}" for rank in range(10, 0, -1)),
    hue="arm",
    x="image_share",
    x_label="share of the images, in the order of their gradients",
    y_label="class, by how many images get it",
    label="gradient of an image's own loss by the logit",
    title="Gradients of the logits at the start",
)
"""The paper's figure 6, with images in order, so that seeds can be summed up."""

STREAMS = Band(
    series="std",
    hue="arm",
    x="block",
    log_y=True,
    x_label="block",
    y_label="standard deviation, mean over channels",
    title="Standard deviation of what leaves each block",
    overlay=(
        Overlay(
            points={3: 0.287, 51: 20.1},
            source="read off figure 5, layers 6 and 102 (ResNet-110, CIFAR-10)",
            line="identity",
        ),
    ),
)


def along_gradient(batch: int, *overlay: Overlay) -> Band:
    """The paper's figure 3 at one batch: relative loss against the step."""
    return Band(
        series="ratio",
        hue="arm",
        x="alpha",
        log_x=True,
        log_y=True,
        x_label="step alpha along the gradient",
        y_label="loss / loss before the step",
        title=f"Loss along the gradient, batch {batch}",
        overlay=overlay,
    )


def figure_3(batch: int) -> str:
    """Where the numbers of the overlays are from."""
    return f"read off figure 3, mini-batch {batch} (ResNet-110, CIFAR-10)"


FIRST_BATCH = along_gradient(
    1,
    Overlay(points={2.5e-4: 0.1, 7e-4: 1.0, 2.7e-3: 1e6}, source=figure_3(1), line="identity"),
    Overlay(points={0.03: 0.85, 0.07: 1.0, 0.2: 2.8}, source=figure_3(1), line="batch_norm"),
)
