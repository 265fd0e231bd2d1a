"""What is unresolved, unseen or missing is counted in a figure, not drawn at a made-up place."""

from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import training
from matplotlib.collections import PathCollection
from PIL import Image
from scipy import stats

from sgdbayes.figures.against_frequency import draw_scatter
from sgdbayes.figures.answer import draw_answer
from sgdbayes.figures.by_error import draw_by_error
from sgdbayes.figures.complexity import draw_complexity
from sgdbayes.figures.distributions import draw_ranks, draw_test_errors
from sgdbayes.figures.histograms import asked_weights, gap_title
from sgdbayes.figures.points import correlation_title
from sgdbayes.figures.predictors import draw_predictors
from sgdbayes.figures.reference import draw_reference
from sgdbayes.figures.studies import common_size, covered, extent, pair_estimate, shown_rows
from sgdbayes.figures.style import log_scale, power_of_ten, run_style, save_figure
from sgdbayes.figures.sweep import draw_sweep
from sgdbayes.figures.volume import draw_volume
from sgdbayes.functions import as_strings, frequency_table
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import read_configuration

ROOT = Path(__file__).parents[1]
TASK = {"dataset": "bits", "positive_classes": [1], "train_size": 3, "seed": 0}
NETWORK = {"kind": "FullyConnected", "width": 8}
TRAINING = training(networks=60)
ABOUT = {"task": TASK, "seeds": [0, 1]}
ASKING = {"asked": 10, "min_count": 3, "top": 2}
SIZE, DOMAINS = 5, 3
OVER_S, OVER_E = "training sets, test points and networks", "test points and networks"


@pytest.fixture(autouse=True)
def style():
    with run_style():
        yield
    plt.close("all")


def functions(*posteriors: str, unresolved: int = 0) -> pd.DataFrame:
    """Of two experiments on three domains what sixty networks ended as; of the last posterior so many unresolved."""
    rng = np.random.default_rng(0)
    tables = []
    for experiment in ("e0", "e1"):
        for domain in range(DOMAINS):
            found = rng.random((60, SIZE)) < 0.25
            table = frequency_table(found, np.full(SIZE, -1)).assign(domain=domain, domain_size=SIZE)
            for posterior in posteriors or ("zero_one",):
                table[f"log_p_{posterior}"] = -1.0 - table["test_errors"] - rng.random(len(table))
                table[f"log_p_{posterior}_se"] = 0.1
            tables.append(table.assign(experiment=experiment))
    table = pd.concat(tables, ignore_index=True)
    table.loc[: unresolved - 1, f"log_p_{(posteriors or ('zero_one',))[-1]}_se"] = np.nan
    return table


def draws(posterior: str = "zero_one") -> pd.DataFrame:
    """On each domain of two tasks three functions, drawn 1, 2 and 3 times."""
    each = {"posterior": posterior, "domain_size": SIZE, "count": [1, 2, 3], "test_errors": [1, 2, 3]}
    each |= {"log_p": [-2.0, -3.0, -5.0], "function": as_strings(np.eye(3, SIZE) > 0)}
    return pd.concat(
        [pd.DataFrame(each).assign(task=task, domain=domain) for task in "st" for domain in range(DOMAINS)],
        ignore_index=True,
    )


def row(study: str = "e", posterior: str = "zero_one", **values: float) -> dict:
    """A row of studies.csv; statistics that are not in ``values`` are missing."""
    names = ("gap", "auc", "pearson", "noise_ceiling", "test_error", "posterior_test_error", "test_error_difference")
    known = {name: values.pop(name, np.nan) for name in names}
    ends = {f"{name}{end}": value + by for name, value in known.items() for end, by in (("_low", -0.1), ("_high", 0.1))}
    return {
        "study": study, "posterior": posterior, "domain_size": SIZE, "task": "s", "networks": 60.0, "domains": 20.0,
        "seeds": 2, "compared": 9.0, "domains_with_r": 2.5, "covers": OVER_S, **known, **ends, **values,
    }  # fmt: skip


def titles(figure) -> list[str]:
    return [panel.get_title() for panel in figure.axes]


def caption(figure) -> str:
    figure.draw_without_rendering()
    return figure.caption


def points(panel) -> list[int]:
    """How many hollow and how many solid points a panel has, all of which lie within it."""
    marks = [each for each in panel.collections if isinstance(each, PathCollection)]
    places = np.concatenate([each.get_offset_transform().transform(each.get_offsets()) for each in marks])
    share = panel.transAxes.inverted().transform(places)
    assert ((share > -1e-9) & (share < 1 + 1e-9)).all()
    return [len(each.get_offsets()) for each in marks]


