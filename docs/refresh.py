"""Copy what the quickstart found to docs/quickstart/ and its summary into README.md: `make docs`."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = {
    "comparison.csv": "comparison.csv",
    "comparison.csv.json": "comparison.csv.json",
    "summary.txt": "summary.txt",
    "figures/optimizers/mnist/fcn/20.png": "optimizers.png",
    "figures/errors/mnist/fcn/100.png": "errors.png",
}
BEGIN, END = "<!-- quickstart: made by `make docs` -->\n```text\n", "```\n<!-- end -->"


def with_summary(readme: str, summary: str) -> str:
    """``readme`` with ``summary`` between its marks."""
    head, rest = readme.split(BEGIN)
    return head + BEGIN + summary + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    copies = ROOT / "docs" / "quickstart"
    copies.mkdir(exist_ok=True)
    for name, copy in KEPT.items():
        shutil.copyfile(ROOT / "results" / "quickstart" / name, copies / copy)
    path = ROOT / "README.md"
    summary = (copies / "summary.txt").read_text(encoding="utf-8")
    path.write_text(with_summary(path.read_text(encoding="utf-8"), summary), encoding="utf-8")
