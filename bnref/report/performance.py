"""reports/performance.json: what the suite itself costs, section by section, in one environment."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from bnref.report import roofline

SECTIONS = ("throughput", "scaling", "overhead_ms_per_cell", "sequential", "layers")
"""What a whole run of `pytest benchmarks/ -m speed` measures. Only a whole run is published."""


def write(root: Path, sections: Mapping[str, object], environment: Mapping[str, object]) -> Path:
    """Write the sections: to reports/ where all are there, else to .bnref/report/. The path written."""
    whole = all(name in sections for name in SECTIONS)
    folder = root / "reports" if whole else root / ".bnref" / "report"
    folder.mkdir(parents=True, exist_ok=True)
    ordered = {name: sections[name] for name in SECTIONS if name in sections}
    path = folder / "performance.json"
    text = msgspec.json.format(msgspec.json.encode({"environment": environment, **ordered}))
    path.write_bytes(text + b"\n")
    layers = ordered.get("layers")
    if isinstance(layers, Mapping):
        (folder / "roofline.svg").write_text(roofline.draw(layers))
    return path
