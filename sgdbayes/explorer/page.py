"""The page of the explorer: the files in web/ with the tables and plotly.js, packed so that the whole stays small.

plotly.js (MIT licence) comes with the package plotly.
"""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from string import Template
from typing import Any

__all__ = ["fill_page"]

_WEB = Path(__file__).parent / "web"
# In this order one module: from a disk, a page cannot import others.
_SCRIPTS = (
    "dom", "numbers", "data", "sides", "address", "choices", "list", "function", "elements", "plot", "gap", "summary",
    "start",
)  # fmt: skip


def fill_page(
    facts: Mapping[str, Any], views: Sequence[Mapping[str, Any]], elements: Mapping[str, Any], *, limit: int
) -> str:
    """The page as text.

    ``facts``: what is known before any view is unpacked; ``views``: of each model and |E| the ``statistics``, and the
    ``domains`` as `gather_domain` makes them; ``elements``: what `describe_elements` says of each task. Of a page
    larger than ``limit`` bytes the rarest functions are left out, of the largest domains first, and the page says so.
    Raises ValueError if it is too large even so.
    """
    fixed = {
        "NAME": escape(facts["name"]),
        "STYLE": _text("page.css"),
        "SCRIPT": "\n".join(_text(f"{name}.js") for name in _SCRIPTS),
        "FACTS": _json(facts).replace("<", "\\u003c"),
        "LICENCE": escape(_licence()),
    }
    others = [_block(f"elements-{task}", _pack(_json(about))) for task, about in elements.items()]
    others.append(_block("plotly", _packed_library()))
    template = Template(_text("page.html"))
    room = limit - len(template.substitute(fixed, BLOCKS="\n".join(others)).encode())
    return template.substitute(fixed, BLOCKS="\n".join([*_packed_views(views, room), *others]))


@cache
def _packed_library() -> str:
    # Not at the top: plotly takes most of a second.
    from plotly.offline import get_plotlyjs

    return _pack(get_plotlyjs())


def _packed_views(views: Sequence[Mapping[str, Any]], room: int) -> list[str]:
    most = max(_largest(view) for view in views)
    blocks = [_block(f"view-{number}", _pack(_json(view))) for number, view in enumerate(views)]
    while (excess := sum(len(block) + 1 for block in blocks) - room) > 0:
        if most <= 1:
            raise ValueError(
                f"the page is {excess} bytes too large even with one function a domain: explore fewer experiments"
            )
        most = most * 3 // 4
        for number, view in enumerate(views):
            if _largest(view) > most:
                shorter = {**view, "domains": [_head(domain, most) for domain in view["domains"]]}
                blocks[number] = _block(f"view-{number}", _pack(_json(shorter)))
    return blocks


def _largest(view: Mapping[str, Any]) -> int:
    return max(len(domain["functions"]) for domain in view["domains"])


def _head(domain: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The domain with ``most`` functions at most: those found most often, and of the rest those that any posterior
    gives a probability.
    """
    known = [each["log_p"] for each in domain["posteriors"].values() if each["log_p"] is not None]
    totals = [sum(column) for column in zip(*domain["counts"].values(), strict=True)]
    rare = [total <= 1 and all(column[i] is None for column in known) for i, total in enumerate(totals)]
    kept = sorted(sorted(range(len(totals)), key=lambda i: (rare[i], i))[:most])

    def shorten(columns: Any) -> Any:  # noqa: ANN401
        if isinstance(columns, Mapping):
            return {name: shorten(column) for name, column in columns.items()}
        return None if columns is None else [columns[i] for i in kept]

    rows = {name: shorten(domain[name]) for name in ("functions", "errors", "counts", "posteriors")}
    return {**domain, **rows, "left_out": domain["left_out"] + len(totals) - len(kept)}


def _text(name: str) -> str:
    return (_WEB / name).read_text(encoding="utf-8")


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