@pytest.mark.parametrize("unresolved", [0, 4])
def test_scatter_has_equal_decades_and_the_line_of_equality(unresolved):
    table = functions("mse", "zero_one", unresolved=unresolved)
    rows = pd.DataFrame([row(posterior="mse", gap=-0.5), row(gap=3.44, pearson=0.5, noise_ceiling=0.9)])
    both = pd.concat([draws(), draws("mse")])
    figure = draw_scatter(table, both, rows, study="e", training=TRAINING, asking=ASKING, **ABOUT)
    said = caption(figure)
    assert f"95 % intervals are over {OVER_S}" in said
    assert "task seeds 0, 1" in said
    # Functions drawn 1, 2 and 3 times.
    assert "6 draws from the posterior" in said
    # The exact posterior first; r where the table has it.
    assert titles(figure)[:4] == [
        "0-1 posterior (exact)\nr = 0.50 [0.40, 0.60]\nceiling 0.90",
        "MSE posterior\nno r: too few functions repeat\non 17.5 of 20 domains",
        "gap +3.4 decades [3.3, 3.5]", "gap -0.5 decades [-0.6, -0.4]",
    ]  # fmt: skip
    assert figure.get_suptitle() == "e, |E| = 5: 60 networks × 20 domains × 2 training sets"
    for panel, lost in zip(figure.axes[:2], (unresolved, 0), strict=True):
        solid = int((table["count"] >= ASKING["min_count"]).sum())
        assert points(panel) == [len(table) - solid + lost, solid - lost]
        (left, right), (bottom, top) = panel.get_xlim(), panel.get_ylim()
        assert panel.get_box_aspect() == pytest.approx((top - bottom) / (right - left))
        # A good part of the line of equality is to be seen.
        assert min(right, top) - max(left, bottom) >= (right - left) / 3 - 1e-9
        box = panel.get_window_extent()
        assert box.height / (top - bottom) == pytest.approx(box.width / (right - left), rel=1e-3)


def test_functions_far_below_all_others_are_counted_and_none_at_all_is_said():
    table = functions()
    rare = table.index[table["count"] < ASKING["min_count"]][:2]
    table.loc[rare, "log_p_zero_one"] = -90
    rows = pd.DataFrame([row(gap=1)])
    figure = draw_scatter(table, draws(), rows, study="e", training=TRAINING, asking=ASKING, **ABOUT)
    assert [text.get_text() for text in figure.axes[0].texts] == ["2 below"]
    assert points(figure.axes[0])[-1] == 2
    assert figure.axes[0].get_ylim()[0] > -10
    unknown = table.assign(log_p_zero_one=np.nan)
    figure = draw_scatter(unknown, draws(), pd.DataFrame([row()]), study="e", training=TRAINING, asking=ASKING, **ABOUT)
    figure.draw_without_rendering()
    assert [text.get_text() for text in figure.axes[0].texts] == ["no function resolved"]
    assert titles(figure)[1] == "no gap: some function is unknown"


def test_weights_of_functions_asked_about_estimate_all_networks():
    """The mean of something over all networks, from the functions that the first of them, or many, ended as."""
    rng, differences = np.random.default_rng(1), []
    for _ in range(200):
        ended = np.minimum(rng.geometric(0.02, 200), 150)
        names, counts = np.unique(ended, return_counts=True)
        asked = (counts >= ASKING["min_count"]) | np.isin(names, ended[: ASKING["asked"]])
        known = pd.DataFrame({"experiment": "e", "domain": 0, "count": counts[asked], "frequency": counts[asked] / 200})
        weights = asked_weights(known, **ASKING | {"top": 0})
        differences.append((weights * names[asked]).sum() / 200 - ended.mean())
    assert abs(np.mean(differences)) < 3 * stats.sem(differences)


def test_the_domain_size_shown_is_that_of_most_functions_under_the_exact_posterior():
    rows = pd.DataFrame(
        [
            row(domain_size=5, pearson=0.5, compared=8, gap=1), row(domain_size=9, pearson=0.4, compared=12, gap=2),
            row(domain_size=20, compared=2, gap=3), row(domain_size=50), row("e", "mse", domain_size=50),
        ]
    )  # fmt: skip
    assert shown_rows(rows)["domain_size"].unique() == [9]
    assert shown_rows(rows.assign(pearson=np.nan))["domain_size"].unique() == [20]
    assert shown_rows(rows[3:])["domain_size"].unique() == [50]


