"""Fill README.md and the texts here from templates/, after copying figures and tables of results/: `make docs`.

A field of a template calls a function of values.py or text_tables.py. api.md is made by Sphinx from docstrings.
"""

import contextlib
import io
import re
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
import text_tables  # noqa: E402
import values  # noqa: E402

TEMPLATES = ROOT / "docs" / "templates"
# The mark of an item of a list.
_ITEM = re.compile(r"(?:- |\d+\. )?")
# Code, and a number with its interval.
_WHOLE = re.compile(r"`[^`]+`|\S+ \[[-\d., ]+\](?: %)?")
HEAD = "<!-- Made by `make docs` from docs/templates/{}: edit that file. -->\n"
# By target and by what makes the sources: copied if all of them are there.
COPIES = {
    ("quickstart", "make"): {
        "studies.csv": "studies.csv",
        "studies.csv.json": "studies.csv.json",
        "answer.png": "figures/answer.png",
    },
    ("desk", "make figures"): {
        "boolean.png": "figures/reference/bit-fcn-40-16.png",
        "boolean-errors.png": "figures/errors/bit-fcn-40-16.png",
        **{f"{name}.png": f"figures/{name}/mnist-1000-fcn-64-50.png" for name in ("errors", "ranks")},
        "paper.png": "figures/scatter/paper-sgd.png",
        "by-error.png": "figures/by-error/16.png",
        "complexity.png": "figures/complexity/bit-0-fcn-40-sgd.png",
        **{f"{name}.png": f"figures/{name}.png" for name in ("answer", "ep-against-exact", "predictors", "margins")},
        **{
            f"{name}.png": f"figures/sweeps/{name}.png"
            for name in ("train-size", "initial-scale", "overtraining", "learning-rate", "batch-size")
        },
    },
    ("peleg-hein", "snakemake --configfile config/peleg-hein.yaml -- published_figure"): {
        "published.png": "figures/published.png"
    },
    ("volume", "make figures CONFIG=config/volume.yaml"): {"volume.png": "figures/volume.png"},
    ("desk", "verify"): {f"verified.csv{end}": f"verified/0.01/verified.csv{end}" for end in ("", ".json")},
}


_API = """API
===

Examples begin with ``import numpy as np`` and ``import sgdbayes as sb``.

.. automodule:: sgdbayes
   :members:
   :imported-members:
   :exclude-members: analysis, architectures, datasets, figures, posterior, training

Figures
-------

.. automodule:: sgdbayes.figures
   :members:
   :imported-members:
"""
_SPHINX = {
    "extensions": "sphinx.ext.autodoc,sphinx_markdown_builder",
    "add_module_names": "0",
    "autodoc_preserve_defaults": "1",
    "default_role": "code",
    "python_use_unqualified_type_names": "1",
    "smartquotes": "0",
    "markdown_anchor_signatures": "1",
    "rst_prolog": ".. |S| replace:: \\|S\\|\n.. |E| replace:: \\|E\\|\n",
}


def api() -> str:
    """The page of all public names."""
    from sphinx.cmd.build import main

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()) as said:
        (Path(folder) / "index.rst").write_text(_API, encoding="utf-8")
        options = [part for name, value in _SPHINX.items() for part in ("-D", f"{name}={value}")]
        if main(["-C", "-q", "-b", "markdown", *options, folder, f"{folder}/out"]) or "ERROR" in said.getvalue():
            raise RuntimeError(f"Sphinx could not read the docstrings: {said.getvalue()}")
        text = (Path(folder) / "out/index.md").read_text(encoding="utf-8")
    # The star before keyword-only arguments gets lost.
    return "<!-- Made by `make docs` from docstrings. -->\n" + text.replace(", , ", ", *, ")


def wrapped(text: str, width: int) -> str:
    """Markdown with no line of prose longer than ``width``: templates have a paragraph a line."""
    lines, paragraph, code = [], [], False

    def end() -> None:
        if paragraph:
            indent = " " * len(_ITEM.match(paragraph[0])[0])
            together = " ".join([paragraph[0], *map(str.strip, paragraph[1:])])
            together = _WHOLE.sub(lambda found: found[0].replace(" ", "\0"), together)
            options = {"break_long_words": False, "break_on_hyphens": False}
            parts = textwrap.wrap(together, width, subsequent_indent=indent, **options)
            lines.extend(part.replace("\0", " ") for part in parts)
            paragraph.clear()

    for line in text.split("\n"):
        code ^= line.startswith("```")
        if code or not line or line.startswith(("```", "|", "#", "![", "<", "$$")):
            end()
            lines.append(line)
        else:
            if _ITEM.match(line)[0]:
                end()
            paragraph.append(line)
    end()
    return "\n".join(lines)


def filled() -> dict[Path, str]:
    """The texts, by path."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True
    )
    for module in (values, text_tables):
        environment.globals |= vars(module)
    texts = {}
    for name in environment.list_templates(["jinja"]):
        first = name.startswith("README")
        path = ROOT / ("" if first else "docs") / name.removesuffix(".jinja")
        texts[path] = HEAD.format(name) + wrapped(environment.get_template(name).render(), 100 if first else 120)
    texts[ROOT / "docs" / "api.md"] = api()
    return texts


if __name__ == "__main__":
    for (name, command), copies in COPIES.items():
        results, docs = ROOT / "results" / name, ROOT / "docs" / name
        if all((results / source).exists() for source in copies.values()):
            for copy, source in copies.items():
                shutil.copyfile(results / source, docs / copy)
        else:
            print(f"left as they are in docs/{name}/: {', '.join(copies)} (`{command}` makes them in results/{name}/)")
    for path, text in filled().items():
        path.write_text(text, encoding="utf-8")
