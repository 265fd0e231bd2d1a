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
from sgdbayes.explorer.view import gather_domain, recovered_truth
from sgdbayes.files import read_arrays, write_arrays
from sgdbayes.functions import Domain, as_bits, as_strings, frequency_table, pack
from sgdbayes.pipeline import provenance
from sgdbayes.pipeline.provenance import code_hash
from sgdbayes.pipeline.steps import STEPS
from sgdbayes.posterior.kinds import POSTERIORS
from sgdbayes.statistics import wilson_interval

SIZE, DOMAINS, ASKED = 6, 2, 100
TRUTH = np.array([1, -1, 1, 1, -1, -1, -1, 1, 1, -1, 1, -1])
POINTS = len(TRUTH)
TRAINING = training()
IMAGES = {
    "dataset": "mnist",
    "positive_classes": [5, 6, 7, 8, 9],
    "train_size": 3,
    "recorded_test_size": POINTS,
    "seed": 0,
}
ABOUT = {
    "name": "small <test>",
    "asked": ASKED,
    "tasks": {"images": IMAGES, "lost": IMAGES},
    "experiments": {
        name: {"task": task, "architecture": "fcn", "optimizer": optimizer, "study": study, "training": TRAINING}
        for name, task, optimizer, study in (
            ("im-sgd", "images", "sgd", "all-sgd"),
            ("im-adam", "images", "adam", "im-adam"),
            ("one", "lost", "sgd", "one"),
        )
    },
}


@pytest.fixture(scope="module", autouse=True)
def no_data():
    """Images at hand by accident would be shown."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SGDBAYES_DATA", raising=False)
        yield


def labellings(number: int, seed: int) -> np.ndarray:
    """Labels (number, POINTS) bool near the truth."""
    rng = np.random.default_rng(seed)
    return (TRUTH > 0) ^ (rng.random((number, POINTS)) < 0.25)


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


def domain_table(networks: np.ndarray, domain: Domain, known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Functions of the ASKED first networks, as functions.parquet has them."""
    mine = networks[:, domain.points]
    table = frequency_table(mine, TRUTH[domain.points])
    table = table[table["function"].isin(as_strings(mine[:ASKED]))].assign(domain=domain.number)
    for name, probabilities in known.items():
        names = {"log_p": f"log_p_{name}", "log_p_se": f"log_p_{name}_se", "draws": f"draws_{name}"}
        table = table.merge(probabilities.rename(columns=names), on="function", how="left")
    return table


def tables() -> dict[tuple[str, int], pd.DataFrame]:
    known = {"ep": posterior(1).drop(columns="draws"), "zero_one": posterior(2, unresolved=40)}
    made = {}
    for seed, name in enumerate(["im-sgd", "im-adam"]):
        for size, each, number in ((SIZE, known, DOMAINS), (4, {}, 3)):
            pieces = [domain_table(labellings(300, seed), Domain(size, k), each) for k in range(number)]
            made[name, size] = pd.concat(pieces, ignore_index=True)
    made["one", SIZE] = domain_table(np.ones((50, POINTS), dtype=bool), Domain(SIZE, 0), {})
    return made


def first_domain(name: str) -> pd.DataFrame:
    table = tables()[name, SIZE]
    return table[table["domain"] == 0].reset_index(drop=True)


def runs() -> dict[str, pd.DataFrame]:
    found = {"im-sgd": labellings(300, 0), "im-adam": labellings(300, 1), "one": np.ones((50, POINTS), dtype=bool)}
    return {name: run_table(each) for name, each in found.items()}


def run_table(found: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"labels": pack(found), "converged": True})


def draws() -> dict[tuple[str, str, str], pd.DataFrame]:
    known = posterior(1).set_index("function")["log_p"]
    domains = [
        frequency_table(labellings(500, 7)[:, each.points], TRUTH[each.points]).assign(**each.names)
        for each in (Domain(SIZE, number) for number in range(DOMAINS))
    ]
    table = pd.concat(domains, ignore_index=True)
    table = table.assign(log_p=table["function"].map(known))
    return {("images", "fcn", "ep"): table[["domain_size", "domain", "function", "count", "test_errors", "log_p"]]}


