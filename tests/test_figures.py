"""What is unresolved, unseen or missing is counted in a figure, not drawn at a made-up place."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import training
from matplotlib.collections import PathCollection
from PIL import Image
from scipy import stats

from sgdbayes.analysis.posterior_pairs import compare_posteriors
from sgdbayes.figures.by_error import draw_by_error
from sgdbayes.figures.complexity import draw_complexity
from sgdbayes.figures.predictors import draw_predictors
from sgdbayes.figures.reference import draw_reference
from sgdbayes.figures.scatter import draw_optimizers, draw_scatter
from sgdbayes.figures.style import log_scale, power_of_ten, save_figure
from sgdbayes.figures.sweep import draw_sweep
from sgdbayes.functions import tabulate_functions

TASK = {"dataset": "bits", "positive_classes": [1], "train_size": 3, "seed": 0}
NETWORK = {"kind": "FullyConnected", "width": 8}
TRAINING = training()
LABELS = np.array([1, -1, 1, 1, -1])


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def probabilities(unresolved: int) -> pd.DataFrame:
    """All 32 functions, the first so many of them unresolved."""
    p = np.random.default_rng(0).dirichlet(np.ones(32))
    table = pd.DataFrame(
        {"domain_size": 5, "function": [format(code, "05b") for code in range(32)], "log_p": np.log(p), "log_p_se": 0.1}
    )
    table.loc[: unresolved - 1, ["log_p", "log_p_se"]] = np.nan
    return table


def functions(unresolved: int) -> pd.DataFrame:
    """Twelve networks, eleven functions of which two are unseen and, under b, the first so many unresolved."""
    found = np.array([[code >> bit & 1 for bit in range(4, -1, -1)] for code in [0, 0, 0, 0, *range(8)]], dtype=bool)
    known = {"a": probabilities(0), "b": probabilities(unresolved)}
    return tabulate_functions(found, LABELS, known, asked_found=99, favoured={"11111", "11110", "11100"})


def titles(figure) -> list[str]:
    return [panel.get_title() for panel in figure.axes]


def outside(panel) -> int:
    """How many marks of a panel lie outside its axes."""
    marks = [points for points in panel.collections if isinstance(points, PathCollection)]
    places = np.concatenate([points.get_offset_transform().transform(points.get_offsets()) for points in marks])
    share = panel.transAxes.inverted().transform(places)
    return int(((share < -1e-9) | (share > 1 + 1e-9)).any(1).sum())


@pytest.mark.parametrize("unresolved", [0, 3, 32])
def test_reference(unresolved):
    table = functions(unresolved)
    comparison = pd.DataFrame(
        [
            {
                "experiment": "e",
                "posterior": "b",
                "domain_size": 5,
                "pearson": np.nan,
                "compared": 1,
                "noise_ceiling": np.nan,
            }
        ]
    )
    pairs = compare_posteriors({"a": probabilities(0), "b": probabilities(unresolved)}, resamples=100)
    figure = draw_reference(
        {"e": table}, comparison, pairs, size=5, reference="b", posteriors=["a", "b"], training={"e": TRAINING},
        task=TASK, min_count=2
    )  # fmt: skip
    figure.draw_without_rendering()
    networks, other = figure.axes[:2]
    lost = table["log_p_b"].isna()
    found, pair = (lost & (table["count"] > 0)).sum(), lost.sum()
    assert networks.get_title().startswith(f"e, {found} unresolved" if found else "e\n")
    assert other.get_title().startswith(f"a, {pair} unresolved" if pair else "a\n")
    assert ("no correlation" in other.get_title()) == (unresolved == 32)
    for panel in (networks, other):
        assert outside(panel) == 0
    drawn = sum(
        len(points.get_offsets())
        for points in other.collections
        if hasattr(points, "get_sizes") and len(points.get_sizes())
    )
    assert drawn == (~lost).sum()


def reference_figure(tables, *, posteriors=("a",)):
    row = {"posterior": "a", "domain_size": 5, "pearson": 0.5, "pearson_low": np.nan, "pearson_high": np.nan}
    comparison = pd.DataFrame([row | {"experiment": name, "compared": 3, "noise_ceiling": np.nan} for name in tables])
    pairs = compare_posteriors({"a": probabilities(0), "b": probabilities(0)}, resamples=100)
    figure = draw_reference(
        tables, comparison, pairs, size=5, reference="a", posteriors=posteriors,
        training=dict.fromkeys(tables, TRAINING), task=TASK, min_count=2,
    )  # fmt: skip
    figure.draw_without_rendering()
    return figure


def test_a_likely_function_that_no_network_found_is_within_the_axes():
    table = functions(0)
    unseen = table.index[table["count"] == 0]
    table.loc[unseen[0], "log_p_a"] = table["log_p_a"].max() + 5 * np.log(10)
    panel = reference_figure({"e": table}).axes[0]
    marks = [len(points.get_offsets()) for points in panel.collections if isinstance(points, PathCollection)]
    assert marks[-1] >= 1
    assert outside(panel) == 0
    assert panel.get_title() == "e\nr = 0.50, no interval"


def test_the_caption_is_of_the_experiments_shown():
    other = functions(0).drop(columns=["log_p_a", "log_p_a_se"])
    figure = reference_figure({"shown": functions(0), "other": other})
    assert "shown: 12 networks" in figure.get_supxlabel()
    assert "other:" not in figure.get_supxlabel()
    figure = reference_figure({"other": other}, posteriors=("a", "b"))
    assert "No experiment on this domain asks for the reference." in figure.get_supxlabel()


def test_the_lowest_panel_of_each_column_has_its_axis_labelled():
    figure = reference_figure({f"e{i}": functions(0) for i in range(5)})
    for i, panel in enumerate(figure.axes[:5]):
        assert bool(panel.get_xlabel()) == (i > 0)
        shown = [label for label in panel.get_xticklabels() if label.get_visible() and label.get_text()]
        assert bool(shown) == (i > 0)
    assert not any(panel.axison for panel in figure.axes[5:8])


@pytest.mark.parametrize("order", [("many", "one"), ("one", "many")])
def test_panels_that_share_an_axis_hold_the_points_of_all(order):
    many = functions(0)
    one = many[many["count"] == many["count"].max()].assign(
        count=12, frequency=1.0, frequency_low=0.8, frequency_high=1
    )
    tables = {"many": many, "one": one}
    row = {"pearson": np.nan, "noise_ceiling": np.nan, "compared": 1, "networks": 12}
    comparison = pd.DataFrame(
        [
            row | {"experiment": name, "posterior": posterior, "domain_size": size}
            for name in tables
            for posterior in "ab"
            for size in (5, 6)
        ]
    )
    about = {"task": TASK, "min_count": 2}
    side_by_side = draw_optimizers(
        {name: tables[name] for name in order},
        comparison,
        size=5,
        training=dict.fromkeys(order, TRAINING),
        **about,
    )
    # By posterior: one of them resolves a single function.
    known = many.copy()
    known.loc[known["count"] != known["count"].max(), f"log_p_{'ba'[order.index('many')]}"] = np.nan
    of_one = comparison[comparison["experiment"] == "many"]
    by_size = draw_scatter(dict.fromkeys((5, 6), known), of_one, experiment="many", training=TRAINING, **about)
    for figure in (side_by_side, by_size):
        figure.draw_without_rendering()
        drawn = [panel for panel in figure.axes if panel.axison and panel.get_title()]
        assert len(drawn) == 4
        assert [outside(panel) for panel in drawn] == [0] * 4


@pytest.mark.parametrize("unresolved", [0, 3, 32])
@pytest.mark.parametrize("reproduced", [True, False])
def test_complexity(unresolved, reproduced):
    table = functions(unresolved)
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


def test_a_sweep_joins_the_experiments_of_an_optimizer_and_leaves_gaps():
    values, groups = {"a": 8.0, "b": 64.0, "c": 8.0}, {"a": "SGD", "b": "SGD", "c": "Adam"}
    estimates = {"test_error": 0.2, "pearson": 0.5, "noise_ceiling": 0.9, "posterior_test_error": 0.3}
    row = {f"{name}{end}": value for name, value in estimates.items() for end in ("", "_low", "_high")}
    row |= {"posterior": "mse", "domain_size": 5, "networks": 12, "compared": 4, "architecture": "fcn"}
    rows = [row | {"experiment": name, "task": name} for name in values]
    rows[1] |= {
        "pearson": np.nan,
        "pearson_low": np.nan,
        "pearson_high": np.nan,
        "test_error": 0.1,
        "test_error_low": 0.1,
    }
    unknown = {f"{name}{end}": np.nan for name in ("pearson", "posterior_test_error") for end in ("", "_low", "_high")}
    rows.append(rows[0] | unknown | {"posterior": "splitting"})
    figure = draw_sweep(
        pd.DataFrame(rows), None, values=values, groups=groups, setting="task.train_size", size=5, reference=None,
        training=dict.fromkeys(values, TRAINING), tasks=dict.fromkeys(values, TASK),
    )  # fmt: skip
    figure.draw_without_rendering()
    assert titles(figure) == ["test error", "SGD", "Adam"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["SGD", "Adam", "MSE posterior"]
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()} | {
        container.get_label(): container[0] for container in figure.axes[0].containers
    }
    assert lines["SGD"].get_xydata().tolist() == [[8, 20], [64, 10]]
    assert lines["Adam"].get_xydata().tolist() == [[8, 20]]
    correlations = figure.axes[1].containers[0][0].get_ydata()
    assert correlations[0] == 0.5
    assert np.isnan(correlations[1])
    assert figure.axes[0].get_xscale() == "log"
    assert figure.axes[0].get_ylabel() == "mean test error (%)"
    assert {panel.get_xlabel() for panel in figure.axes} >= {"|S|"}


def test_values_of_a_sweep_that_lie_close_are_not_labelled_and_its_sizes_are_said_once():
    values = {name: float(size) for name, size in zip("abcde", (100, 300, 1000, 2000, 10_000), strict=True)}
    estimates = {"test_error": 0.2, "pearson": 0.5, "noise_ceiling": 0.9, "posterior_test_error": 0.3}
    row = {f"{name}{end}": value for name, value in estimates.items() for end in ("", "_low", "_high")}
    row |= {"posterior": "mse", "domain_size": 5, "networks": 12, "compared": 4, "architecture": "fcn"}
    figure = draw_sweep(
        pd.DataFrame([row | {"experiment": name, "task": name} for name in values]), None, values=values,
        groups=dict.fromkeys(values, "SGD"), setting="task.train_size", size=5, reference=None,
        training=dict.fromkeys(values, TRAINING),
        tasks={name: TASK | {"train_size": int(size)} for name, size in values.items()},
    )  # fmt: skip
    figure.draw_without_rendering()
    labels = figure.axes[0].get_xticklabels()
    assert [label.get_text() for label in labels] == ["100", "300", "1000", "", "10000"]
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    caption = " ".join(figure.get_supxlabel().split())
    assert "|S| = 100, 300, 1,000, 2,000, 10,000, task seed" in caption
    assert caption.count("Data:") == 1


def test_errors_of_a_sweep_are_on_all_points_where_they_are_measured_of_all_of_it():
    estimates = {"test_error": 0.2, "pearson": 0.5, "noise_ceiling": 0.9, "posterior_test_error": 0.3}
    row = {f"{name}{end}": value for name, value in estimates.items() for end in ("", "_low", "_high")}
    row |= {"posterior": "mse", "domain_size": 5, "networks": 12, "compared": 4, "architecture": "fcn"}
    rows = pd.DataFrame([row | {"experiment": name, "task": name} for name in "ab"])
    wanted = {name: value / 2 for name, value in row.items() if "test_error" in name}
    measured = pd.DataFrame(
        [wanted | {"experiment": name, "posterior": "mse", "networks": 12, "test_points": 1000} for name in "ab"]
    )
    one, both = (pd.concat([rows, some.assign(posterior="splitting")]) for some in (rows[:1], rows))
    for shown, known, error, where in (
        (rows, measured, 10, "of all 1,000 recorded"), (one, measured, 10, "of all 1,000 recorded"),
        (both, measured, 20, "of E"), (rows, measured[:1], 20, "of E"), (rows, None, 20, "of E"),
    ):  # fmt: skip
        figure = draw_sweep(
            shown, None, values={"a": 8.0, "b": 64.0}, groups={"a": "SGD", "b": "SGD"}, setting="task.train_size",
            size=5, reference=None, training=dict.fromkeys("ab", TRAINING), tasks=dict.fromkeys("ab", TASK),
            test_errors=known,
        )  # fmt: skip
        own = {each.get_label(): each[0].get_ydata() for each in figure.axes[0].containers}
        assert own["SGD"].tolist() == pytest.approx([error] * 2)
        assert figure.axes[1].containers[0][0].get_ydata().tolist() == [0.5, 0.5]
        assert f"share {where}" in " ".join(figure.get_supxlabel().split())
        named = [text.get_text() for text in figure.legends[0].get_texts()]
        assert ("finite networks (splitting)" in named) == (shown is not rows)


def test_posteriors_of_a_sweep_come_in_one_order():
    estimates = {"test_error": 0.2, "pearson": 0.5, "noise_ceiling": 0.9, "posterior_test_error": 0.3}
    row = {f"{name}{end}": value for name, value in estimates.items() for end in ("", "_low", "_high")}
    row |= {"experiment": "a", "task": "a", "domain_size": 5, "networks": 12, "compared": 4, "architecture": "fcn"}
    rows = [row | {"posterior": name} for name in ("own", "ntk", "mse")]
    figure = draw_sweep(
        pd.DataFrame(rows), None, values={"a": 8.0}, groups={"a": "SGD"}, setting="optimizer.learning_rate", size=5,
        reference=None, training={"a": TRAINING}, tasks={"a": TASK},
    )  # fmt: skip
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown == ["SGD", "MSE posterior", "NTK ensemble", "own"]
    assert {panel.get_xlabel() for panel in figure.axes} >= {"learning rate"}


def test_predictors_have_a_row_per_experiment_on_its_best_domain():
    estimates = {"test_error": 0.2, "pearson": 0.5, "noise_ceiling": 0.9, "posterior_test_error": 0.3}
    row = {f"{name}{end}": value for name, value in estimates.items() for end in ("", "_low", "_high")}
    row |= {"task": "t", "experiment": "a", "domain_size": 5, "compared": 4, "posterior": "zero_one"}
    better = row | {"domain_size": 10, "compared": 9, "pearson": 0.6}
    nothing = dict.fromkeys(["pearson", "pearson_low", "pearson_high"], np.nan)
    rows = [
        row, better, better | {"posterior": "ntk", "pearson": 0.7, "posterior_test_error": 0.0},
        better | {"experiment": "b", "task": "u"},
        row | {"experiment": "c"} | nothing, row | {"experiment": "not asked for"},
    ]  # fmt: skip
    figure = draw_predictors(pd.DataFrame(rows), experiments=["a", "b", "c"])
    figure.draw_without_rendering()
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["a (10)", "b (10)"]
    assert sorted(float(bars[0].get_xdata()[0]) for bars in left.containers) == [0.6, 0.6, 0.7]
    # An error of 0 has no place on a logarithmic axis: an arrow at its edge.
    assert [line.get_xdata()[0] for line in right.get_lines() if line.get_marker() == "<"] == [0.1]
    assert [float(bars[0].get_xdata()[0]) for bars in right.containers] == [30, 30]
    draw_predictors(pd.DataFrame(rows), experiments=["c"]).draw_without_rendering()
    # Errors on all recorded points stand in place of those on E, of the posteriors of which they are known.
    ends = {
        f"{name}{end}": error
        for name, error in (("test_error", 0.1), ("posterior_test_error", 0.4))
        for end in ("", "_low", "_high")
    }
    known = pd.DataFrame([ends | {"experiment": "b", "posterior": "zero_one", "networks": 9, "test_points": 1000}])
    left, right = draw_predictors(pd.DataFrame(rows), experiments=["a", "b"], test_errors=known).axes
    assert [float(bars[0].get_xdata()[0]) for bars in right.containers] == [30, 40]
    assert sorted(float(bars[0].get_xdata()[0]) for bars in left.containers) == [0.6, 0.6, 0.7]


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
