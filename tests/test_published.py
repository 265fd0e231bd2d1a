"""A table of others against networks of this run: closed forms, mistakes, the figure, what docs/peleg-hein.md says."""

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from test_configuration import QUICKSTART, read
from values import together

from sgdbayes.analysis.published import COVERS_NETWORKS, COVERS_SETS, published_table, taken_together
from sgdbayes.figures.published import draw_published
from sgdbayes.figures.style import save_figure
from sgdbayes.files import read_provenance, read_table
from sgdbayes.pipeline.mistakes import ConfigurationError
from sgdbayes.pipeline.plan import Plan

ROOT = Path(__file__).parents[1]
CELL = {"comparison": "same", "study": "a", "width": "4", "train_size": 4, "side": "trained", "accuracy": 70.0,
        "networks": 500, "training_sets": 1}  # fmt: skip
HEAD = "width,side,accuracy,networks,training_sets\n"


def cells(*changes: dict) -> pd.DataFrame:
    return pd.DataFrame([CELL | each for each in changes])


def test_on_one_training_set_the_error_is_that_of_both_numbers_of_networks():
    errors = np.array([0.1, 0.3, 0.35, 0.2, 0.45])
    row = published_table(cells({}), {("a", "trained"): [errors]}).iloc[0]
    assert row[["comparison", "study", "width", "train_size", "side"]].tolist() == ["same", "a", "4", 4, "trained"]
    spread = 100 * np.std(errors, ddof=1)
    assert row[["ours", "ours_low", "ours_high"]].tolist() == pytest.approx(
        [72, 72 - 1.96 * spread / 5**0.5, 72 + 1.96 * spread / 5**0.5]
    )
    assert row["difference"] == pytest.approx(2)
    assert row["standard_error"] == pytest.approx(spread * (1 / 5 + 1 / 500) ** 0.5)
    assert row["z"] == pytest.approx(2 / row["standard_error"])
    assert (row["seeds"], row["own_networks"], row["covers"]) == (1, 5, COVERS_NETWORKS)


def test_among_training_sets_theirs_is_one_more():
    means = np.array([60.0, 66, 63, 75])
    errors = {("a", "trained"): [1 - mean / 100 + np.array([-0.02, 0, 0.02]) for mean in means]}
    spread = means.std(ddof=1)
    # Student's t of a new value: as far as it reaches it is within, and no further.
    reach = stats.t.ppf(0.975, 3) * spread * (1 + 1 / 4) ** 0.5
    table = published_table(cells(*({"accuracy": 66 + factor * reach} for factor in (-0.999, -1.001, 0.999, 1.001))),
                            errors)  # fmt: skip
    assert table["within"].tolist() == [True, False, True, False]
    low, high = stats.t.interval(0.95, 3, 66, spread / 2)
    assert table.loc[0, ["ours", "ours_low", "ours_high"]].tolist() == pytest.approx([66, low, high], rel=1e-4)
    assert table["standard_error"].tolist() == pytest.approx([spread * 1.25**0.5] * 4)
    # Of three training sets theirs are a mean, too.
    three = published_table(cells({"training_sets": 3}), errors)
    assert three.loc[0, "standard_error"] == pytest.approx(spread * (1 / 4 + 1 / 3) ** 0.5)
    assert (three.loc[0, "seeds"], three.loc[0, "own_networks"], three.loc[0, "covers"]) == (4, 12, COVERS_SETS)


def test_equal_networks_differ_by_chance_alone():
    """Two samples of one distribution, again and again: differences are within 95 %, and p is uniform."""
    rng = np.random.default_rng(0)
    theirs = 100 * (1 - rng.beta(3, 5, (400, 200)).mean(1))
    table = published_table(
        cells(*({"accuracy": each, "networks": 200, "study": str(place)} for place, each in enumerate(theirs))),
        {(str(place), "trained"): [rng.beta(3, 5, 80)] for place in range(400)},
    )
    assert 0.92 < table["within"].mean() < 0.98
    together = taken_together(table).iloc[0]
    assert (together["cells"], together["within"]) == (400, table["within"].sum())
    assert together["difference_low"] < 0 < together["difference_high"]
    assert together["chi_square"] == pytest.approx((table["z"] ** 2).sum())
    assert together["p"] == pytest.approx(stats.chi2.sf(together["chi_square"], 400))
    assert 0.001 < together["p"] < 0.999