def comparison() -> pd.DataFrame:
    """Of im-adam and EP there is no r."""
    both = {"domain_size": SIZE, "posterior": "ep", "compared": 9.0, "domains": DOMAINS, "domains_with_r": 2}
    both |= {"covers": "test points and networks", "gap_sd": 0.3, "pearson_sd": 0.2, "note": np.nan}
    known = {"pearson": 0.5, "pearson_low": 0.25, "pearson_high": 0.75, "noise_ceiling": 0.9}
    gaps = {"gap": 1.234, "gap_low": 1.0, "gap_high": 1.5}
    none = dict.fromkeys(known, np.nan) | {"note": "no r: 0 of 2 domains have 8 functions; no temperature: few draws"}
    return pd.DataFrame(
        [
            {"experiment": "im-sgd"} | both | known | gaps,
            {"experiment": "im-adam"} | both | none | dict.fromkeys(gaps, np.nan) | {"domains_with_r": 0},
        ]
    )


def studies() -> pd.DataFrame:
    return comparison().head(1).drop(columns="experiment").assign(study="all-sgd", seeds=3, gap=0.99, covers="all sets")


def write_task(folder: Path) -> np.ndarray:
    rng = np.random.default_rng(0)
    images = rng.random((POINTS, 28, 28)).astype(np.float32)
    arrays = {
        "train_inputs": images[:2],
        "train_labels": np.array([1, -1], np.int8),
        "test_inputs": images,
        "test_labels": TRUTH.astype(np.int8),
    }
    write_arrays(folder / "images.npz", arrays | {"train_indices": np.arange(2), "test_indices": np.arange(POINTS)}, {})
    return images


def make_page(folder: Path, **options) -> str:
    made = (ABOUT, tables(), runs(), draws(), comparison(), studies())
    return explorer_page(*made, tasks=folder, data=folder / "none", **options)


def test_a_domain_holds_what_the_tables_say():
    second = Domain(SIZE, 1)
    made = {name: tables()[name, SIZE].query("domain == 1") for name in ("im-sgd", "im-adam")}
    networks = {"im-sgd": labellings(300, 0), "im-adam": labellings(300, 1)}
    drawn = draws()["images", "fcn", "ep"].query("domain == 1")
    domain = gather_domain(second, made, networks, {"ep": drawn}, asked=ASKED)
    assert json.loads(json.dumps(domain, allow_nan=False)) == domain
    functions = domain["functions"]
    assert domain["truth"] == as_strings(TRUTH[None, second.points] > 0)[0] and len(set(functions)) == len(functions)
    known = posterior(1).set_index("function")["log_p"]
    for name, found in networks.items():
        mine = found[:, second.points]
        counts = pd.Series(as_strings(mine)).value_counts()
        # Of the functions that another optimiser's networks found too.
        assert domain["counts"][name] == [counts.get(function, 0) for function in functions]
        held = domain["networks"][name]
        assert held["positive"] == mine.sum(0).tolist() and held["total"] == 300
        expected = np.sort(known[as_strings(mine[:ASKED])] / np.log(10))
        np.testing.assert_allclose(np.cumsum(held["log10"]["ep"]) / 10, expected, atol=0.051)
    assert domain["drawn"]["ep"]["positive"] == labellings(500, 7)[:, second.points].sum(0).tolist()
    assert len(domain["drawn"]["ep"]["log10"]) == domain["drawn"]["ep"]["total"] == 500
    # What EP draws most often is there, found or not.
    assert set(drawn.nlargest(10, "count")["function"]) <= set(functions)
    assert domain["posteriors"]["ep"]["draws"] is None
    exact = posterior(2, unresolved=40).set_index("function")["log_p"]
    columns = (domain["posteriors"]["zero_one"][key] for key in ("log_p", "draws"))
    asked = set(pd.concat(made.values())["function"])
    for function, log_p, number in zip(functions, *columns, strict=True):
        assert (log_p is None) == (function not in asked or np.isnan(exact[function]))
        assert (number == 3) == (function in asked and np.isnan(exact[function]))
        assert log_p is None or abs(log_p / -100 - exact[function]) <= 0.005


