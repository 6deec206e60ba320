"""Errors in claim files: one line with the file, and the line where there is one."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnref.evidence.claim import Paper
from bnref.evidence.registry import ClaimError, family, load

PAPER = """
from bnref.evidence.claim import Paper
PAPER = Paper(cite_key="made_2020", title="T", authors="A", year=2020, venue="V")
"""
CLAIM = """
from bnref.evidence.claim import Claim, Setting, grid
from bnref.evidence.verdict import above
CLAIM = Claim(
    id="{id}", locator="p", statement="S.", unit="nats", region=above(1), effect=lambda rows: 1.0,
    settings={{"{scale}": Setting(experiment="lab.x", arms=grid(a=(1, 2)), seeds=12)}}, **{more}
)
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A checkout with one paper and two claims; claims imported meanwhile are forgotten."""

    def ours() -> list[str]:
        return [name for name in sys.modules if name.partition(".")[0] == "reproductions"]

    path, before = list(sys.path), {name: sys.modules.pop(name) for name in ours()}
    write(tmp_path, "__init__.py", "")
    write(tmp_path, "made_2020/__init__.py", PAPER)
    claim(tmp_path, "b_second", "MA-1")
    claim(tmp_path, "a_first", "MA-2")
    yield tmp_path
    sys.path[:] = path
    for name in ours():
        del sys.modules[name]
    sys.modules.update(before)


def write(root: Path, name: str, text: str) -> None:
    file = root / "reproductions" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    importlib.invalidate_caches()


def claim(root: Path, name: str, id: str, scale: str = "small", more: str = "{}") -> None:
    write(root, f"made_2020/{name}.py", CLAIM.format(id=id, scale=scale, more=more))


def refused(root: Path) -> str:
    with pytest.raises(ClaimError) as error:
        load(root)
    text = str(error.value)
    assert "\n" not in text, f"expected one line, found {text}"
    return text


def test_claims_come_in_the_order_of_their_ids(root):
    write(root, "made_2020/_private.py", "raise RuntimeError('not a claim')")
    write(root, "made_2020/notes.txt", "not a claim")
    write(root, "beds.py", "SHARED = 1")
    (root / "reproductions" / "__pycache__").mkdir(exist_ok=True)
    found = load(root)
    assert list(found) == ["MA-1", "MA-2"], "expected the order of the ids"
    paper, one = found["MA-1"]
    assert (paper.cite_key, one.id) == ("made_2020", "MA-1")


def test_the_family_counts_the_statistical_claims_of_a_paper_at_a_scale(root):
    claim(root, "c", "MA-3", more='{"kind": "control"}')
    claim(root, "d", "MA-4", scale="gpu")
    claims = load(root)
    paper = claims["MA-1"][0]
    assert family(claims, paper, "small") == 2, "MA-1 and MA-2: no control, no other scale"
    assert family(claims, paper, "gpu") == 1
    other = Paper(cite_key="other", title="T", authors="A", year=2020, venue="V")
    assert family(claims, other, "small") == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X = 1\n\ndef broken(:\n", "line 3: SyntaxError: invalid syntax"),
        ("X = 1\nY = undefined\n", "line 2: NameError: name 'undefined' is not defined"),
        (
            "import no_such_module\n",
            "line 1: ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("\n\ndef f():\n    return 1 / 0\nf()\n", "line 4: ZeroDivisionError: "),
        ("X = 1\n", ": no CLAIM of type Claim"),
        ("CLAIM = {'id': 'MA-3'}\n", ": no CLAIM of type Claim"),
        (CLAIM.format(id="MA 3", scale="small", more="{}"), "line 4: ValueError: claim id 'MA 3'"),
        (
            CLAIM.format(id="MA-3", scale="tiny", more="{}"),
            "line 4: ValueError: MA-3: unknown scale",
        ),
        (CLAIM.format(id="MA-3", scale="small", more="{'colour': 1}"), "line 4: TypeError: "),
    ],
    ids=["syntax", "name", "import", "call", "no claim", "type", "id", "scale", "field"],
)
def test_an_error_in_a_claim_file_is_one_line_with_its_place(root, text, message):
    write(root, "made_2020/c_third.py", text)
    expected = f"reproductions/made_2020/c_third.py{'' if message[0] == ':' else ' '}{message}"
    found = refused(root)
    assert found.startswith(expected), f"expected {expected!r}, found {found!r}"


def test_an_error_in_a_file_that_a_claim_imports(root):
    write(root, "beds.py", "X = 1\nY = nothing\n")
    write(root, "made_2020/c_third.py", "\nfrom reproductions.beds import Y\n")
    found = refused(root)
    assert found.startswith("reproductions/made_2020/c_third.py line 2: NameError"), found


def test_a_syntax_error_in_a_file_that_a_claim_imports_is_placed_there(root):
    write(root, "beds.py", "X = 1\n\n\n\ndef broken(:\n")
    write(root, "made_2020/c_third.py", "\nfrom reproductions.beds import X\n")
    found = refused(root)
    assert found == (
        "reproductions/made_2020/c_third.py line 2: SyntaxError: invalid syntax (beds.py, line 5)"
    ), "expected the line of the import and the place of the error"


def test_a_message_of_several_lines_becomes_one(root):
    write(root, "made_2020/c_third.py", "raise RuntimeError('one\\n  two')\n")
    assert refused(root) == "reproductions/made_2020/c_third.py line 1: RuntimeError: one two"


def test_two_claims_of_one_id(root):
    claim(root, "c_third", "MA-1")
    assert refused(root) == "reproductions/made_2020/c_third.py: the id MA-1 is taken"


def test_a_paper_without_its_record(root):
    write(root, "made_2020/__init__.py", "PAPER = 'A, 2020'\n")
    assert refused(root) == "reproductions/made_2020/__init__.py: no PAPER of type Paper"


def test_no_reproductions(tmp_path):
    assert refused(tmp_path) == (
        f"no folder reproductions/ in {tmp_path}: run from the checkout of bnref"
    )