def test_cells_that_share_training_sets_have_no_joint_probability():
    errors = {("a", side): [np.array([0.2, 0.3]), np.array([0.1, 0.3])] for side in ("trained", "rejection")}
    both = taken_together(published_table(cells({}, {"side": "rejection"}, {}), errors))
    assert both["side"].tolist() == ["trained", "rejection"]
    assert both["cells"].tolist() == [2, 1]
    assert both["difference"].tolist() == pytest.approx([7.5, 7.5])
    assert both[["difference_low", "chi_square", "p"]].isna().all(axis=None)


def test_one_network_has_no_error():
    with pytest.raises(ValueError, match="study a: on one of its training sets fewer than two networks fitted S"):
        published_table(cells({}), {("a", "trained"): [np.array([0.1, 0.2]), np.array([0.1])]})


@pytest.fixture
def config(tmp_path):
    """Two studies and a table of them."""
    config = copy.deepcopy(QUICKSTART)
    config["architectures"] = {name: {"kind": "FullyConnected", "widths": [int(name)]} for name in ("4", "8")}
    config["posteriors"] = {"rejection": {}, "mse": {}}
    config["tasks"] = {"m-{seed}": {**config["tasks"]["mnist"], "grid": {"seed": [0, 1]}}}
    del config["tasks"]["m-{seed}"]["seed"]
    config["experiments"] = {
        "{task}-{architecture}": {
            "grid": {"task": ["m-*"], "architecture": ["4", "8"]}, "optimizer": "sgd", "networks": 3
        }
    }  # fmt: skip
    table = tmp_path / "theirs.csv"
    table.write_text(HEAD + "4,trained,70,500,1\n8,rejection,60.5,500,1\n")
    config["published"] = {
        "table": str(table), "source": "others", "across": "width", "comparisons": {"here": {"study": "m-{width}"}}
    }  # fmt: skip
    return config


def test_a_table_is_joined_to_studies(config):
    config["published"]["comparisons"]["narrow"] = {"study": "m-4", "rows": {"width": [4]}}
    plan = Plan(read(config), ROOT / "workflow/scripts")
    assert [(cell["comparison"], cell["study"], cell["side"]) for cell in plan.published_cells()] == [
        ("here", "m-4", "trained"), ("here", "m-8", "rejection"), ("narrow", "m-4", "trained")
    ]  # fmt: skip
    assert plan.published_experiments() == {"trained": ["m-0-4", "m-1-4"], "rejection": ["m-0-8", "m-1-8"]}
    key, table = plan.key("published"), Path(config["published"]["table"])
    table.write_text(table.read_text().replace("60.5", "60.6"))
    assert Plan(read(config), ROOT / "workflow/scripts").key("published") != key
    del config["published"]
    assert Plan(read(config), ROOT / "workflow/scripts").published_experiments() == {}