def test_what_intervals_cover_is_said_of_one_and_of_several_training_sets():
    rows = pd.DataFrame([row(), row(seeds=1, covers=OVER_E)])
    assert covered(rows) == f"95 % intervals of one training set over {OVER_E}; of several training sets over {OVER_S}"
    assert covered(rows[:1]) == f"95 % intervals are over {OVER_S}"
    wide = pd.DataFrame([row(gap=1.0), row(gap=2.0)]).assign(gap_low=-50, gap_high=60)
    low, high = extent(wide, "gap", at_least=(0,))
    assert -2 < low < 0
    assert 2 < high < 4
    assert correlation_title(pd.Series(row(domains_with_r=19.0))) == "no r: on some training set none"
    everything = row(domains=1, domains_with_r=1)
    assert correlation_title(everything) == "no r: on some training set none"
    assert correlation_title(everything | {"seeds": 1}) == "no r: a mean needs\n5 domains, not 1"
    assert correlation_title(row(domains=3, domains_with_r=3)) == "no r: a mean needs\n5 domains, not 3"
    assert gap_title(row(gap=-0.04)) == "gap +0.0 decades [-0.1, 0.1]"
    assert correlation_title(row(pearson=-0.001)) == "r = 0.00 [-0.10, 0.10]"
    unknown = pd.Series(row(pearson=0.5) | {"pearson_low": np.nan, "pearson_high": np.nan})
    assert correlation_title(unknown) == "r = 0.50, no interval"


@pytest.mark.parametrize("beside", [{"big": 2000, "e": 100}, {"e": "sgd", "big": "adam"}])
def test_the_answer_is_over_train_sizes_or_over_optimizers(beside):
    each = {"gap": 2.0, "test_error": 0.1, "posterior_test_error": 0.2}
    rows = pd.DataFrame([row(**each), row("big", **each | {"gap": 3.0}), row("other", gap=9.0)])
    figure = draw_answer(
        functions(), draws(), rows, study="e", beside=beside, training=TRAINING, asking=ASKING, **ABOUT
    )
    assert f"95 % intervals are over {OVER_S}" in caption(figure)
    scatter, histograms, errors, gaps = figure.axes[:4]
    assert titles(figure)[1].endswith("gap +2.0 decades [1.9, 2.1]")
    assert sum(points(scatter)) == len(functions())
    assert len(histograms.patches) >= 2
    assert [line[0].get_ydata().tolist() for line in errors.containers] == [[10, 10], [20, 20]]
    x, y = gaps.containers[0][0].get_data()
    assert y.tolist() == [2, 3]
    named = isinstance(beside["e"], str)
    assert list(x) == ([0, 1] if named else [100, 2000])
    labels = [label.get_text() for label in gaps.get_xticklabels()]
    assert labels == (["sgd", "adam"] if named else ["100", "2,000"])


def test_the_answer_is_of_the_study_on_most_training_sets_and_a_page_of_all_seeds():
    task = {"dataset": "mnist_embedded", "positive_classes": [5], "recorded_test_size": 50}
    experiment = {"architecture": "fcn", "networks": 20, "domain_sizes": [5, 10], "posteriors": ["mse", "zero_one"]}
    config = {
        "name": "t",
        "tasks": {
            "m-{train_size}-{seed}": task | {"grid": {"train_size": [20, 40], "seed": [0, 1]}},
            "large": task | {"train_size": 80, "seed": 0},
        },
        "architectures": {"fcn": {"kind": "FullyConnected", "depth": 1, "width": 4}},
        "optimizers": {"sgd": {"kind": "SGD", "learning_rate": 0.1}, "adam": {"kind": "Adam", "learning_rate": 0.1}},
        "posteriors": {"mse": {}, "zero_one": {}},
        "experiments": {
            "{task}-sgd": experiment | {"grid": {"task": ["m-*", "large"]}, "optimizer": "sgd"},
            "m-20-0-adam": experiment | {"task": "m-20-0", "optimizer": "adam", "networks": 9000},
            "again": experiment | {"task": "m-40-0", "optimizer": "sgd", "max_epochs": 7},
            "without": experiment | {"task": "m-20-1", "optimizer": "adam", "posteriors": ["mse"]},
        },
        "predictors": ["m-20-*", "without"],
    }  # fmt: skip
    plan = Plan(read_configuration(config, ROOT / "workflow/schemas/config.schema.yaml"), ROOT / "workflow/scripts")
    assert plan.flagship() == "m-40-sgd"
    # Of two studies with the same |S|, the first.
    assert plan.beside_flagship() == {"m-20-sgd": 20, "m-40-sgd": 40, "large-sgd": 80}
    assert plan.predictors() == ["m-20-sgd", "m-20-0-adam"]
    assert plan.pages()[:2] == [("m-20", "fcn", 5), ("m-20", "fcn", 10)]
    assert plan.studies_at("m-20", "fcn", 5) == {
        "m-20-sgd": ["m-20-0-sgd", "m-20-1-sgd"], "m-20-0-adam": ["m-20-0-adam"], "without": ["without"]
    }  # fmt: skip
    assert plan.models_at("m-20", "fcn") == [("m-20-0", "fcn"), ("m-20-1", "fcn")]
    del config["tasks"]["large"], config["experiments"]["again"]
    config["tasks"]["m-{train_size}-{seed}"]["grid"]["train_size"] = [20]
    config["experiments"]["{task}-sgd"]["grid"]["task"] = ["m-*"]
    plan = Plan(read_configuration(config, ROOT / "workflow/schemas/config.schema.yaml"), ROOT / "workflow/scripts")
    assert plan.beside_flagship() == {"m-20-sgd": "sgd", "m-20-0-adam": "adam"}


