import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bnref import cli
from bnref.evidence.store import StoreError
from bnref.report import published, readme

WRITTEN = (".md", ".html", ".json", ".jsonl", ".svg", ".bib")
NO_TORCH = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "pytest"):
            raise ImportError(name + " is not here")
sys.meta_path.insert(0, Blocker())
from bnref.cli import main
code = main(sys.argv[1:])
assert not [name for name in sys.modules if name.partition(".")[0] in ("torch", "pytest")]
sys.exit(code)
"""


pytestmark = pytest.mark.usefixtures("forget_claims")


@pytest.fixture
def reported(once, tmp_path) -> Path:
    """A checkout whose report has been written, to be damaged."""
    return Path(shutil.copytree(once, tmp_path / "copy"))


def check(root: Path) -> int:
    return cli.main(["report", "--root", str(root), "--check"])


def snapshot(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*.*") if path.suffix in WRITTEN}


def test_report_writes_pages_and_readme(reported):
    text = (reported / "README.md").read_text()
    assert "[FK-1](reports/report.md#fk-1)" in text
    assert "✗ refuted" in text
    assert "](reports/figures/summary.svg)" in text
    assert text.endswith("end\n")
    assert 'id="fk-1"' in (reported / "reports" / "report.md").read_text()


def test_check_passes_and_writes_nothing(reported, capsys):
    before = snapshot(reported)
    assert check(reported) == 0
    assert snapshot(reported) == before
    assert "48 of 48 published records are of older code." in capsys.readouterr().out


def report_of(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): content for path, content in snapshot(root).items()}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_check_names_each_difference_in_one_line(reported, capsys):
    reports = reported / "reports"
    edit(reports / "findings.json", "refuted", "supported")
    edit(reports / "report.html", "✗", "✓")
    edit(reports / "report.md", "✗", "✓")
    edit(reports / "references.bib", "A fake", "A fact")
    edit(reports / "figures" / "FK-1-2.svg", "#", "# ")
    edit(reported / "README.md", "✗", "✓")
    (reports / "figures" / "FK-1-1.svg").unlink()
    (reports / "figures" / "OLD.svg").write_text("<svg/>")
    assert check(reported) == 1
    lines = capsys.readouterr().err.splitlines()
    found = [" ".join(line.split()[:2]) for line in lines]
    assert sorted(found) == [
        "README.md: block",
        "reports/figures/FK-1-1.svg: missing:",
        "reports/figures/FK-1-2.svg: differs",
        "reports/figures/OLD.svg: no",
        "reports/findings.json: differs",
        "reports/references.bib: differs",
        "reports/report.html: differs",
        "reports/report.md: differs",
    ]
    assert all("run `bnref report`" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("reports/findings.json", "refuted", "supported"), ("README.md", "✗", "✓")],
)
def test_one_edit_fails_the_check(reported, capsys, name, old, new):
    edit(reported / name, old, new)
    assert check(reported) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_nothing_published_yet(checkout, capsys, options):
    for path in (checkout / "reports" / "records").iterdir():
        path.unlink()
    assert cli.main(["report", "--root", str(checkout), *options]) == 0
    assert "Nothing published yet" in capsys.readouterr().out


def fails(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["report", "--root", str(root)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("bnref: ")
    return lines[0]


def test_readme_without_a_marker(checkout, capsys):
    edit(checkout / "README.md", "<!-- /bnref:figure -->", "")
    assert "README.md: no place for the generated block 'figure'" in fails(checkout, capsys)
    assert not (checkout / "reports" / "findings.json").exists()


def test_no_readme(checkout, capsys):
    (checkout / "README.md").unlink()
    assert "README.md: No such file" in fails(checkout, capsys)


def test_an_edited_record(checkout, capsys):
    edit(checkout / "reports" / "records" / "clear.jsonl", '"diverged":false', '"diverged":true')
    assert "clear.jsonl line 1: its content does not match" in fails(checkout, capsys)


def test_a_broken_claim(checkout, capsys):
    (checkout / "reproductions" / "fake_2020" / "broken.py").write_text("CLAIM = 1 / 0\n")
    assert "broken.py line 1: ZeroDivisionError" in fails(checkout, capsys)


def test_not_a_checkout(tmp_path, capsys):
    assert "no folder reproductions/" in fails(tmp_path, capsys)


def test_without_torch_and_pytest(checkout, once):
    command = [sys.executable, "-c", NO_TORCH, "report", "--root", str(checkout)]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    assert report_of(checkout) == report_of(once)  # the same bytes, another process


def test_publish_replaces_and_removes(checkout):
    reports = checkout / "reports"
    records = published.load(reports)
    assert {path.name for path in (reports / "records").iterdir()} == {"clear.jsonl", "wrong.jsonl"}
    published.publish(reports, [r for r in records if r.cell.experiment.endswith("clear")])
    assert {path.name for path in (reports / "records").iterdir()} == {"clear.jsonl"}
    assert len(published.load(reports)) == len(records) // 2


def test_records_of_one_run_that_contradict(checkout, made_up):
    records = published.load(checkout / "reports")
    other = type(records[0])(
        **{
            name: getattr(records[0], name)
            for name in records[0].__struct_fields__
            if name != "seconds"
        },
        seconds=9.0,
    )
    with pytest.raises(StoreError, match="two published records of one run"):
        published.judged_again({}, [*records, other])


def test_older_counts_changed_and_gone_code(checkout, monkeypatch):
    records = published.load(checkout / "reports")
    assert published.older(records) == len(records)  # their module does not exist
    monkeypatch.setattr(published, "code_digest", lambda experiment, norm: "c" * 64)
    assert published.older(records) == 0


def test_update_says_whether_anything_changed(checkout, made_up):
    path = checkout / "README.md"
    assert readme.update(path, made_up) is True
    assert readme.update(path, made_up) is False


def test_python_m_bnref():
    command = [sys.executable, "-m", "bnref", "--version"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert answer.stdout.startswith("bnref ")