@pytest.mark.parametrize(
    ("changes", "text", "said"),
    [
        (
            {"table": "nowhere.csv"},
            None,
            "published.table: there is no file nowhere.csv: paths start from where the run",
        ),
        ({}, "width,side,accuracy,networks\n4,trained,70,500\n", "published.table: no column training_sets; allowed: "),
        ({}, "", "published.table: no column side"),
        ({}, HEAD + "4,trained,many,500,1\n", "published.table: line 2 of"),
        ({}, HEAD + "4,trained,70,500\n", "published.table: line 2 of"),
        ({}, HEAD + "4,trained,70,0,1\n", "published.table: line 2 of"),
        ({"across": "with"}, None, "published.across: the table has no column with (did you mean width?)"),
        (
            {"comparisons": {"here": {"study": "m-{widht}"}}},
            None,
            "published.comparisons.here: the table has no column widht (did you mean width?)",
        ),
        (
            {"comparisons": {"here": {"study": "m-4", "rows": {"depth": [1]}}}},
            None,
            "published.comparisons.here.rows: the table has no column depth",
        ),
        (
            {"comparisons": {"here": {"study": "m-{width}", "rows": {"width": [5]}}}},
            None,
            "published.comparisons.here.rows.width: unknown name 5; allowed: 4, 8",
        ),
        (
            {"comparisons": {"here": {"study": "n-{width}"}}},
            None,
            "published.comparisons.here: a row of the table is of no study of this run: n-4 (did you mean m-4?)",
        ),
        ({}, HEAD + "4,mse,70,500,1\n", "is of no side of m-4: mse; allowed: rejection, trained"),
        ({"comparisons": {}}, None, "published.comparisons: "),
        ({"colour": "red"}, None, "published: unknown key colour"),
    ],
)
def test_mistakes_about_a_table_are_named(config, changes, text, said):
    config["published"] |= changes
    if text is not None:
        Path(config["published"]["table"]).write_text(text)
    with pytest.raises(ConfigurationError) as error:
        read(config)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_figure_has_a_panel_for_each_task(tmp_path):
    changes = [
        {"comparison": comparison, "train_size": size, "width": width, "side": side, "accuracy": 60.0 + size}
        for comparison in ("same", "others")
        for size in (4, 16)
        for width in ("4", "8")
        for side in ("trained", "rejection")
    ]
    rng = np.random.default_rng(0)
    table = pd.concat(
        published_table(cells(*(each for each in changes if each["comparison"] == name)),
                        {("a", side): [rng.random(9) for _ in range(sets)] for side in ("trained", "rejection")})
        for name, sets in (("same", 1), ("others", 3))
    )  # fmt: skip
    figure = draw_published(table, taken_together(table), source="Them (2024)", across="width")
    assert [panel.get_title(loc="left") for panel in figure.axes if panel.axison] == ["train_size 4", "train_size 16"]
    assert [text.get_text() for text in figure.legends[0].get_texts()][2:] == ["theirs", "same", "others"]
    caption = figure.caption
    assert "Theirs: Them (2024)." in caption
    assert "same: one training set, 9 networks a cell trained" in caption
    assert "others: 3 training sets, 27 networks a cell trained" in caption
    save_figure(figure, [tmp_path / "published.png"], {})


def test_the_committed_table_is_that_of_the_configuration():
    plan = Plan(read(yaml.safe_load((ROOT / "config/peleg-hein.yaml").read_text())), ROOT / "workflow/scripts")
    names = ["comparison", "study", "side", "accuracy"]
    cells = pd.DataFrame(plan.published_cells()).astype({"accuracy": float})
    assert len(cells) == 2 * (42 + 12) + 14
    assert committed("published.csv")[names].to_numpy().tolist() == cells[names].to_numpy().tolist()
    record = read_provenance(ROOT / "results/peleg-hein/published.csv")
    assert record["parameters"]["key"] == plan.key("published")
    # S are those of theirs, the smaller in the larger.
    tasks = plan.configuration.tasks
    for digits in ("0-7", "3-5"):
        small, middle, large = (set(tasks[f"theirs-{digits}-{size}"]["train_indices"]) for size in (4, 16, 24))
        assert small < middle < large


def test_what_the_page_says_in_words_holds():
    """No field can say so: whoever finds one of these to fail has a sentence to rewrite."""
    table = committed("published.csv")
    for side in ("trained", "rejection"):
        row = together("the same S", side)
        assert row["within"] > 0.85 * row["cells"], side
        assert row["p"] > 0.01, side
        assert abs(row["difference"]) < 1, side
        row = together("five other S", side)
        assert row["within"] > 0.8 * row["cells"], side
    plain = table[table["comparison"] == "the same S, one output"].set_index(["digits", "architecture"])["difference"]
    assert plain.idxmin() == ("0-7", "20x10x5x2")
    assert together("the same S, one output", "trained")["difference_high"] < 0


def committed(name: str) -> pd.DataFrame:
    return read_table(ROOT / "results/peleg-hein" / name)