def test_truth_is_recovered_only_where_the_errors_tell():
    bits = as_bits([format(code, "04b") for code in (0, 3, 5, 9, 14)])
    truth = np.array([True, False, False, False])
    errors = (bits != truth).sum(1)
    assert (errors > 0).all()
    np.testing.assert_array_equal(recovered_truth(bits, errors), truth)
    assert recovered_truth(bits[:2], errors[:2]) is None
    assert recovered_truth(bits, errors + 4) is None


def test_tables_that_contradict_each_other_are_refused():
    made, networks = {"a": first_domain("im-sgd")}, {"a": labellings(300, 0)}
    with pytest.raises(ValueError, match="out of date"):
        gather_domain(Domain(SIZE, 0), made, networks, {}, asked=ASKED, truth=TRUTH < 0)
    with pytest.raises(ValueError, match="do not give the counts"):
        gather_domain(Domain(SIZE, 0), made, {"a": labellings(300, 1)}, {}, asked=ASKED)
    made, options = tables(), {"tasks": Path("none"), "data": Path("none")}
    made["im-adam", SIZE] = first_domain("im-adam")
    with pytest.raises(ValueError, match="different domains"):
        explorer_page(ABOUT, made, runs(), draws(), comparison(), studies(), **options)
    with pytest.raises(ValueError, match="nothing to explore"):
        explorer_page(ABOUT, {}, {}, {}, comparison(), studies(), **options)


def test_elements_are_shown_as_far_as_they_are_at_hand(tmp_path, monkeypatch):
    images = write_task(tmp_path)
    shown, labels = describe_elements(IMAGES, tmp_path / "images.npz", 5, data=tmp_path)
    np.testing.assert_array_equal(labels, TRUTH[:5] > 0)
    assert (shown["positive"], shown["negative"]) == ("5–9", "0–4")
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown["sprite"].split(",")[1]))))
    # Its greys are their own numbers.
    np.testing.assert_array_equal(sheet[:28, 28:56], np.round(15 * images[1]))
    task = read_arrays(tmp_path / "images.npz")
    moved = task | {f"{part}_inputs": (task[f"{part}_inputs"] - 0.13) / 0.31 for part in ("train", "test")}
    write_arrays(tmp_path / "moved.npz", moved, {})
    assert describe_elements(IMAGES, tmp_path / "moved.npz", 5, data=tmp_path)[0]["kind"] == "none"
    standardised = IMAGES | {"options": {"standardize": [0.13, 0.31]}}
    assert describe_elements(standardised, tmp_path / "moved.npz", 5, data=tmp_path)[0] == shown
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
    two = {"dataset": dataset, "positive_classes": [4], "negative_classes": [0, 1]}
    if dataset != "imdb":
        assert _class_names(two) == {"positive": "4", "negative": "0–1"}


def test_a_large_page_leaves_out_the_rarest_functions(tmp_path):
    rng = np.random.default_rng(0)
    truth = np.where(rng.random(64) < 0.5, 1, -1)
    found = np.vstack([np.repeat(rng.random((40, 64)) < 0.5, 3, axis=0), rng.random((1500, 64)) < 0.5])
    about = ABOUT | {"experiments": {"one": ABOUT["experiments"]["one"]}}
    made = {("one", 64): frequency_table(found, truth).assign(domain=0)}
    tables = (about, made, {"one": run_table(found)}, {}, comparison(), studies())

    def page(**options) -> str:
        return explorer_page(*tables, tasks=tmp_path, data=tmp_path, **options)

    whole = len(page().encode())
    assert whole < 10_000_000
    smaller = page(limit=whole - 8_000)
    assert len(smaller.encode()) <= whole - 8_000
    (domain,) = unpacked(smaller, "view-0")["domains"]
    assert domain["left_out"] + len(domain["functions"]) == 1540 and domain["left_out"] > 0
    # Whatever is said of elements and networks is still of all.
    assert domain["counts"]["one"][:40] == [3] * 40
    assert domain["networks"]["one"] == {"total": 1620, "positive": found.sum(0).tolist(), "log10": {}}
    with pytest.raises(ValueError, match="too large"):
        page(limit=1000)


