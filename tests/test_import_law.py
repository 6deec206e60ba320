"""The import law: imports point one way, read from the syntax trees (docs/ARCHITECTURE.md)."""

import ast
import subprocess
import sys
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Who may import what. A part is bnref/<folder>/ or bnref/<file>.py; it may import itself, too.
# The first line that fits a module counts.
# A new part needs a line here: decide where it stands before writing it.
LAW: dict[str, tuple[str, ...]] = {
    "bnref.norms": (),
    "bnref.oracle": (),
    "bnref.evidence": (),
    "bnref.conformance.adapters": ("bnref.norms", "bnref.conformance"),
    "bnref.conformance": ("bnref.oracle",),
    "bnref.doctor": ("bnref.norms",),
    "bnref.lab": ("bnref.norms", "bnref.evidence.cell", "bnref.evidence.record"),
    "bnref.execution": ("bnref.evidence",),
    "bnref.report": ("bnref.evidence",),
    "bnref.inspection": (
        "bnref.conformance",
        "bnref.evidence",
        "bnref.execution",
        "bnref.report",
    ),
    "reproductions": ("bnref.evidence",),
    "bnref.schedule": ("bnref.evidence",),
    "bnref.campaign": ("bnref.evidence", "bnref.execution", "bnref.report", "bnref.schedule"),
    "bnref.tuning": ("bnref.campaign", "bnref.evidence", "bnref.schedule"),
    "bnref.progress": ("bnref.evidence", "bnref.execution", "bnref.schedule"),
    "bnref.conduct": (
        "bnref.campaign",
        "bnref.evidence",
        "bnref.execution",
        "bnref.progress",
        "bnref.schedule",
    ),
    "bnref.options": ("bnref.evidence",),
    "bnref.plugin": (
        "bnref.campaign",
        "bnref.conduct",
        "bnref.evidence",
        "bnref.execution",
        "bnref.options",
        "bnref.progress",
        "bnref.report",
        "bnref.schedule",
    ),
    "bnref.cli": (
        "bnref.campaign",
        "bnref.conformance",
        "bnref.doctor",
        "bnref.evidence",
        "bnref.report",
        "bnref.tuning",
    ),
    "bnref.__main__": ("bnref.cli",),
}
WITH_TORCH = ("bnref.norms", "bnref.lab", "bnref.conformance.adapters", "bnref.doctor")
IMPORTS_WHEN_CALLED = ("bnref.cli",)
NO_NAMES = {"util", "utils", "helper", "helpers", "misc", "common"}


@dataclass(frozen=True)
class Import:
    """One import statement: the modules that it may load, and where it stands."""

    names: tuple[str, ...]
    line: int
    in_function: bool
    relative: bool


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(root: Path) -> dict[str, Path]:
    paths = [
        p for folder in ("bnref", "reproductions") for p in sorted((root / folder).rglob("*.py"))
    ]
    return {module_name(path, root): path for path in paths}


def imports(tree: ast.AST, in_function: bool = False) -> list[Import]:
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            names = tuple(alias.name for alias in node.names)
            found.append(Import(names, node.lineno, in_function, False))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names = (base, *(f"{base}.{alias.name}" for alias in node.names))
            found.append(Import(names, node.lineno, in_function, node.level > 0))
        inside = in_function or isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
        )
        found += imports(node, inside)
    return found


