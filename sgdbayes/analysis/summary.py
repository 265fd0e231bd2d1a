"""What a run found, a line for each way of training, for the end of it."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

import pandas as pd

from sgdbayes.analysis.studies import COVERS_STUDY
from sgdbayes.posterior.kinds import exact_posterior, posterior_kind
from sgdbayes.statistics import student_mean

__all__ = ["summarise"]

_WIDTH = 118
# Lines of one screen.
_MOST = 6
_LESS = "less the first"


def summarise(
    studies: pd.DataFrame,
    comparison: pd.DataFrame,
    members: Mapping[str, Sequence[str]],
    folder: Path,
    *,
    flagship: str | None = None,
    pictures: bool = True,
) -> str:
    """A line a study with its gap, test errors and correlation; what these are, how studies differ, where to look.

    ``studies``: studies.csv. ``comparison``: comparison.csv, by whose experiments the ``members`` of each study go.
    ``folder``: where its results are. ``pictures``: whether there is an answer picture. Told of are the studies on the
    model, a task and an architecture, of the ``flagship``, or else of that on most training sets, then of most
    networks. Domains are the largest that have a gap under the exact 0-1 posterior, or under the first one.
    """
    own = _told(studies, flagship)
    rows = own[own["posterior"] == _judge(own)]
    table = _table(rows.head(_MOST), comparison, members)
    words = [_what(rows, table), *_others(own), *_missing(rows), _cover(rows), *_left_out(own)]
    picture = f"{folder}/figures/" + ("answer.png" if pictures else "")
    ways = {"look first at": picture, "explore": f"{folder}/explorer.html", "all numbers": f"{folder}/studies.csv"}
    wide = max(map(len, ways))
    lines = [*_lines(table), *_wrapped(" ".join(words))]
    return "\n".join([*lines, *(f"{name:{wide}}  {path}" for name, path in ways.items())]) + "\n"


def _told(studies: pd.DataFrame, flagship: str | None) -> pd.DataFrame:
    exact = studies["posterior"] == exact_posterior().name
    first = studies[exact] if exact.any() else studies
    named = first[first["study"] == flagship]
    most = (first if named.empty else named).sort_values(["seeds", "networks"], kind="stable").iloc[-1]
    model = studies[(studies["task"] == most["task"]) & (studies["architecture"] == most["architecture"])]
    judge = model[model["posterior"] == most["posterior"]]
    sizes = judge.loc[judge["gap"].notna(), "domain_size"]
    return model[model["domain_size"] == (judge["domain_size"] if sizes.empty else sizes).max()]


def _judge(own: pd.DataFrame) -> str:
    """The posterior that stands for random sampling."""
    exact = exact_posterior().name
    return exact if (own["posterior"] == exact).any() else own["posterior"].iloc[0]


def _names(rows: pd.DataFrame) -> list[str]:
    """Their optimisers, or what is left of their studies' names without what all begin with."""
    if rows["optimizer"].is_unique:
        return [str(name) for name in rows["optimizer"]]
    parts = [str(name).split("-") for name in rows["study"]]
    alike = sum(1 for _ in takewhile(lambda each: len({*each}) == 1, zip(*parts, strict=False)))
    return ["-".join(own[min(alike, len(own) - 1) :]) for own in parts]