def test_predictors_have_a_row_per_study_and_no_r_where_there_is_none():
    known = {"gap": 1, "auc": 0.9, "test_error_difference": -0.05}
    rows = [
        row("a", pearson=0.5, noise_ceiling=0.9, **known), row("a", "mse", pearson=0.4, noise_ceiling=0.8, **known),
        row("b", seeds=1, covers=OVER_E, **known), row("without", "mse", **known),
    ]  # fmt: skip
    figure = draw_predictors(pd.DataFrame(rows))
    assert "of one training set over test points and networks" in caption(figure)
    assert "; 1 without it are left out. Gap" in caption(figure)
    gap, _, correlation, error = figure.axes
    assert [label.get_text() for label in gap.get_yticklabels()] == ["a (2 training sets)", "b"]
    assert gap.get_title("left") == "|E| = 5"
    assert [bars[0].get_xdata()[0] for bars in correlation.containers] == [0.5, 0.4]
    assert [text.get_text() for text in correlation.texts] == ["no r"]
    assert [float(bars[0].get_xdata()[0]) for bars in error.containers] == [-5, -5, -5]
    draw_predictors(pd.DataFrame(rows[3:])).draw_without_rendering()


def test_predictors_are_on_one_domain_size_that_most_studies_have():
    rows = [row("a", gap=1), row("a", gap=2, domain_size=50), row("b", gap=3), row("c", gap=-30, domain_size=50)]
    # Of sizes that as many have the larger.
    assert common_size(pd.DataFrame(rows)) == 50
    figure = draw_predictors(pd.DataFrame(rows))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "a (2 training sets)",
        "c (2 training sets)",
    ]
    assert "all on domains of 50 test points" in caption(figure)
    assert figure.axes[0].get_xscale() == "symlog"
    assert common_size(pd.DataFrame([*rows, row("d", gap=1)])) == SIZE
    # Without any gap there is a size all the same.
    assert common_size(pd.DataFrame([row("a"), row("a", domain_size=50)])) == 50


def sweep_figure(rows, pairs=None, **about):
    names = list(dict.fromkeys(each["study"] for each in rows))
    about = {
        "values": dict(zip(names, (8.0, 64.0, 8.0), strict=False)), "groups": dict.fromkeys(names, "SGD"),
        "seeds": [0],
        "models": {name: [("s", "fcn"), ("t", "fcn")] for name in names}, "setting": "architecture.width", "size": SIZE,
        "reference": None, "training": dict.fromkeys(names, TRAINING), "tasks": dict.fromkeys(names, TASK),
    } | about  # fmt: skip
    figure = draw_sweep(pd.DataFrame(rows), pairs, **about)
    figure.draw_without_rendering()
    return figure