def lies_in(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def part_of(name: str) -> str | None:
    return next((part for part in LAW if lies_in(name, part)), None)


def loaded(one: Import, modules: dict[str, Path]) -> set[str]:
    """The modules of this project that an import names: submodules, else the package itself."""
    known = [name for name in one.names if name in modules]
    deeper = [name for name in known if name != one.names[0]]
    return set(deeper or known)


def violations(root: Path) -> list[str]:
    """Every breach of the law under root, one line each."""
    modules = sources(root)
    found = []
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        where = str(path.relative_to(root))
        part = part_of(name)
        if part is None and name != "bnref":
            found.append(f"{where}: no line of the law says what it may import")
        if set(path.relative_to(root).with_suffix("").parts) & NO_NAMES:
            found.append(f"{where}: a name that says nothing")
        graph[name] = set()
        for one in imports(ast.parse(path.read_bytes())):
            at = f"{where} line {one.line}"
            if one.relative:
                found.append(f"{at}: relative import")
            if one.in_function and part not in IMPORTS_WHEN_CALLED:
                found.append(f"{at}: import inside a function")
            tops = {imported.partition(".")[0] for imported in one.names}
            if part not in WITH_TORCH and tops & {"torch", "torchvision"}:
                found.append(f"{at}: imports torch")
            targets = loaded(one, modules)
            if tops & {"bnref", "reproductions"} and not targets:
                found.append(f"{at}: no module {one.names[0]}")
            allowed = (*LAW.get(part or "", ()), *([part] if part else []))
            found += [
                f"{at}: imports {target}"
                for target in sorted(targets - {"bnref"})
                if not any(lies_in(target, home) for home in allowed)
            ]
            graph[name] |= targets - {name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append(f"cycle: {' <- '.join(error.args[1])}")
    return found


def test_the_project_keeps_the_law():
    modules = sources(ROOT)
    parts = {part_of(name) for name in modules}
    assert len(modules) > 50, "expected to have read the whole project"
    assert {"bnref.evidence", "bnref.lab", "reproductions", "bnref.plugin"} <= parts
    found = violations(ROOT)
    assert found == [], "expected no breach of the import law:\n" + "\n".join(found)


def test_the_law_itself_has_no_cycle_and_keeps_torch_below():
    homes = {part: {part_of(home) or home for home in allowed} for part, allowed in LAW.items()}
    TopologicalSorter(homes).prepare()  # raises CycleError
    for part, below in homes.items():
        if part not in (*WITH_TORCH, *IMPORTS_WHEN_CALLED):
            assert not below & set(WITH_TORCH), f"{part} must not reach torch through {below}"


WITHOUT_TORCH = """
import importlib, sys
from pathlib import Path
root = Path(sys.argv[1])
sys.path.insert(0, str(root))
for name in sys.argv[2:]:
    importlib.import_module(name)
from bnref.evidence.registry import load
claims = load(root)
assert claims, "no claims found"
found = [name for name in ("torch", "torchvision", "sklearn", "bnref.lab.data") if name in sys.modules]
print(len(claims), found)
"""


def test_nothing_above_the_lab_loads_torch():
    """Really imported, in a process of its own: each module that may not, and every claim file."""
    above = [n for n in sources(ROOT) if not any(lies_in(n, part) for part in WITH_TORCH)]
    above = [name for name in above if name != "bnref.__main__"]
    assert {"bnref.plugin", "bnref.cli", "bnref.campaign"} <= set(above)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, ROOT, *above],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=1)[1].strip() == "[]", f"expected no torch: {done.stdout}"


