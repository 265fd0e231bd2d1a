"""The explorer: what it gathers, and the page in a real browser, with clicks and keys."""

import base64
import gzip
import io
import json
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from conftest import training
from PIL import Image

from sgdbayes import explorer
from sgdbayes.datasets import mnist, reviews
from sgdbayes.explorer.elements import _class_names, describe_elements
from sgdbayes.explorer.tables import explorer_page
from sgdbayes.explorer.view import gather_view, recovered_truth
from sgdbayes.files import write_arrays
from sgdbayes.functions import as_bits, as_strings, frequency_table, tabulate_functions
from sgdbayes.pipeline import provenance
from sgdbayes.pipeline.provenance import code_hash
from sgdbayes.pipeline.steps import STEPS
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.statistics import wilson_interval

SIZE = 6
TRUTH = np.array([1, -1, 1, 1, -1, -1])
TRAINING = training()
IMAGES = {
    "dataset": "mnist",
    "positive_classes": [5, 6, 7, 8, 9],
    "train_size": 3,
    "recorded_test_size": SIZE,
    "seed": 0,
}
ABOUT = {
    "name": "small <test>",
    "tasks": {"images": IMAGES, "lost": IMAGES},
    "experiments": {
        "im-sgd": {"task": "images", "architecture": "fcn", "optimizer": "sgd", "training": TRAINING},
        "im-adam": {"task": "images", "architecture": "fcn", "optimizer": "adam", "training": TRAINING},
        "one": {"task": "lost", "architecture": "fcn", "optimizer": "sgd", "training": TRAINING},
    },
}


