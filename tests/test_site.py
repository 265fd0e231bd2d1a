"""The documents lead somewhere: on GitHub, as plain Markdown, and as the site that `make site` builds of them."""

import html
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import conf
import nbformat
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]


@cache
def files() -> set[str]:
    """What is committed, or would be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


@cache
def documents() -> dict[str, str]:
    """The Markdown of each, by path."""
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in files() if name.endswith(".md")}
    for name in files():
        if name.endswith(".ipynb"):
            cells = nbformat.read(ROOT / name, as_version=4).cells
            texts[name] = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return texts


def tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        yield token
        yield from token.children or []


def links(text: str) -> Iterator[str]:
    """Targets of links and pictures within the repository, decoded."""
    for token in tokens(text):
        found = [value for name, value in token.attrs.items() if name in {"href", "src"}]
        if token.type.startswith("html_"):
            found = [html.unescape(value) for value in re.findall(r'\b(?:href|src)="([^"]*)"', token.content)]
        yield from (unquote(target) for target in found if not re.match(r"[a-z]+:", target))


@cache
def anchors(text: str) -> set[str]:
    """Those that GitHub gives to headings, and those in HTML."""
    found: list[str] = []
    before = None
    for token in tokens(text):
        if token.type.startswith("html_"):
            found += re.findall(r'\b(?:id|name)="([^"]*)"', token.content)
        elif token.type == "inline" and before == "heading_open":
            words = "".join(part.content for part in token.children if part.type in {"text", "code_inline"})
            slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
            found.append(next(s for s in (slug, *(f"{slug}-{i}" for i in range(1, 1000))) if s not in found))
        before = token.type
    return {*found}


def unmet(name: str, target: str) -> bool:
    path, _, anchor = target.partition("#")
    there = (ROOT / name).parent.joinpath(path).resolve() if path else ROOT / name
    if not there.is_relative_to(ROOT):
        return True
    there = there.relative_to(ROOT).as_posix()
    if there in documents():
        return bool(anchor) and anchor not in anchors(documents()[there])
    return there not in files() and not any(each.startswith(f"{there}/") for each in files())


def test_links_lead_somewhere():
    assert not [(name, to) for name, text in documents().items() for to in links(text) if unmet(name, to)]


def test_links_and_anchors_are_found():
    text = textwrap.dedent("""\
        # A `b_c` & *d*: \\|S\\|
        ## Same
        ## Same
        <a id="e.f"></a>

        [x](a%20b.md#c "title") ![y](z.png) `[no](no)` [r] [https](https://x.y/)

        ```
        [no](no)
        ```

        | \\|E\\| |
        | --- |
        | [t](u) |

        [r]: ref.md
        <img src="v.png">
    """)
    assert anchors(text) == {"a-b_c--d-s", "same", "same-1", "e.f"}
    assert [*links(text)] == ["a b.md#c", "z.png", "ref.md", "u", "v.png"]
    assert not unmet("docs/api.md", "../README.md#limits") and not unmet("README.md", "results/benchmarks/")
    assert all(unmet("docs/api.md", target) for target in ("README.md", "../README.md#limit", "#limits", "/README.md"))


def test_every_document_is_a_page():
    assert sorted(conf.include_patterns) == sorted(documents())


@pytest.mark.slow
def test_the_site_is_built_without_warnings_and_its_links_lead_somewhere(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-c", "docs", ".", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    pages = {page: page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html")}
    contents = re.findall(r'<a class="reference internal" href="([^"#]+)"', pages[tmp_path / "index.html"])
    for name in documents():
        page = Path(name).with_suffix(".html")
        assert tmp_path / page in pages
        assert name == "README.md" or str(page) in contents
    for page, text in pages.items():
        for target in re.findall(r'\b(?:href|src)="([^":]*)"', text):
            path, _, anchor = unquote(target.partition("?")[0]).partition("#")
            there = page.parent.joinpath(path).resolve() if path else page
            assert there.is_file(), f"{page}: {target}"
            assert there not in pages or not anchor or f'id="{anchor}"' in pages[there], f"{page}: {target}"
    assert "|S|" in pages[tmp_path / "config" / "README.html"]
