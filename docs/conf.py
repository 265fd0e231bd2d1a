"""The documents as a site, by Sphinx: `make site`. They are written for GitHub; a site needs this, too."""

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
PAGES = {
    "Read first": "docs/findings.md docs/paper.md docs/results.md docs/peleg-hein.md docs/volume.md",
    "Use": "config/README.md data/README.md docs/tables.md examples/tour.ipynb docs/extending.md docs/cluster.md",
    "Reference": "docs/methods.md docs/claims.md docs/api.md",
}
CONTENTS = {caption: [page for page in pages.split() if (ROOT / page).exists()] for caption, pages in PAGES.items()}

project = html_title = "sgdbayes"
root_doc = "README"
include_patterns = ["README.md", *(page for pages in CONTENTS.values() for page in pages)]
# Or Sphinx looks for pages in environments and tables, too.
exclude_patterns = [path.name for path in ROOT.iterdir() if not any(p.startswith(path.name) for p in include_patterns)]
extensions = ["myst_nb"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 6
# sphinx-markdown-builder writes api.md with H3 below H1.
suppress_warnings = ["myst.header"]
smartquotes = html_use_index = html_copy_source = html_show_copyright = False
html_theme = "furo"
html_static_path, html_css_files = ["site.css"], ["site.css"]


def _adapt(app: Sphinx, page: str, text: list[str]) -> None:
    """The README gets the contents, anchors in HTML become MyST's, and links to folders, which it has not, text."""
    if page == root_doc:
        for caption, pages in CONTENTS.items():
            text[0] += "\n```{toctree}\n:hidden:\n:caption: " + "\n".join([caption, "", *pages, "```", ""])
    folder = (ROOT / page).parent
    text[0] = re.sub(r"\[([^]]*)]\(([^):#]+)\)", lambda m: m[1] if (folder / m[2]).is_dir() else m[0], text[0])
    # Its names of anchors are in small letters.
    text[0] = re.sub(r"api\.md#[\w.]+", lambda m: m[0].lower(), text[0])
    text[0] = re.sub(r'^<a id="(.+)"></a>$', r"(\1)=", text[0], flags=re.MULTILINE).replace("```default\n", "```text\n")
    text[0] = text[0].replace("```math\n", "```{math}\n")


def setup(app: Sphinx) -> None:
    app.connect("source-read", _adapt)
    index = app.outdir / "index.html"
    app.connect("build-finished", lambda app, failed: failed or shutil.copy(app.outdir / "README.html", index))