def test_a_sweep_joins_the_studies_of_a_group_and_leaves_gaps():
    known = {"gap": 1.0, "test_error": 0.2, "posterior_test_error": 0.3, "noise_ceiling": 0.9}
    rows = [row("a", pearson=0.5, **known), row("b", **known | {"test_error": 0.1}), row("c", pearson=0.6, **known)]
    figure = sweep_figure(rows, groups={"a": "SGD", "b": "SGD", "c": "Adam"})
    gap, correlation, error = figure.axes
    said = ["SGD", "Adam", "ceiling of r, SGD", "ceiling of r, Adam"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == said
    assert [(text.get_text(), text.get_position()[0]) for text in correlation.texts] == [("no r", 64)]
    assert correlation.get_ylim()[1] < 1.05
    assert [bars[0].get_xdata().tolist() for bars in gap.containers] == [[8, 64], [8]]
    np.testing.assert_array_equal(correlation.containers[0][0].get_ydata(), [0.5, np.nan])
    assert [bars[0].get_ydata().tolist() for bars in error.containers] == [[20, 10], [20], [30, 30]]
    assert gap.get_xscale() == "log"
    assert {panel.get_xlabel() for panel in figure.axes} == {"width of the hidden layers"}
    assert f"Of gap, r and test error 95 % intervals are over {OVER_S}" in caption(figure)
    some = sweep_figure(
        [row("a", pearson=0.95, **known), row("b"), row("c")], groups={"a": "SGD", "b": "SGD", "c": "Adam"}
    )
    assert [text.get_text() for text in some.axes[1].texts] == ["no r, Adam", "no r"]
    # Intervals end at 1.
    segments = some.axes[1].containers[0][2][0].get_segments()
    assert max(segment[:, 1].max() for segment in segments if len(segment)) == 1
    nothing = sweep_figure([row("a", gap=1.0), row("b", gap=2.0)])
    assert [text.get_text() for text in nothing.axes[1].texts] == ["no r"]


def pairs_of_two_tasks():
    pair = {"architecture": "fcn", "domain_size": SIZE, "posterior_a": "mse", "posterior_b": "zero_one"}
    return pd.DataFrame(
        [
            pair | {"task": task, "pearson": r, "pearson_low": r - 0.1, "pearson_high": r + 0.1}
            for task, r in (("s", 0.7), ("t", 0.9))
        ]
    )


def test_a_pair_that_a_training_set_lacks_has_no_mean():
    pairs = pairs_of_two_tasks()
    estimate = pair_estimate(pairs, "pearson")
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.8, -0.47, 1), abs=0.001)
    assert np.isnan(pair_estimate(pairs.assign(pearson=[0.7, np.nan]), "pearson").value)


def test_a_sweep_with_a_reference_has_the_correlation_of_posteriors_over_training_sets():
    rows = [row(name, posterior) for name in "ab" for posterior in ("mse", "zero_one")]
    figure = sweep_figure(rows, pairs_of_two_tasks(), reference="mse")
    assert [panel.axison for panel in figure.axes] == [True] * 3 + [False] + [True] * 4
    assert figure.axes[7].containers[0][0].get_ydata().tolist() == pytest.approx([0.8, 0.8])


def test_values_of_a_sweep_that_lie_close_are_not_labelled_and_its_sizes_are_said_once():
    values = {name: float(size) for name, size in zip("abcde", (100, 300, 1000, 2000, 10_000), strict=True)}
    tasks = {name: TASK | {"train_size": int(size)} for name, size in values.items()}
    figure = sweep_figure(
        [row(name, gap=1.0) for name in values], values=values, setting="task.train_size", tasks=tasks
    )
    labels = figure.axes[0].get_xticklabels()
    assert [label.get_text() for label in labels] == ["100", "300", "1000", "", "10000"]
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert "|S| = 100, 300, 1,000, 2,000, 10,000, task seed" in caption(figure)
    assert caption(figure).count("Data:") == 1


@pytest.mark.parametrize("unresolved", [0, 3])
def test_reference(unresolved):
    table = functions("mse", "zero_one", unresolved=unresolved)
    other = functions("mse").assign(experiment="o")
    rows = pd.DataFrame([row(pearson=0.5), row("o", "mse")])
    about = {"size": SIZE, "reference": "zero_one", "posteriors": ["mse", "zero_one"], "min_count": 3, **ABOUT}
    about["training"] = {"e": TRAINING, "o": TRAINING}
    figure = draw_reference({"e": table, "o": other}, rows, pairs_of_two_tasks(), **about)
    said = caption(figure)
    assert "e: 60 networks" in said
    assert "o: 60 networks" not in said
    note = f", {unresolved} unresolved" if unresolved else ""
    low = 0.8 - 0.1 * stats.t.ppf(0.975, 1)
    assert titles(figure)[:2] == [
        f"e{note}\nr = 0.50 [0.40, 0.60]",
        f"MSE posterior{note}\nr = 0.80 [{low:.2f}, 1.00]",
    ]
    assert [sum(points(panel)) for panel in figure.axes[:2]] == [len(table) - unresolved] * 2
    assert all(panel.get_xlim() == panel.get_ylim() == figure.axes[0].get_xlim() for panel in figure.axes[:2])
    figure = draw_reference({"o": other}, rows, pairs_of_two_tasks(), **about)
    assert "No study on these domains asks for the reference." in caption(figure)
    assert "no function resolved" in figure.axes[0].texts[0].get_text()


