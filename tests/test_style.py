"""Figures look as their reader wants: importing changes nothing, rcParams count, a run has a style of its own."""

import copy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams
from PIL import Image
from test_configuration import QUICKSTART, SCHEMA
from test_figures import ABOUT, ASKING, SIZE, TRAINING, draws, functions, row

from sgdbayes import figures
from sgdbayes.figures.style import Drawing, panels
from sgdbayes.files import read_provenance
from sgdbayes.pipeline import provenance
from sgdbayes.pipeline.checking import check_kinds
from sgdbayes.pipeline.mistakes import ConfigurationError
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import read_configuration
from sgdbayes.pipeline.steps import STEPS

ROOT = Path(__file__).parents[1]
FOLDER = Path(figures.__file__).parent
IMPORTING = """
import importlib, sys, matplotlib
# To ask for the backend in the usual way chooses one.
state = lambda: {name: dict.__getitem__(matplotlib.rcParams, name) for name in matplotlib.rcParams}
before = state()
for name in sys.argv[1:]:
    importlib.import_module(f"sgdbayes.figures.{name}")
assert state() == before
assert "matplotlib.pyplot" not in sys.modules
"""


def test_importing_changes_neither_rc_parameters_nor_the_backend():
    names = [path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__"]
    assert len(names) > 15
    subprocess.run([sys.executable, "-c", IMPORTING, *names], check=True, cwd=ROOT)


def test_all_public_names_are_there_whatever_was_imported_before():
    assert "scatter" in figures.__all__
    for name in figures.__all__:
        assert callable(getattr(figures, name)), name


def own(**changes: float) -> SimpleNamespace:
    """As `sgdbayes.compare` gives it."""
    table = functions().query("experiment == 'e0'")
    table = table.rename(columns={"log_p_zero_one": "log_p", "log_p_zero_one_se": "log_p_se"})
    names = ["domain", "function", "count", "frequency", "frequency_low", "frequency_high", "test_errors"]
    table = table[[*names, "log_p", "log_p_se"]]
    known = {"gap": 2.0, "pearson": 0.5, "noise_ceiling": 0.9} | changes
    return SimpleNamespace(functions=table, row=row(**known))


def test_a_panel_for_a_notebook_is_in_the_style_of_its_reader():
    with matplotlib.rc_context({"font.size": 13, "figure.figsize": (5, 4), "lines.markersize": 2}):
        figure = figures.scatter(own())
        picture = figure._repr_png_()
    panel = figure.axes[0]
    assert tuple(figure.get_size_inches()) == (5, 4)
    assert panel.xaxis.label.get_fontsize() == 13
    assert panel.get_title() == "gap +2.0 decades [1.9, 2.1]\nr = 0.50 [0.40, 0.60]\nceiling 0.90"
    assert max(points.get_sizes().max() for points in panel.collections if hasattr(points, "get_sizes")) < 5
    assert (panel.get_xlabel(), panel.get_ylabel()) == (r"$P_{\mathrm{OPT}}(f|S)$", r"$P_B(f|S)$")
    assert figure.caption == figure.get_supxlabel() == ""
    assert picture.startswith(b"\x89PNG")
    # On axes of one's own, and without statistics.
    mine = matplotlib.figure.Figure().subplots(1, 2)
    assert figures.scatter(own().functions, axes=mine[1]) is mine[1].figure
    assert mine[1].get_title() == mine[0].get_xlabel() == ""
    nothing = figures.scatter(own(pearson=np.nan)).axes[0].get_title()
    assert nothing.startswith("gap +2.0 decades [1.9, 2.1]\nno r: too few functions repeat")


def test_on_a_dark_page_nothing_is_drawn_for_a_white_one():
    table = own().functions
    # So unlikely that they stand below.
    table = table.assign(log_p=table["log_p"].where(table["count"] > 2, -300.0))
    with matplotlib.style.context({"axes.facecolor": "black", "text.color": "white"}):
        panel = figures.scatter(table).axes[0]
    (line,), (below,) = panel.lines, panel.texts
    bars, *_, solid, _ = panel.collections
    assert below.get_text().endswith(" below")
    assert below.get_bbox_patch().get_facecolor()[:3] == (0, 0, 0)
    assert line.get_color() == pytest.approx((0.7, 0.7, 0.7))
    assert bars.get_color()[0, :3] == pytest.approx((0.2, 0.2, 0.2))
    assert solid.get_edgecolor()[0, :3] == pytest.approx((1, 1, 1))


def test_a_table_of_ones_own_that_cannot_be_drawn_is_one_line(tmp_path):
    table = own().functions
    table.to_csv(tmp_path / "functions.csv", index=False)
    figures.scatter(pd.read_csv(tmp_path / "functions.csv", dtype={"function": str}))
    figures.scatter(table.assign(function=table["function"] + table["domain"].map(lambda domain: domain * "0")))
    longer = table["function"].where(table.index > 0, "0101010")
    for wrong, said in (
        ((pd.read_csv(tmp_path / "functions.csv"), {}), r'got \d+; .* read_csv\(\.\.\., dtype={"function": str}\)$'),
        ((table.assign(function="01x"), {}), "function must be text of 0 and 1, got '01x'"),
        ((table.assign(function=longer), {}), "one length on each domain"),
        ((table.drop(columns="domain").assign(function=longer), {}), "one length on each domain"),
        ((table.assign(frequency=0.0), {}), r"frequency must be above 0, got 0\.0"),
        ((table, {"min_count": "3"}), "min_count must be a whole number, 1 or more, got '3'"),
        ((table, {"axes": "x"}), "axes must be one Axes of matplotlib, got str"),
        ((table, {"axes": matplotlib.figure.Figure().subplots(1, 2)}), "got ndarray"),
    ):
        with pytest.raises(ValueError, match=said) as error:
            figures.scatter(wrong[0], **wrong[1])
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(("size", "widest"), [(None, 40), ((3.5, 9), 3.5), ((7, 4), 7)])
def test_only_a_size_of_ones_own_limits_figures_of_many_panels(size, widest):
    with figures.run_style(), matplotlib.rc_context({"figure.figsize": size} if size else {}):
        assert tuple(figures.scatter(own()).get_size_inches()) == (size or (3.5, 3.2))
        assert panels(1, 4)[0].get_figwidth() == pytest.approx(min(4 * 2.6 + 0.9, widest))


def scatter_of_a_run():
    return figures.draw_scatter(
        functions(), draws(), pd.DataFrame([row(gap=1.0)]), study="e", training=TRAINING, asking=ASKING, **ABOUT
    )


def test_a_column_that_is_missing_is_named():
    with pytest.raises(ValueError, match=r"^functions: no column log_p, frequency_low; expected: function, count,"):
        figures.scatter(own().functions.drop(columns=["log_p", "frequency_low"]))
    rows = pd.DataFrame([row(gap=1.0)])
    about = {"study": "e", "training": TRAINING, "asking": ASKING, **ABOUT}
    with pytest.raises(ValueError, match=r"^rows: no column gap_low; expected: "):
        figures.draw_scatter(functions(), draws(), rows.drop(columns="gap_low"), **about)
    with pytest.raises(ValueError, match=r"^functions: no column log_p_zero_one, log_p_zero_one_se; expected: "):
        figures.draw_scatter(functions("mse"), draws(), rows, **about)
    with pytest.raises(ValueError, match=r"^draws: no column log_p; expected: "):
        figures.draw_scatter(functions(), draws().drop(columns="log_p"), rows, **about)
    with pytest.raises(ValueError, match=r"^studies: no column auc, auc_low, auc_high; expected: "):
        figures.draw_predictors(rows.drop(columns=["auc", "auc_low", "auc_high"]))
    with pytest.raises(ValueError, match=r"^functions: no column test_errors; expected: "):
        figures.draw_test_errors({"e": functions().drop(columns="test_errors")}, {}, size=SIZE, **about)


def test_a_figure_without_its_caption_has_no_gap_for_it_and_the_text_stands_beside(tmp_path, monkeypatch):
    heights, save = {}, Drawing.savefig

    def seen(figure, *args, **options):
        assert bool(figure.get_supxlabel()) is caption
        # Panels are as large with it and without.
        heights[caption] = figure.axes[0].get_window_extent().height
        save(figure, *args, **options)

    monkeypatch.setattr(Drawing, "savefig", seen)
    for caption in (True, False):
        path = tmp_path / f"{caption}.png"
        with figures.run_style():
            figures.save_figure(scatter_of_a_run(), [path], {}, caption=caption)
        assert read_provenance(path)["caption"].endswith(f"95 % intervals are over {row()['covers']}.")
    assert heights[True] == pytest.approx(heights[False], rel=0.03)
    with Image.open(tmp_path / "True.png") as whole, Image.open(tmp_path / "False.png") as bare:
        assert whole.width == bare.width
        assert whole.height > bare.height + 50
        # Ink down to the edge, but for a tenth of an inch.
        ink = np.flatnonzero((np.asarray(bare.convert("L")) < 250).any(axis=1))
        assert bare.height - ink[-1] < 16


@pytest.mark.parametrize("draw", [scatter_of_a_run, lambda: figures.scatter(own())])
def test_saving_leaves_a_figure_as_it_was_so_that_saved_again_it_is_the_same(tmp_path, draw):
    figure = draw()
    figure.supxlabel("my own")

    def state() -> tuple:
        panels = [(panel.get_position(original=True).bounds, panel.get_in_layout()) for panel in figure.axes]
        return *figure.get_size_inches(), figure.get_layout_engine(), figure.get_supxlabel(), len(figure.texts), panels

    before, names = state(), ("a.png", "a.pdf", "a.svg")
    figures.save_figure(figure, [tmp_path / "1" / name for name in names])
    assert state() == before
    figures.save_figure(figure, [tmp_path / "2" / name for name in names])
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name
    with pytest.raises(ValueError, match="'xyz' is not supported"):
        figures.save_figure(figure, str(tmp_path / "a.xyz"))
    assert state() == before
    figures.save_figure(figure, tmp_path / "a.svg")
    assert read_provenance(tmp_path / "a.svg")["caption"] == figure.caption
    assert b"<dc:date>" not in (tmp_path / "a.svg").read_bytes()


@pytest.mark.parametrize("posteriors", [("zero_one",), ("zero_one", "mse", "ntk")])
def test_in_a_column_figures_are_as_wide_as_it_and_their_type_is_no_smaller_than_six_points(posteriors):
    rows = pd.DataFrame([row(posterior=name, gap=1.0, pearson=0.5, noise_ceiling=0.9) for name in posteriors])
    every = pd.concat([draws(name) for name in posteriors])
    about = {"training": TRAINING, "asking": ASKING, **ABOUT}
    with figures.run_style("sgdbayes.figures.column"):
        scatter = figures.draw_scatter(functions(*posteriors), every, rows, study="e", **about)
        answer = figures.draw_answer(functions(), draws(), rows[:1], study="e", beside={"e": 100}, **about)
        for figure in (scatter, answer):
            figure.draw_without_rendering()
            assert figure.get_figwidth() == pytest.approx(3.35)
            texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
            assert min(text.get_fontsize() for text in texts) >= 6 - 1e-9
            titles = [panel.title.get_window_extent() for panel in figure.axes if panel.axison and panel.get_title()]
            assert all(title.x0 >= 0 and title.x1 <= figure.bbox.x1 for title in titles)
            assert not any(one.overlaps(other) for number, one in enumerate(titles) for other in titles[:number])


def planned(folder: Path, **changes: object) -> Plan:
    for cached in (provenance.code_hash, provenance._module_hash, provenance._tree):
        cached.cache_clear()
    config = copy.deepcopy(QUICKSTART) | changes
    return Plan(read_configuration(config, SCHEMA, style_folder=folder), ROOT / "workflow" / "scripts")


def state(plan: Plan) -> dict[str, tuple[str, str]]:
    """Key and code of a result of each step of the quickstart."""
    names = {"experiment": "mnist-sgd", "study": "mnist-sgd", "task": "mnist", "architecture": "fcn", "size": "20"}
    names |= {"posterior": "zero_one"}
    found = {}
    for rule, step in STEPS.items():
        of = [names[each] for each in step.of]
        try:
            found[rule] = plan.key(rule, *of), plan.code(rule, *of)
        except KeyError:
            # Of a section that the quickstart has not.
            continue
    return found


def test_another_style_draws_all_figures_anew_and_makes_no_table_again(tmp_path):
    sheet = tmp_path / "my.mplstyle"
    sheet.write_text("font.size: 9\n")
    plain, styled = state(planned(tmp_path)), state(planned(tmp_path, style="my.mplstyle"))
    of_figures = {rule for rule in plain if STEPS[rule].figure}
    assert {"answer", "scatter", "sweep"} <= of_figures
    assert not {"summary", "explorer", "claims", "studies"} & of_figures

    def differing(one: dict, other: dict) -> set[str]:
        return {rule for rule in one if one[rule] != other[rule]}

    assert differing(plain, styled) == of_figures
    assert differing(plain, state(planned(tmp_path, caption=False))) == of_figures
    sheet.write_text("font.size: 10\n")
    assert differing(styled, state(planned(tmp_path, style="my.mplstyle"))) == of_figures


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("gone.mplstyle", r"^style: there is no file .*gone\.mplstyle: paths start from where the configuration is$"),
        ("key.mplstyle", r"^style: Bad key font\.sise in file .*key\.mplstyle, line 2 \('font\.sise: 8'\)$"),
        ("value.mplstyle", r"^style: Bad value in file .*value\.mplstyle', line 1 .*large-ish"),
        ("binary.mplstyle", r"^style: "),
        ("greyscale", r"^style: unknown name greyscale \(did you mean grayscale\?\); allowed: .*mplstyle$"),
    ],
)
def test_a_style_that_cannot_be_used_is_one_line(tmp_path, style, said):
    (tmp_path / "key.mplstyle").write_text("lines.linewidth: 1\nfont.sise: 8\n")
    (tmp_path / "value.mplstyle").write_text("font.size: large-ish\n")
    (tmp_path / "binary.mplstyle").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=said) as error:
        check_kinds(planned(tmp_path, style=style).configuration)
    assert "\n" not in str(error.value)


def test_styles_that_can_be_used_are_applied_on_top_of_the_projects(tmp_path):
    (tmp_path / "my.mplstyle").write_text("font.size: 11\n")
    before = dict.copy(rcParams)
    for style, size in (("my.mplstyle", 11), ("sgdbayes.figures.column", 7.25), ("grayscale", 8)):
        configuration = planned(tmp_path, style=style).configuration
        check_kinds(configuration)
        given = Path(configuration.style) if style.startswith("my") else configuration.style
        with figures.run_style(given):
            assert (rcParams["font.size"], rcParams["pdf.fonttype"]) == (size, 42)
    assert dict.copy(rcParams) == before
