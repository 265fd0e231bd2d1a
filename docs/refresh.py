"""Fill README.md and the texts here from templates/, after copying figures and tables of results/: `make docs`.

A field of a template calls a function of values.py or text_tables.py.
"""

import shutil
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
import text_tables  # noqa: E402
import values  # noqa: E402

TEMPLATES = ROOT / "docs" / "templates"
HEAD = "<!-- Made by `make docs` from docs/templates/{}: edit that file. -->\n"
# By target and by what makes the sources: copied if all of them are there.
COPIES = {
    ("quickstart", "make"): {
        "comparison.csv": "comparison.csv",
        "comparison.csv.json": "comparison.csv.json",
        "optimizers.png": "figures/optimizers/mnist/fcn/50.png",
        "errors.png": "figures/errors/mnist/fcn/50.png",
    },
    ("desk", "make figures"): {
        "boolean.png": "figures/reference/bit/fcn-40/20.png",
        "boolean-errors.png": "figures/errors/bit/fcn-40/20.png",
        "by-error.png": "figures/by-error/20.png",
        "complexity.png": "figures/complexity/bit-sgd.png",
        **{f"{name}.png": f"figures/{name}.png" for name in ("ep-against-exact", "predictors", "margins")},
        **{
            f"{name}.png": f"figures/sweeps/{name}.png"
            for name in ("width", "width-1000", "train-size", "initial-scale", "overtraining")
        },
    },
    ("desk", "verify"): {f"verified.csv{end}": f"verified/0.01/verified.csv{end}" for end in ("", ".json")},
}


def filled() -> dict[Path, str]:
    """The texts, by path."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True
    )
    for module in (values, text_tables):
        environment.globals |= vars(module)
    texts = {}
    for name in environment.list_templates(["jinja"]):
        path = ROOT / ("" if name.startswith("README") else "docs") / name.removesuffix(".jinja")
        texts[path] = HEAD.format(name) + environment.get_template(name).render()
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