def test_many_domains_stay_small(tmp_path):
    """A model with four optimisers, twenty domains of 50 and four posteriors in 300 kB beside plotly.js."""
    rng, truth = np.random.default_rng(0), np.ones(1000)
    names, posteriors = ("a", "b", "c", "d"), ("ep", "zero_one", "mse", "ntk")
    about = ABOUT | {"experiments": dict.fromkeys(names, ABOUT["experiments"]["one"])}
    pieces, made, found, log_p = [Domain(50, number) for number in range(20)], {}, {}, {}
    for name in names:
        found[name] = rng.random((200, 1000)) > 0.1
        each = [frequency_table(found[name][:100, piece.points], truth[piece.points]) for piece in pieces]
        for table, piece in zip(each, pieces, strict=True):
            counts = pd.Series(as_strings(found[name][:, piece.points])).value_counts()
            table["count"], table["domain"] = table["function"].map(counts), piece.number
            for posterior in posteriors:
                known = [log_p.setdefault((f, piece, posterior), -rng.gamma(9)) for f in table["function"]]
                table[f"log_p_{posterior}"], table[f"log_p_{posterior}_se"] = known, 0.0002
        made[name, 50] = pd.concat(each, ignore_index=True)
    tables = (about, made, {name: run_table(each) for name, each in found.items()}, {}, comparison(), studies())
    page = explorer_page(*tables, tasks=tmp_path, data=tmp_path)
    assert len(unpacked(page, "view-0")["domains"]) == 20
    assert len(re.search(r'id="view-0">([^<]*)<', page)[1]) < 300_000


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
    # The exact posterior comes first.
    assert {"x": "networks:im-sgd", "y": "posterior:zero_one", "size": str(SIZE)}.items() <= state(page).items()
    page.select_option("#experiment", "im-adam")
    drawn(page, "networks:im-adam posterior:zero_one")
    # Points of both strips and between them are where the tables say.
    table, other = first_domain("im-adam"), first_domain("im-sgd")
    both = pd.concat([table, other]).drop_duplicates("function")
    counts = pd.Series(as_strings(labellings(300, 1)[:, :SIZE])).value_counts()
    found, resolved = both["function"].isin(counts.index), both["log_p_zero_one"].notna()
    lengths = page.evaluate("document.getElementById('plot').data.map((trace) => trace.x.length)")
    assert lengths[:3] == [2, (found & resolved).sum(), max(1, (~found & resolved).sum())]
    # Equal decades, with the line of equality from corner to corner where it is a square.
    ((left, right), (low, high)), lengths = page.evaluate(
        """() => { const { xaxis, yaxis } = document.getElementById("plot")._fullLayout;
        return [[xaxis.range, yaxis.range], [xaxis._length, yaxis._length]]; }"""
    )
    assert (right - left) / lengths[0] == pytest.approx((high - low) / lengths[1], rel=0.01)
    assert max(left, low) < min(right, high)
    # The second most frequent of those with a probability: a click on its point chooses it.
    target = table[table["log_p_zero_one"].notna()].iloc[1]
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
    assert f"{low:.2g}" in said and f"{high:.2g}" in said
    assert f"{target['log_p_ep']:.2f}".replace("-", "−") in said
    mistakes = [e + 1 for e in range(SIZE) if (target["function"][e] == "1") != (TRUTH[e] > 0)]
    assert page.locator("#function-body > div:has(.mistaken) .element").count() == len(mistakes)
    assert (
        page.locator(".picture").first.evaluate("(node) => getComputedStyle(node).backgroundImage").startswith("url(")
    )