def test_errors_and_ranks_are_of_all_domains_alike():
    table, drawn = functions(), {"zero_one": draws()}
    about = {"size": SIZE, "training": {"e": TRAINING}, "asking": ASKING, **ABOUT}
    figure = draw_test_errors({"e": table}, drawn, **about)
    assert f"95 % intervals over {OVER_S}" in caption(figure)
    assert titles(figure)[0] == "e\n3 domains × 2 training sets"
    posterior, networks = figure.axes[0].lines[0], figure.axes[0].containers[0][0]
    np.testing.assert_allclose(posterior.get_ydata(), [np.nan, 1 / 6, 2 / 6, 3 / 6])
    assert networks.get_ydata().sum() == pytest.approx(1)


def test_ranks_under_a_posterior_are_of_all_functions_drawn_or_found(tmp_path):
    table, drawn = functions(), {"zero_one": draws()}
    # One in a thousand thousand, and the first of the drawn with a probability of its own.
    table["log_p_zero_one"] = -14.0
    table.loc[table["function"] == "10000", "log_p_zero_one"] = -1.0
    tasks = {"e0": "s", "e1": "t"}
    about = {"size": SIZE, "training": {"e": TRAINING}, "asking": ASKING, "tasks": tasks, **ABOUT}
    figure = draw_ranks({"e": table}, drawn, **about)
    assert "quartiles of domains, not errors" in caption(figure)
    assert "among 6 draws from it" in caption(figure)
    # What six draws miss with a chance of more than 5 % is less likely than 0.39: all are.
    certain, uncertain, networks = figure.axes[0].lines
    assert len(certain.get_xdata()) == 0
    np.testing.assert_allclose(uncertain.get_ydata()[:4], np.exp([-2, -3, -5, -14]))
    known = pd.concat([table.assign(task=table["experiment"].map(tasks)), drawn["zero_one"]])
    fewest = known.groupby(["task", "domain"])["function"].nunique().median()
    assert len(uncertain.get_xdata()) == int(fewest)
    first = table.groupby(["experiment", "domain"])["frequency"].max().median()
    assert networks.get_ydata()[0] == pytest.approx(first)
    figure = draw_ranks({"e": table}, {"zero_one": draws().assign(log_p=[-0.5, -3.0, -5.0] * 6)}, **about)
    certain, uncertain, _ = figure.axes[0].lines
    np.testing.assert_allclose(certain.get_ydata(), np.exp([-0.5]))
    np.testing.assert_allclose(uncertain.get_ydata()[:2], np.exp([-0.5, -3]))
    # On thousands of points every function is found once, and no draw gives another's.
    unknown, often = {"zero_one": draws().assign(log_p=np.nan)}, {"asking": ASKING | {"min_count": 1000}}
    save_figure(draw_ranks({"e": functions("mse")}, unknown, **about | often), [tmp_path / "ranks.png"], {})


@pytest.mark.parametrize("unresolved", [0, 3, 32])
@pytest.mark.parametrize("reproduced", [True, False])
def test_complexity(unresolved, reproduced):
    table = functions("a", "b").query("experiment == 'e0' and domain == 0")
    table.loc[: unresolved - 1, ["log_p_b", "log_p_b_se"]] = np.nan
    rows = table.iloc[:6] if reproduced else table.iloc[:0]
    complexity = rows[["function", "count"]].assign(
        domain_size=5, complexity=0.5, measure="critical_sample_ratio", index=1
    )
    settings = {
        "measure": "critical_sample_ratio",
        "points": 9,
        "radius": 0.1,
        "networks": 1,
        "frequent": 6,
        "sampled": 0,
    }
    figure = draw_complexity(
        {5: table}, complexity, left_out=2, experiment="e", posteriors=("a", "b"), training=TRAINING, task=TASK,
        settings=settings
    )  # fmt: skip
    figure.draw_without_rendering()
    lost = int(rows["log_p_b"].isna().sum())
    expected = f"b, |E| = 5\n{len(rows) - lost} functions" + (f", {lost} unresolved" if lost else "")
    assert titles(figure)[:3] == [
        f"networks, |E| = 5\n{len(rows)} functions",
        f"a, |E| = 5\n{len(rows)} functions",
        expected,
    ]


