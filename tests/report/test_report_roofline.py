"""The roofline is drawn from what was measured, and only where layers were."""

from pathlib import Path

from bnref.report import performance


def row(**changed: object) -> dict[str, object]:
    return {
        "layer": "batch_norm",
        "by": "ours",
        "layout": "nhwc",
        "dtype": "f32",
        "timed": "train",
        "compiled": False,
        "bytes_moved": 5_000_000,
        "seconds": 0.001,
        **changed,
    }


def drawn(root: Path, *rows: dict[str, object]) -> str:
    layers = {"bandwidth": {"copy_bytes_per_s": 2e10, "triad_bytes_per_s": 2e10}, "rows": rows}
    performance.write(root, {"layers": layers}, {})
    return (root / ".bnref" / "report" / "roofline.svg").read_text()


def test_every_timing_of_batch_norm_is_a_point(tmp_path: Path) -> None:
    one = drawn(tmp_path, row(), row(by="torch"))
    assert "2 timings" in one
    assert "reaches 20 GB/s" in one
    assert one == drawn(tmp_path, row(), row(by="torch")), "expected the same bytes again"
    assert one != drawn(tmp_path, row(), row(by="torch", seconds=0.002)), "expected it to move"


def test_no_figure_without_layers(tmp_path: Path) -> None:
    performance.write(tmp_path, {"scaling": {"workers": 2}}, {})
    assert not (tmp_path / ".bnref" / "report" / "figures").exists()