def index_of(page, function: str) -> int:
    text = page.content()
    views = (unpacked(text, block) for block in re.findall(r'id="(view-\d+)"', text))
    domains = (view["domains"][0]["functions"] for view in views)
    return next(functions for functions in domains if function in functions).index(function)


@pytest.mark.slow
def test_gap_and_r_are_those_of_the_tables(visit):
    page = visit("experiment=im-sgd&size=6&y=posterior:ep")
    assert page.inner_text("#gap-title") == "Gap: +1.23 [+1.00, +1.50] decades"
    said = page.inner_text("#gap-text")
    assert "Mean over 2 domains, s.d. 0.30; 95 % interval over test points and networks" in said
    assert "Over the 3 training sets of all-sgd: +0.99 [+1.00, +1.50] decades, 95 % interval over all sets." in said
    said = page.inner_text("#summary")
    assert "+0.50 [+0.25, +0.75]" in said and "test points and networks" in said and "would reach 0.90" in said
    lengths = "document.getElementById('gap-plot').data.map((trace) => trace.x.length)"
    assert page.evaluate(lengths) == [DOMAINS * ASKED, DOMAINS * 500]
    page.select_option("#gap-domains", "one")
    drawn(page, "0 one")
    assert page.evaluate(lengths) == [ASKED, 500]
    known = posterior(1).set_index("function")["log_p"] / np.log(10)
    networks = known[as_strings(labellings(300, 0)[:ASKED, SIZE:])]
    page.select_option("#domain", "1")
    drawn(page, "1 one")
    gap = networks.mean() - known[as_strings(labellings(500, 7)[:, SIZE:])].mean()
    number = re.search(r"On domain 1 alone: ([+−][.0-9]+)", page.inner_text("#gap-text"))[1]
    assert float(number.replace("−", "-")) == pytest.approx(gap, abs=0.02)
    # Where the table has none the page says why.
    page.select_option("#experiment", "im-adam")
    drawn(page, "im-adam 6 networks:im-adam posterior:ep 1 one")
    said = page.inner_text("#summary")
    assert "no r: 0 of 2 domains have 8 functions." in said and "temperature" not in said
    assert page.inner_text("#gap-title") == "Gap: not known"
    # Images are those of the domain.
    place = page.locator("#elements .picture").first.evaluate("(node) => node.style.backgroundPosition")
    assert place.startswith("-270px")


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
    assert caught.value.suggested_filename.endswith("im-sgd-6-0.csv") and len(table) == int(
        page.inner_text("#range").split()[-1]
    )
    for name in ("im-sgd", "im-adam"):
        expected = first_domain(name).set_index("function")
        expected = expected.loc[expected.index.intersection(table.index)]
        np.testing.assert_array_equal(table.loc[expected.index, f"count_{name}"], expected["count"])
        np.testing.assert_allclose(table.loc[expected.index, "log_p_zero_one"], expected["log_p_zero_one"], atol=6e-3)


@pytest.mark.slow
def test_twenty_thousand_functions_are_drawn_once(visit, tmp_path):
    """Going from one to the next moves a mark and draws no point again, which would take a second on a slow machine."""
    rng = np.random.default_rng(0)
    found = rng.random((20_000, 32)) < 0.5
    name = "im-sgd"
    about = ABOUT | {"experiments": {name: ABOUT["experiments"][name]}}
    made = {(name, 32): frequency_table(found, np.where(rng.random(32) < 0.5, 1, -1)).assign(domain=0)}
    tables = (about, made, {name: run_table(found)}, {}, comparison(), studies())
    text = explorer_page(*tables, tasks=tmp_path, data=tmp_path)
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