def test_by_error():
    table = pd.DataFrame({"test_errors": [0, 2, 2, 2, 5], "log_p": [-1.0, -3.0, -4.0, np.nan, np.nan]})
    figure = draw_by_error(
        {("t", "f", "mse"): table, ("t", "g", "mse"): table.dropna(), ("t", "f", "ep"): table.assign(log_p=np.nan)},
        size=5, tasks={"t": TASK}, architectures={"f": NETWORK, "g": NETWORK}, settings={"number": 3, "seed": 0},
    )  # fmt: skip
    figure.draw_without_rendering()
    assert titles(figure) == [
        "t, f\n2 of 5 unresolved",
        "t, g\n3 functions",
        "t, f\n5 of 5 unresolved",
        "t, g\nnot asked for",
    ]
    rows = [panel.get_ylabel().split("\n")[0] for panel in figure.axes if panel.get_ylabel()]
    assert rows == ["MSE posterior", "0-1 posterior (EP)"]
    lines = {
        line.get_marker(): line
        for line in figure.axes[0].lines
        if len(line.get_xdata()) and line.get_linestyle() == "None"
    }
    assert lines["x"].get_xdata().tolist() == [5]
    hollow = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "w"]
    np.testing.assert_allclose(hollow[0].get_ydata(), -3.5 / np.log(10))


def test_by_error_shows_training_sets_together():
    table = pd.DataFrame({"test_errors": [0, 1, 1], "log_p": [-1.0, -3.0, -4.0]})
    tasks = {name: TASK | {"seed": seed} for seed, name in enumerate(("t-0", "t-1"))}
    figure = draw_by_error(
        {(name, "f", "mse"): table for name in tasks},
        size=5, tasks=tasks, architectures={"f": NETWORK}, settings={"number": 3, "seed": 0},
        families=dict.fromkeys(tasks, "t"),
    )  # fmt: skip
    figure.draw_without_rendering()
    assert titles(figure)[0] == "t, f\n6 functions"
    assert len(figure.axes[0].containers) == 2
    assert "task seeds 0, 1" in caption(figure)


def test_by_error_breaks_where_nothing_is_resolved_and_has_students_intervals():
    """Five of ten functions with two errors, three unresolved with three, all five with one."""
    log_p = {
        1: [-1.0, -1.5, -2.0, -2.5, -3.0],
        2: [-3.0, -4.0, -4.5, -6.0, -7.0],
        3: [np.nan] * 3,
        4: [-9.0, -8.0],
        5: [-10.0],
    }
    rows = [(errors, value) for errors, values in log_p.items() for value in values]
    figure = draw_by_error(
        {("t", "f", "mse"): pd.DataFrame(rows, columns=["test_errors", "log_p"])},
        size=5, tasks={"t": TASK}, architectures={"f": NETWORK}, settings={"number": 5, "seed": 0},
    )  # fmt: skip
    figure.draw_without_rendering()
    bars = figure.axes[0].containers[0]
    np.testing.assert_array_equal(
        np.isnan(np.array(bars[0].get_ydata(), dtype=float)), [False, False, True, False, False]
    )
    reach = [np.ptp(segment[:, 1]) / 2 if len(segment) else 0 for segment in bars[2][0].get_segments()]
    expected = np.array(log_p[2]) / np.log(10)
    low, high = stats.t.interval(0.95, 4, scale=stats.sem(expected))
    # Half of all there are were drawn, which halves the variance of their mean.
    assert reach[1] == pytest.approx((high - low) / 2 * np.sqrt(0.5))
    assert reach[0] == reach[3] == reach[4] == 0