@pytest.fixture(scope="module", autouse=True)
def no_data():
    """Images at hand by accident would be shown."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SGDBAYES_DATA", raising=False)
        yield


def labellings(number: int, seed: int) -> np.ndarray:
    """Functions (number, SIZE) bool near the truth."""
    rng = np.random.default_rng(seed)
    return (TRUTH > 0) ^ (rng.random((number, SIZE)) < 0.25)


def posterior(seed: int, unresolved: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "function": [format(code, f"0{SIZE}b") for code in range(2**SIZE)],
            "log_p": np.log(rng.dirichlet(np.ones(2**SIZE))),
            "log_p_se": 0.05,
        }
    )
    table["draws"] = 1000.0
    table.loc[: unresolved - 1, ["log_p", "log_p_se"]] = np.nan
    table.loc[: unresolved - 1, "draws"] = 3
    return table


def tables() -> dict[tuple[str, int], pd.DataFrame]:
    known = {"ep": posterior(1).drop(columns="draws"), "zero_one": posterior(2, unresolved=40)}
    made = {}
    for seed, name in enumerate(["im-sgd", "im-adam"]):
        made[name, SIZE] = tabulate_functions(
            labellings(300, seed), TRUTH, known, asked_found=99, favoured={"000000", "111111", "010101"}
        )
        made[name, 4] = frequency_table(labellings(300, seed)[:, :4], TRUTH[:4])
    made["one", SIZE] = frequency_table(np.ones((50, SIZE), dtype=bool), TRUTH)
    return made


def draws() -> dict[tuple[str, str, str], pd.DataFrame]:
    table = frequency_table(labellings(500, 7), TRUTH).assign(domain_size=SIZE)
    return {("images", "fcn", "ep"): table}


def comparison() -> pd.DataFrame:
    columns = (
        "experiment",
        "domain_size",
        "posterior",
        "compared",
        "pearson",
        "pearson_low",
        "pearson_high",
        "noise_ceiling",
        "note",
    )
    none = ("im-adam", SIZE, "ep", 2, *4 * [np.nan], "2 found 5 times or more: no correlation")
    return pd.DataFrame([("im-sgd", SIZE, "ep", 9, 0.5, 0.25, np.nan, 0.9, np.nan), none], columns=columns)


def write_task(folder: Path) -> np.ndarray:
    rng = np.random.default_rng(0)
    images = rng.random((SIZE, 28, 28)).astype(np.float32)
    arrays = {
        "train_inputs": images[:2],
        "train_labels": np.array([1, -1], np.int8),
        "test_inputs": images,
        "test_labels": TRUTH.astype(np.int8),
    }
    write_arrays(folder / "images.npz", arrays | {"train_indices": np.arange(2), "test_indices": np.arange(SIZE)}, {})
    return images


def make_page(folder: Path, **options) -> str:
    return explorer_page(ABOUT, tables(), draws(), comparison(), tasks=folder, data=folder / "none", **options)


def test_view_holds_what_the_tables_say():
    made = {name: table for (name, size), table in tables().items() if size == SIZE and name != "one"}
    view = gather_view(
        made, {"ep": draws()["images", "fcn", "ep"], "mse": draws()["images", "fcn", "ep"].assign(domain_size=4)}
    )
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert view["truth"] == "101100" and len(set(view["functions"])) == len(view["functions"])
    for name, seed in (("im-sgd", 0), ("im-adam", 1)):
        found = labellings(300, seed)
        counts = pd.Series(as_strings(found)).value_counts()
        assert dict(zip(view["functions"], view["counts"][name], strict=True)) == {
            f: counts.get(f, 0) for f in view["functions"]
        }
        assert view["positive"][name] == found.sum(0).tolist() and view["networks"][name] == 300
    assert view["drawn"] == {"ep": {"draws": 500, "positive": labellings(500, 7).sum(0).tolist()}}
    assert view["posteriors"]["ep"]["draws"] is None
    known = posterior(2, unresolved=40).set_index("function")["log_p"]
    for function, log_p, draw in zip(
        view["functions"], *(view["posteriors"]["zero_one"][key] for key in ("log_p", "draws")), strict=True
    ):
        assert (log_p is None) == (draw == 3) == np.isnan(known[function])
        assert log_p is None or abs(log_p - known[function]) <= 0.0005


def test_truth_is_recovered_only_where_the_errors_tell():
    bits = as_bits([format(code, "04b") for code in (0, 3, 5, 9, 14)])
    truth = np.array([True, False, False, False])
    errors = (bits != truth).sum(1)
    assert (errors > 0).all()
    np.testing.assert_array_equal(recovered_truth(bits, errors), truth)
    assert recovered_truth(bits[:2], errors[:2]) is None
    assert recovered_truth(bits, errors + 4) is None


def test_tables_that_contradict_each_other_are_refused():
    made = tables()
    with pytest.raises(ValueError, match="out of date"):
        gather_view({"a": made["im-sgd", SIZE]}, {}, truth=TRUTH < 0)
    with pytest.raises(ValueError, match="different domains"):
        gather_view({"a": made["im-sgd", SIZE], "b": made["im-sgd", 4]}, {})
    with pytest.raises(ValueError, match="nothing to explore"):
        explorer_page(ABOUT, {}, {}, comparison(), tasks=Path("none"), data=Path("none"))


def test_elements_are_shown_as_far_as_they_are_at_hand(tmp_path, monkeypatch):
    images = write_task(tmp_path)
    shown, labels = describe_elements(IMAGES, tmp_path / "images.npz", 5, data=tmp_path)
    np.testing.assert_array_equal(labels, TRUTH[:5] > 0)
    assert (shown["positive"], shown["negative"]) == ("5–9", "0–4")
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown["sprite"].split(",")[1]))))
    np.testing.assert_array_equal(sheet[:, 28:56], np.round(255 * images[1]))
    shown, labels = describe_elements(IMAGES, tmp_path / "lost.npz", 5, data=tmp_path)
    assert (
        labels is None
        and shown["kind"] == "none"
        and "not at hand" in shown["note"]
        and "data/README.md" in shown["note"]
    )
    for name in mnist._FILES.sha256:
        (tmp_path / "mnist").mkdir(exist_ok=True)
        (tmp_path / "mnist" / f"{name}.gz").write_bytes(b"cut")
    assert "train-images" in describe_elements(IMAGES, tmp_path / "lost.npz", 5, data=tmp_path)[0]["note"]
    (tmp_path / "images.npz").write_bytes(b"cut")
    assert "damaged" in describe_elements(IMAGES, tmp_path / "images.npz", 5, data=tmp_path)[0]["note"]
    boolean = {"dataset": "boolean", "positive_classes": [1], "train_size": 32, "recorded_test_size": 96, "seed": 0}
    shown, labels = describe_elements(boolean, tmp_path / "bits.npz", 96, data=tmp_path)
    assert [text.count("1") > 3 for text in shown["texts"]] == labels.tolist()


def test_reviews_have_words_only_where_the_data_are_at_hand(tmp_path, monkeypatch):
    shown, note = reviews.describe_reviews(None, np.array([1, 7]), tmp_path)
    assert shown == ["review 1", "review 7"] and "left out" in note
    (tmp_path / "imdb" / "aclImdb").mkdir(parents=True)
    texts = {
        "aclImdb/train/neg/0_2.txt": "bad",
        "aclImdb/train/neg/1_1.txt": "bad",
        "aclImdb/train/pos/0_9.txt": "so <br />good" + " x" * 20,
    }
    monkeypatch.setattr(reviews, "_read", lambda _source: texts)
    shown, note = reviews.describe_reviews(None, np.array([1, 0]), tmp_path)
    assert shown == ["review 1, rating 9: so good x x x x x x x x x x …", "review 0, rating 2: bad"] and not note


@pytest.mark.parametrize(
    ("dataset", "positive", "names"),
    [
        ("imdb", [1], ("positive", "negative")),
        ("mnist", [0, 2, 3], ("0, 2–3", "1, 4–9")),
        ("mine", [4], ("4", "the rest")),
    ],
)
def test_classes_are_named_in_short(dataset, positive, names):
    named = _class_names({"dataset": dataset, "positive_classes": positive})
    assert (named["positive"], named["negative"]) == names


def test_a_large_page_leaves_out_the_rarest_functions(tmp_path):
    rng = np.random.default_rng(0)
    truth = np.where(rng.random(64) < 0.5, 1, -1)
    found = np.vstack([np.repeat(rng.random((40, 64)) < 0.5, 3, axis=0), rng.random((1500, 64)) < 0.5])
    about = ABOUT | {"experiments": {"one": ABOUT["experiments"]["one"]}}
    made = {("one", 64): frequency_table(found, truth)}

    def page(**options) -> str:
        return explorer_page(about, made, {}, comparison(), tasks=tmp_path, data=tmp_path, **options)

    whole = len(page().encode())
    assert whole < 10_000_000
    smaller = page(limit=whole - 8_000)
    assert len(smaller.encode()) <= whole - 8_000
    view = unpacked(smaller, "view-0")
    assert view["left_out"] + len(view["functions"]) == 1540 and view["left_out"] > 0
    # Whatever is said of elements and networks is still of all.
    assert (
        view["counts"]["one"][:40] == [3] * 40
        and view["networks"]["one"] == 1620
        and view["positive"]["one"] == found.sum(0).tolist()
    )
    with pytest.raises(ValueError, match="too large"):
        page(limit=1000)


def unpacked(page: str, block: str) -> dict:
    return json.loads(gzip.decompress(base64.b64decode(re.search(f'id="{block}">([^<]*)<', page)[1])))


def test_the_code_of_the_explorer_is_its_scripts_too(tmp_path):
    page = tmp_path / "plot.js"
    page.write_text("a")
    script = Path(__file__).parents[1] / "workflow" / "scripts" / "explorer.py"
    before = code_hash.__wrapped__(script, (str(page),))
    page.write_text("b")
    provenance._module_hash.cache_clear()
    assert code_hash.__wrapped__(script, (str(page),)) != before
    plan = SimpleNamespace(configuration=SimpleNamespace(posteriors={"mse": {}}))
    names = {path.name for path in STEPS["explorer"].uses(plan)}
    # And what posteriors are called.
    assert names >= {"plot.js", "page.html", "page.css", "kinds.py"}


def test_the_page_has_every_script_and_names_no_posterior(tmp_path):
    page = make_page(tmp_path)
    for path in (Path(explorer.__file__).parent / "web").glob("*.js"):
        script = path.read_text(encoding="utf-8")
        assert script in page
        assert not re.search(rf"\b({'|'.join(POSTERIORS)})\b", script)
        assert not any(kind.label in script for kind in POSTERIORS.values())


# In a browser.


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: the page is not tried in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        # Chromium has no sandbox for root.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = started.chromium.launch(executable_path=found, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("explorer")
    write_task(folder)
    (folder / "explorer.html").write_text(make_page(folder), encoding="utf-8")
    return (folder / "explorer.html").as_uri()


@pytest.fixture
def visit(browser, address):
    """Opens the page at a hash, drawn; in the end nothing was fetched and nothing failed."""
    contexts, wrong = [], []

    def opened(state: str = "", at: str = address, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.on("request", lambda asked: asked.url.startswith(("http", "ws")) and wrong.append(asked.url))
        page.goto(f"{at}#{state}")
        drawn(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def drawn(page, shown: str = "") -> None:
    # A page that fails says so at once.
    page.wait_for_selector(
        f'#plot[data-drawn*="{shown}"], #message:text("cannot be shown")'
        if shown
        else '#plot[data-drawn], #message:text("cannot be shown")'
    )
    assert "cannot be shown" not in page.text_content("#message")


def state(page) -> dict[str, str]:
    return {key: value[0] for key, value in parse_qs(urlsplit(page.url).fragment).items()}


def code(function: str) -> str:
    return "".join(format(int(function.ljust(8, "0")[i : i + 4], 2), "x") for i in (0, 4))


@pytest.mark.slow
def test_choose_and_point(visit):
    page = visit(viewport={"width": 1280, "height": 1200})
    assert (
        state(page)["x"] == "networks:im-sgd"
        and state(page)["y"] == "posterior:ep"
        and state(page)["size"] == str(SIZE)
    )
    assert "0.50" in page.inner_text("#summary")
    page.select_option("#experiment", "im-adam")
    drawn(page, "networks:im-adam posterior:ep")
    assert " 2 found 5 times or more: no correlation." in page.inner_text("#summary")
    page.select_option("#y", "posterior:zero_one")
    drawn(page, "posterior:zero_one")
    # Points of both strips and between them are where the tables say.
    table = tables()["im-adam", SIZE]
    found, resolved = table["count"] > 0, table["log_p_zero_one"].notna()
    lengths = page.evaluate("document.getElementById('plot').data.map((trace) => trace.x.length)")
    only_other = len(
        set(tables()["im-sgd", SIZE].loc[tables()["im-sgd", SIZE]["log_p_zero_one"].notna(), "function"])
        - set(table["function"])
    )
    assert lengths == [2, (found & resolved).sum(), (~found & resolved).sum() + only_other, (found & ~resolved).sum()]
    # The second most frequent of those with a probability: a click on its point chooses it.
    target = table[found & resolved].iloc[1]
    place = page.evaluate(
        """(function_) => {
          const node = document.getElementById("plot"), box = node.getBoundingClientRect();
          const { xaxis, yaxis } = node._fullLayout, { x, y } = node.data[1];
          const row = node.data[1].customdata.findIndex((i) => i === function_);
          return [box.x + xaxis._offset + xaxis.l2p(x[row]), box.y + yaxis._offset + yaxis.l2p(y[row])];
        }""",
        index_of(page, target["function"]),
    )
    page.mouse.move(*place)
    page.wait_for_selector("#plot .hoverlayer .hovertext")
    page.mouse.click(*place)
    page.wait_for_function("(code) => location.hash.includes(`function=${code}&`)", arg=code(target["function"]))
    said = page.inner_text("#function")
    assert (
        target["function"] in said
        and f"{target['test_errors']} of {SIZE} wrong" in said
        and f"{target['count']} of 300" in said
    )
    low, high = wilson_interval(target["count"], 300)
    assert f"{low:.3g}" in said and f"{high:.3g}"[:5] in said
    assert f"{target['log_p_ep']:.3f}".replace("-", "−") in said
    mistakes = [e + 1 for e in range(SIZE) if (target["function"][e] == "1") != (TRUTH[e] > 0)]
    assert page.locator("#function-body > div:has(.mistaken) .element").count() == len(mistakes)
    assert (
        page.locator(".picture").first.evaluate("(node) => getComputedStyle(node).backgroundImage").startswith("url(")
    )


def index_of(page, function: str) -> int:
    text = page.content()
    views = (unpacked(text, block) for block in re.findall(r'id="(view-\d+)"', text))
    return next(view for view in views if view["size"] == SIZE)["functions"].index(function)


@pytest.mark.slow
def test_keys_alone_reach_everything(visit):
    page = visit()
    page.focus("#rows tbody tr[tabindex='0']")
    first = state(page)["function"]
    page.keyboard.press("ArrowDown")
    second = state(page)["function"]
    assert second != first and page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
    assert "Function 2 of" in page.text_content("#spoken")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert state(page)["function"] == first
    page.focus("#plot")
    page.keyboard.press("ArrowRight")
    assert state(page)["function"] == second
    page.focus("#rows thead button >> nth=3")
    page.keyboard.press("Enter")
    assert state(page)["sort"] == "errors"
    page.focus("#elements button >> nth=2")
    page.keyboard.press("Enter")
    assert state(page)["element"] == "3" and "5–9" in page.inner_text("#element-body")
    # Where the focus is can be seen.
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.slow
def test_compare_and_reload_from_the_address(visit):
    page = visit("experiment=im-sgd&size=6")
    page.select_option("#y", "networks:im-adam")
    drawn(page, "networks:im-sgd networks:im-adam")
    page.click("#elements button >> nth=4")
    page.click("#rows tbody tr >> nth=3")
    both = [labellings(300, seed)[:, 4].mean() for seed in (0, 1)]
    said = page.inner_text("#element-body")
    assert all(f"{100 * share:.0f} %" in said or f"{100 * share:.1f} %" in said for share in both)
    drawn_share = labellings(500, 7)[:, 4].mean()
    assert f"{100 * drawn_share:.0f} %" in said and "no draws at hand" in said
    before, chosen = state(page), page.inner_text("#function")
    page.reload()
    drawn(page, "networks:im-sgd networks:im-adam")
    assert state(page) == before and page.inner_text("#function") == chosen
    assert page.input_value("#y") == "networks:im-adam" and page.input_value("#element-choice") == "4"
    # Two posteriors, from an address alone, in a page that is open.
    page.evaluate("location.hash = 'experiment=im-sgd&size=6&x=posterior:ep&y=posterior:zero_one'")
    drawn(page, "posterior:ep posterior:zero_one")
    assert page.is_hidden("#message")


@pytest.mark.slow
def test_download(visit):
    page = visit("experiment=im-sgd&size=6")
    with page.expect_download() as caught:
        page.click("#download")
    # 0b keeps them text, without being told, and is dropped here.
    table = pd.read_csv(caught.value.path()).set_index("function").rename(lambda function: function.removeprefix("0b"))
    assert caught.value.suggested_filename.endswith("im-sgd-6.csv") and len(table) == int(
        page.inner_text("#range").split()[-1]
    )
    for name in ("im-sgd", "im-adam"):
        expected = tables()[name, SIZE].set_index("function")
        np.testing.assert_array_equal(table.loc[expected.index, f"count_{name}"], expected["count"])
        np.testing.assert_allclose(table.loc[expected.index, "log_p_zero_one"], expected["log_p_zero_one"], atol=6e-4)


@pytest.mark.slow
def test_twenty_thousand_functions_are_drawn_once(visit, tmp_path):
    """Going from one to the next moves a mark and draws no point again, which would take a second on a slow machine."""
    rng = np.random.default_rng(0)
    found = rng.random((20_000, 32)) < 0.5
    name = "im-sgd"
    about = ABOUT | {"experiments": {name: ABOUT["experiments"][name]}}
    made = {(name, 32): frequency_table(found, np.where(rng.random(32) < 0.5, 1, -1))}
    text = explorer_page(about, made, {}, comparison(), tasks=tmp_path, data=tmp_path)
    assert len(text.encode()) <= 10_000_000
    (tmp_path / "explorer.html").write_text(text, encoding="utf-8")
    page = visit(at=(tmp_path / "explorer.html").as_uri())
    number = len(made[name, 32])
    assert f"one of the {number:,} most frequent functions of {name}, each found once" in page.inner_text("#function")
    assert number > 19_900 and f"of {number:,}" in page.inner_text("#range")
    points = "document.getElementById('plot').data.reduce((sum, trace) => sum + (trace.customdata ?? []).length, 0)"
    assert page.evaluate(points) == number
    page.evaluate(
        "() => { globalThis.drawings = 0; const { react } = Plotly;"
        " Plotly.react = (...all) => { drawings += 1; return react(...all); }; }"
    )
    page.focus("#plot")
    before = state(page)["function"]
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    page.wait_for_function(
        f"document.querySelectorAll('#rows tbody tr').length === 25 && !location.hash.includes('{before}')"
    )
    assert page.evaluate("drawings") == 0
    page.select_option("#y", f"networks:{name}")
    page.wait_for_function("drawings === 1")


@pytest.mark.slow
def test_what_is_not_there_is_said(visit):
    page = visit("experiment=gone&size=77&y=posterior:none&function=ffff")
    said = page.inner_text("#message")
    assert "“gone”" in said and "“77”" in said and "“posterior:none”" in said and "“ffff”" in said
    assert page.input_value("#experiment") == "im-sgd" and "element" in state(page)
    # One function, no posteriors, no images, no truth.
    page.select_option("#experiment", "one")
    drawn(page, "one")
    assert page.is_hidden("#message")
    assert "1 functions" not in page.inner_text("#summary") and "1 function:" in page.inner_text("#summary")
    said = page.inner_text("main")
    assert "This is the most frequent function of one." in said
    assert "No posterior was computed" in said and "not at hand" in said and "leave them open" in said
    # Tables without any probability.
    page.select_option("#experiment", "im-sgd")
    page.select_option("#size", "4")
    drawn(page, "im-sgd 4 networks:im-sgd networks:im-adam")
    assert page.locator("#y option[value^=posterior]").count() == 0


@pytest.mark.parametrize(
    "options", [{"viewport": {"width": 360, "height": 700}, "has_touch": True}, {"color_scheme": "dark"}]
)
@pytest.mark.slow
def test_phone_and_dark_mode(visit, options):
    page = visit(**options)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ink, paper = (
        sum(map(int, re.findall(r"\d+", page.evaluate(f"getComputedStyle(document.body).{name}"))[:3]))
        for name in ("color", "backgroundColor")
    )
    assert (ink > paper + 400) if "color_scheme" in options else (paper > ink + 400)
    if "has_touch" in options:
        page.tap("#rows tbody tr >> nth=1")
        assert "Function 2 of" in page.text_content("#spoken")