def _table(rows: pd.DataFrame, comparison: pd.DataFrame, members: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Its columns by their heads, without those of which nothing is known."""
    each, sets = [row for _, row in rows.iterrows()], rows["seeds"]
    sampler = posterior_kind(rows["posterior"].iloc[0]).sampler
    columns = {
        "": _names(rows),
        "sets": [str(number) if sets.nunique() > 1 else "" for number in sets],
        "gap in decades": [_estimate(*(row[f"gap{end}"] for end in ("", "_low", "_high"))) or "none" for row in each],
        _LESS: _differences(rows, comparison, members),
        "times likelier": [_times(row) for row in each],
        "networks err": [_percent(row["test_error"]) for row in each],
        f"{sampler} errs": [_percent(row["posterior_test_error"]) for row in each],
        "r [ceiling]": [_correlation(row) for row in each],
    }
    return {head: cells for head, cells in columns.items() if any(cells)}


def _lines(table: Mapping[str, Sequence[str]]) -> Iterator[str]:
    shown = [[head, *cells] for head, cells in table.items()]
    wide = [max(map(len, column)) for column in shown]
    for line in zip(*shown, strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, wide, strict=True)).rstrip()


def _what(rows: pd.DataFrame, table: Mapping[str, Sequence[str]]) -> str:
    first, sampler = rows.iloc[0], posterior_kind(rows["posterior"].iloc[0]).sampler
    points = f"{first['domains']:.0f} domains of {first['domain_size']} test points" if first["domains"] > 1 else (
        f"{first['domain_size']} test points"
    )  # fmt: skip
    sets = f" on each of {_span(rows['seeds'], '{:.0f}')} training sets" if rows["seeds"].max() > 1 else ""
    less = "; less the first: over the training sets of both" if _LESS in table else ""
    return (
        f"Gap: how much likelier under {sampler} functions of {_span(rows['networks'], '{:,.0f}')} networks{sets} are "
        f"than what {sampler} itself finds, on {points}; 0 is expected of a Bayesian sampler{less}."
    )


def _differences(rows: pd.DataFrame, comparison: pd.DataFrame, members: Mapping[str, Sequence[str]]) -> list[str]:
    """Of the gap of each study from that of the first, over the training sets that they share; of one no interval."""
    mine = comparison[comparison["posterior"] == rows["posterior"].iloc[0]]
    mine = mine[mine["domain_size"] == rows["domain_size"].iloc[0]].set_index("experiment")
    # One without a row has no gap.
    gaps = [mine.reindex([*members[study]]).set_index("task")["gap"] for study in rows["study"]]
    differences = [student_mean(gap.sub(gaps[0]).dropna().to_numpy())[0] for gap in gaps[1:]]
    return ["", *(_estimate(each.value, each.low, each.high) if each.low < each.high else "" for each in differences)]


def _others(own: pd.DataFrame) -> Iterator[str]:
    judge = _judge(own)
    told = [
        f"under the {posterior_kind(name).label} {_span(values, '{:+.1f}')}"
        for name, values in own.dropna(subset="gap").groupby("posterior", sort=False)["gap"]
        if name != judge and posterior_kind(name).approximates != judge
    ]
    if told:
        yield f"Gaps {' and '.join(told)}."


def _missing(rows: pd.DataFrame) -> Iterator[str]:
    if rows["gap"].isna().any():
        yield "Where there is no gap, note in studies.csv says why."
    if rows["pearson"].isna().any():
        yield "No r: too few functions were found often enough on most domains."


def _cover(rows: pd.DataFrame) -> str:
    covers = list(rows["covers"].unique())
    also = "" if covers == [COVERS_STUDY] else "; another training set may move them"
    few = "; two training sets are few for that" if (rows["seeds"] == 2).any() else ""
    return f"Intervals (95 %) cover {', or '.join(covers)}{also}{few}."


def _left_out(own: pd.DataFrame) -> Iterator[str]:
    rows = own.drop_duplicates("study")
    if len(rows) > _MOST:
        yield f"{len(rows) - _MOST} more are in studies.csv."
    trained, networks, diverged = (rows[name] @ rows["seeds"] for name in ("trained", "networks", "diverged"))
    if networks < trained:
        loss = " and their loss" if rows["target_loss"].notna().any() else ""
        yield (
            f"Left out: {trained - networks:,.0f} of {trained:,.0f} networks, which did not reach zero training "
            f"error{loss} in time ({diverged:,.0f} diverged)."
        )


def _estimate(value: float, low: float, high: float) -> str:
    if pd.isna(value):
        return ""
    inside = "" if pd.isna(low) or pd.isna(high) else f" [{low:+.1f}, {high:+.1f}]"
    return f"{value:+.1f}{inside}".replace("-0.0", "+0.0")


def _times(row: pd.Series) -> str:
    """By what factor functions are likelier, unless its interval says that it may be none."""
    if pd.isna(row["gap"]):
        return ""
    if row["gap_low"] < 0 < row["gap_high"]:
        return "may be equal"
    return _factor(row["gap"]) if row["gap"] >= 0 else f"1 / {_factor(-row['gap'])}"


def _factor(decades: float) -> str:
    """With two digits, or as a power of ten beyond ten million."""
    if decades > 7:
        return f"10^{decades:.0f}"
    return f"{10**decades:.1f}" if decades < 1 else f"{float(f'{10**decades:.1e}'):,.0f}"


def _correlation(row: pd.Series) -> str:
    ceiling = f" [{row['noise_ceiling']:.2f}]" if pd.notna(row["noise_ceiling"]) else ""
    return f"{row['pearson']:.2f}{ceiling}".replace("-0.00", "0.00") if pd.notna(row["pearson"]) else "none"


def _span(values: Iterable[float], number: str) -> str:
    values = list(values)
    ends = [number.format(end).replace("-0.0", "+0.0") for end in (min(values), max(values))]
    return " to ".join(dict.fromkeys(ends))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if pd.notna(share) else "unknown"


def _wrapped(text: str) -> list[str]:
    # A number and its unit stay together.
    lines = textwrap.wrap(text.replace(" %", "\0%"), _WIDTH, break_on_hyphens=False, break_long_words=False)
    return [line.replace("\0", " ") for line in lines]