def test_a_thin_line_keeps_its_colour_among_many_others(tmp_path):
    figure, panel = plt.subplots(layout="constrained")
    panel.imshow(np.linspace(0, 1, 90_000).reshape(300, 300), cmap="viridis")
    panel.plot([0, 299], [150, 150], color="#d1603d", linewidth=1.5)
    save_figure(figure, [tmp_path / "figure.png"], {})
    with Image.open(tmp_path / "figure.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    # No channel off by more than what nobody sees, for hundreds of pixels of the line.
    assert (abs(pixels - [0xD1, 0x60, 0x3D]).max(1) <= 12).sum() > 300


def test_powers_of_ten_as_text():
    assert [power_of_ten(exponent) for exponent in (-12.0, -1e-9, 3)] == ["10⁻¹²", "10⁰", "10³"]
    assert power_of_ten(np.inf) == "10inf"


@pytest.mark.parametrize("limits", [(0.21, 0.45), (0.12, 0.19), (0.6, 1.2), (1e-6, 1)])
def test_labels_of_a_logarithmic_axis_are_its_values(limits):
    figure, axes = plt.subplots()
    log_scale(axes, "y")
    axes.set_ylim(limits)
    figure.draw_without_rendering()
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    axis, labelled = axes.yaxis, []
    for ticks in (axis.get_major_ticks(), axis.get_minor_ticks()):
        for tick in ticks:
            text, value = tick.label1.get_text(), tick.get_loc()
            if text and limits[0] <= value <= limits[1]:
                exponent = text[2:].translate(raised)
                said = 10.0 ** int(exponent) if exponent != text[2:] else float(text)
                assert said == pytest.approx(value)
                labelled.append(value)
    assert len(set(labelled)) >= 2


def volume_figure(*, seeds: int = 3):
    """Of |S| = 10 and 100 by rejection, the second by the exact posterior as well, whose gap alone is known."""
    rows, values, groups, tasks = [], {}, {}, {}
    for size, posterior in ((10, "rejection"), (100, "rejection"), (100, "zero_one")):
        for seed in range(seeds):
            for optimizer, error in (("sgd", 0.1), ("adam", 0.2)):
                name = f"{size}-{seed}-{optimizer}"
                known = {"test_error": error * (1 + seed / 10), "posterior_test_error": size**0.5 * error / 4}
                known |= {"test_error_difference": known["test_error"] - known["posterior_test_error"]}
                known |= {"gap_per_point": 0.05 if posterior == "zero_one" else np.nan}
                ends = {f"{key}{end}": value + by for key, value in known.items()
                        for end, by in (("_low", -0.01), ("_high", 0.01))}  # fmt: skip
                about = {"experiment": name, "posterior": posterior, "domain_size": SIZE, "networks": 60}
                rows.append(about | {"covers": OVER_E} | known | ends)
                values[name], groups[name] = size, optimizer
                tasks[name] = TASK | {"train_size": size, "seed": seed}
    curves = {name: {"values": values, "groups": groups} for name in ("bits, narrow", "bits, wide")}
    figure = draw_volume(
        pd.DataFrame(rows), curves=curves, size=SIZE, training=dict.fromkeys(values, TRAINING), tasks=tasks
    )
    return figure, caption(figure)


def test_the_volume_figure_has_errors_their_ratio_over_training_sets_and_the_gap():
    figure, said = volume_figure()
    assert len(figure.axes) == 6
    errors, ratio, gap = figure.axes[:3]
    assert errors.get_ylabel() == "bits, narrow\nmean test error (%)"
    # Lines of two optimisers, then what each of two samplers has.
    lines = [bars[0].get_ydata() for bars in errors.containers]
    assert lines[0] == pytest.approx([11, 11])
    assert [len(line) for line in lines] == [2, 2, 1, 2]
    of_exact, of_rejection = ratio.containers[0], ratio.containers[2]
    expected = [size**0.5 / 4 / stats.gmean([1, 1.1, 1.2]) for size in (10, 100)]
    assert of_rejection[0].get_ydata() == pytest.approx(expected)
    assert of_exact[0].get_ydata() == pytest.approx(expected[1:])
    interval = np.exp(stats.t.interval(0.95, 2, np.log(expected[0]), stats.sem(np.log([1, 1.1, 1.2]))))
    assert of_rejection[2][0].get_segments()[0][:, 1] == pytest.approx(interval, rel=1e-3)
    # What is not known is not drawn.
    assert [len(bars[0].get_ydata()) for bars in gap.containers] == [1, 1, 0, 0]
    assert gap.containers[0][0].get_ydata() == pytest.approx([0.05])
    assert "bits, narrow; bits, wide: Data: bits, class 1 against the rest, |S| = 10, 100, task seeds 0, 1, 2." in said
    assert "180 at each |S|" in said
    assert f"3 training sets at each |S|; 95 % intervals are over {OVER_S}" in said


def test_the_volume_figure_of_one_training_set_says_what_its_intervals_are_over():
    assert f"95 % intervals are over {OVER_E}" in volume_figure(seeds=1)[1]
