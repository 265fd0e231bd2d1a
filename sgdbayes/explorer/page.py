"""The page of the explorer: its template with the tables, the script and plotly.js in it, packed so that the whole stays small.

plotly.js (MIT licence) comes with the package plotly.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

__all__ = ["fill_page"]

_HERE = Path(__file__).parent
_STATISTICS = ("compared", "pearson", "pearson_low", "pearson_high", "noise_ceiling")


def fill_page(
    name: str,
    experiments: Mapping[str, Mapping[str, Any]],
    views: Mapping[tuple[str, str, int], Mapping[str, Any]],
    elements: Mapping[str, Mapping[str, Any]],
    comparison: pd.DataFrame,
    *,
    posterior_labels: Mapping[str, str],
    limit: int,
) -> str:
    """The page as text.

    ``experiments``: task, architecture, optimizer, loss, batch_size and a text ``about`` of each; ``views``: what `gather_view`
    makes of each task, architecture and |E|; ``elements``: what `describe_elements` says of each task; ``comparison``:
    comparison.csv. Of a page larger than ``limit`` bytes the rarest functions are left out, of the largest views first, and the
    page says so. Raises ValueError if it is too large even without them, or if there is no view.
    """
    if not views:
        raise ValueError("there is nothing to explore: no experiment has a table of functions")
    known = [
        {"size": size, "experiments": list(view["networks"]), "posteriors": list(view["posteriors"])}
        for (_, _, size), view in views.items()
    ]
    facts = {
        "name": name,
        "experiments": experiments,
        "views": known,
        "posteriors": dict(posterior_labels),
        "statistics": _statistics(comparison),
    }
    fixed = {
        "NAME": escape(name),
        "STYLE": (_HERE / "page.css").read_text(encoding="utf-8"),
        "SCRIPT": (_HERE / "page.js").read_text(encoding="utf-8"),
        "FACTS": _json(facts).replace("<", "\\u003c"),
        "PLOTLY": _packed_library(),
        "LICENCE": escape(_licence()),
        "ELEMENTS": "\n".join(_block(f"elements-{task}", _pack(_json(about))) for task, about in elements.items()),
    }
    template = Template((_HERE / "page.html").read_text(encoding="utf-8"))
    room = limit - len(template.substitute(fixed, VIEWS="").encode())
    return template.substitute(fixed, VIEWS=_packed_views(list(views.values()), room))


@cache
def _packed_library() -> str:
    # Not at the top: plotly takes most of a second.
    from plotly.offline import get_plotlyjs

    return _pack(get_plotlyjs())


def _packed_views(views: list[Mapping[str, Any]], room: int) -> str:
    most = max(len(view["functions"]) for view in views)
    packed = [_pack(_json(view)) for view in views]
    while (excess := sum(map(len, packed)) + 100 * len(packed) - room) > 0:
        if most <= 1:
            raise ValueError(
                f"the page is {excess} bytes too large even with one function a view: explore fewer experiments"
            )
        most = most * 3 // 4
        packed = [
            _pack(_json(_head(view, most))) if len(view["functions"]) > most else text
            for view, text in zip(views, packed, strict=True)
        ]
    return "\n".join(_block(f"view-{number}", text) for number, text in enumerate(packed))


def _head(view: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The view with no more than ``most`` functions: those that were found most often, and of the rest those that any posterior
    gives a probability.
    """
    posteriors = [column for of in view["posteriors"].values() if (column := of["log_p"]) is not None]
    totals = [sum(column) for column in zip(*view["counts"].values(), strict=True)]
    unknown = [not any(column[i] is not None for column in posteriors) for i in range(len(totals))]
    kept = sorted(sorted(range(len(totals)), key=lambda i: (totals[i] <= 1 and unknown[i], i))[:most])

    def rows(column: list | None) -> list | None:
        return None if column is None else [column[i] for i in kept]

    return {
        **view,
        "functions": rows(view["functions"]),
        "errors": rows(view["errors"]),
        "counts": {name: rows(column) for name, column in view["counts"].items()},
        "posteriors": {
            name: {key: rows(column) for key, column in of.items()} for name, of in view["posteriors"].items()
        },
        "left_out": view["left_out"] + len(totals) - len(kept),
    }


def _statistics(comparison: pd.DataFrame) -> dict[str, list]:
    """Some columns of comparison.csv by experiment, |E| and posterior, None for what is not defined; without a correlation
    also the note that says why.
    """
    return {
        f"{row['experiment']} {row['domain_size']} {row['posterior']}": [
            *(None if pd.isna(row[column]) else round(float(row[column]), 3) for column in _STATISTICS),
            *([row["note"]] if pd.isna(row["pearson"]) and isinstance(row["note"], str) else []),
        ]
        for _, row in comparison.iterrows()
    }


def _json(content: Any) -> str:  # noqa: ANN401
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def _pack(text: str) -> str:
    # Without the time, so that equal pages are equal files.
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _block(name: str, content: str) -> str:
    return f'<script type="text/plain" id="{escape(name)}">{content}</script>'


def _licence() -> str:
    files = distribution("plotly").files or []
    text = next((file.read_text() for file in files if file.name.startswith("LICENSE")), "")
    return f"plotly.js, https://plotly.com/javascript\n\n{text}"