LAWFUL = {
    "bnref/__init__.py": '__version__ = "1"',
    "bnref/norms/__init__.py": "import torch",
    "bnref/oracle/__init__.py": "import numpy",
    "bnref/evidence/__init__.py": "",
    "bnref/evidence/cell.py": "import msgspec",
    "bnref/evidence/store.py": "from bnref.evidence import cell",
    "bnref/lab/__init__.py": "import torchvision, bnref.norms\nfrom bnref.evidence.cell import Cell",
    "bnref/execution/__init__.py": "from bnref.evidence.store import Store",
    "bnref/report/__init__.py": "from bnref import __version__",
    "bnref/campaign.py": "import bnref.execution\nfrom bnref.report import write",
    "bnref/plugin.py": "from bnref.campaign import Campaign",
    "bnref/cli.py": "def report():\n    from bnref import report",
    "reproductions/__init__.py": "",
    "reproductions/beds.py": "from bnref.evidence.cell import Cell",
    "reproductions/a_2020/claim.py": "from reproductions.beds import Cell",
}
BREACHES = {
    "norms know evidence": (
        {"bnref/norms/x.py": "from bnref.evidence.cell import Cell"},
        "bnref/norms/x.py line 1: imports bnref.evidence.cell",
    ),
    "oracle knows norms": (
        {"bnref/oracle/x.py": "import bnref.norms"},
        "bnref/oracle/x.py line 1: imports bnref.norms",
    ),
    "oracle knows torch": (
        {"bnref/oracle/x.py": "from torch.nn import Module"},
        "bnref/oracle/x.py line 1: imports torch",
    ),
    "lab knows the store": (
        {"bnref/lab/x.py": "from bnref.evidence import cell, store"},
        "bnref/lab/x.py line 1: imports bnref.evidence.store",
    ),
    "evidence knows the report": (
        {"bnref/evidence/x.py": "from bnref import report"},
        "bnref/evidence/x.py line 1: imports bnref.report",
    ),
    "evidence knows torch": (
        {"bnref/evidence/x.py": "import json\nimport torch.nn"},
        "bnref/evidence/x.py line 2: imports torch",
    ),
    "execution knows the lab": (
        {"bnref/execution/x.py": "import bnref.lab"},
        "bnref/execution/x.py line 1: imports bnref.lab",
    ),
    "report knows execution": (
        {"bnref/report/x.py": "import bnref.execution"},
        "bnref/report/x.py line 1: imports bnref.execution",
    ),
    "campaign knows the plugin": (
        {"bnref/campaign.py": "import bnref.cli"},
        "bnref/campaign.py line 1: imports bnref.cli",
    ),
    "plugin knows torchvision": (
        {"bnref/plugin.py": "import torchvision"},
        "bnref/plugin.py line 1: imports torch",
    ),
    "a claim knows the lab": (
        {"reproductions/a_2020/claim.py": "from bnref.lab import nets"},
        "reproductions/a_2020/claim.py line 1: imports bnref.lab",
    ),
    "a claim knows torch": (
        {"reproductions/a_2020/claim.py": "if True:\n    import torch"},
        "reproductions/a_2020/claim.py line 2: imports torch",
    ),
    "a cycle": (
        {
            "bnref/evidence/x.py": "from bnref.evidence import y",
            "bnref/evidence/y.py": "import bnref.evidence.x",
        },
        "cycle: ",
    ),
    "an import inside a function": (
        {"bnref/plugin.py": "class A:\n    def f(self):\n        import json"},
        "bnref/plugin.py line 3: import inside a function",
    ),
    "a relative import": (
        {"bnref/evidence/x.py": "from . import cell"},
        "bnref/evidence/x.py line 1: relative import",
    ),
    "utils": ({"bnref/lab/utils.py": ""}, "bnref/lab/utils.py: a name that says nothing"),
    "a folder of helpers": (
        {"reproductions/helpers/__init__.py": ""},
        "reproductions/helpers/__init__.py: a name that says nothing",
    ),
    "a part without a law": (
        {"bnref/somewhere/__init__.py": ""},
        "bnref/somewhere/__init__.py: no line of the law says what it may import",
    ),
    "a module that is not there": (
        {"bnref/evidence/x.py": "import bnref.nowhere"},
        "bnref/evidence/x.py line 1: no module bnref.nowhere",
    ),
}


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_lawful_tree_passes(tmp_path):
    assert violations(tree(tmp_path, LAWFUL)) == [], "expected no false alarm"


@pytest.mark.parametrize("breach", BREACHES)
def test_the_law_bites(tmp_path, breach):
    files, expected = BREACHES[breach]
    found = violations(tree(tmp_path, LAWFUL | files))
    assert len(found) == 1, f"expected one line for {breach}, found {found}"
    assert found[0].startswith(expected), f"expected {expected!r}, found {found[0]!r}"
