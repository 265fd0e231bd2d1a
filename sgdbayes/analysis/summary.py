"""What a run found, in ten lines with their numbers, for the end of it."""

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from sgdbayes.analysis.studies import COVERS_STUDY
from sgdbayes.posterior.kinds import exact_posterior, posterior_kind

__all__ = ["summarise"]

_WIDTH = 118


def summarise(studies: pd.DataFrame, folder: Path, *, pictures: bool = True) -> str:
    """The gap first, then test errors, the correlation, what intervals cover, and where to look.

    ``studies``: studies.csv. ``folder``: where its results are. ``pictures``: whether there is an answer picture. Told
    of are the studies on the model, a task and an architecture, that most training sets are about, then most networks,
    on the largest domains that have a gap under the exact 0-1 posterior, or under the first one.
    """
    own = _told(studies)
    lines = _wrapped(" ".join([*_gap(own), *_errors(own), *_correlation(own), *_cover(own), *_left_out(own)]))
    picture = f"{folder}/figures/" + ("answer.png" if pictures else "")
    ways = {"look first at": picture, "explore": f"{folder}/explorer.html", "all numbers": f"{folder}/studies.csv"}
    wide = max(map(len, ways))
    return "\n".join([*lines, *(f"{name:{wide}}  {path}" for name, path in ways.items())]) + "\n"


def _told(studies: pd.DataFrame) -> pd.DataFrame:
    exact = studies["posterior"] == exact_posterior().name
    first = studies[exact] if exact.any() else studies
    most = first.sort_values(["seeds", "networks"], kind="stable").iloc[-1]
    model = studies[(studies["task"] == most["task"]) & (studies["architecture"] == most["architecture"])]
    judge = model[model["posterior"] == most["posterior"]]
    sizes = judge.loc[judge["gap"].notna(), "domain_size"]
    return model[model["domain_size"] == (judge["domain_size"] if sizes.empty else sizes).max()]


def _judge(own: pd.DataFrame) -> str:
    """The posterior that stands for random sampling."""
    exact = exact_posterior().name
    return exact if (own["posterior"] == exact).any() else own["posterior"].iloc[0]


def _gap(own: pd.DataFrame) -> Iterator[str]:
    judge = _judge(own)
    rows, first = own[own["posterior"] == judge], own.iloc[0]
    optimizers = [str(name) for name in rows["optimizer"].unique()]
    networks = _span(rows["networks"] * rows["seeds"], "{:,.0f}")
    subject = f"Functions of {networks} networks of {'each of ' * (len(optimizers) > 1)}{_listed(optimizers)}"
    gaps, sampler = rows["gap"].dropna(), posterior_kind(judge).sampler
    domains = f"{first['domains']:.0f} domains of {first['domain_size']} test points" if first["domains"] > 1 else (
        f"{first['domain_size']} test points"
    )  # fmt: skip
    if gaps.empty:
        yield f"{subject} have no gap on {domains}: {rows['note'].dropna().iloc[0]}."
        return
    sets = f" of each of {first['seeds']} training sets" if first["seeds"] > 1 else ""
    alike = ((rows["gap_low"] < 0) & (rows["gap_high"] > 0)).all()
    how = f"no less and no more likely under {sampler}, as far as can be told," if alike else (
        f"{_times(gaps)} under {sampler}"
    )  # fmt: skip
    yield (
        f"{subject} are {how} than what {sampler} itself finds (gap {_signed(gaps)} decades"
        f"{_within(rows, 'gap', '{:+.1f}')} on {domains}{sets}; 0 would be a Bayesian sampler)."
    )
    told = [
        f"{_signed(values)} under the {posterior_kind(name).label}"
        for name, values in own.dropna(subset="gap").groupby("posterior", sort=False)["gap"]
        if name != judge and posterior_kind(name).approximates != judge
    ]
    if told:
        yield f"It is {_listed(told)}."


def _errors(own: pd.DataFrame) -> Iterator[str]:
    judge = _judge(own)
    rows = own[own["posterior"] == judge]
    networks, theirs = (_percent(rows[name]) for name in ("test_error", "posterior_test_error"))
    yield f"Networks err on {networks} of test points, {posterior_kind(judge).sampler} on {theirs}."


def _correlation(own: pd.DataFrame) -> Iterator[str]:
    rows = own[own["posterior"] == _judge(own)].dropna(subset="pearson")
    if rows.empty:
        yield "Too few functions were found often enough on a domain to correlate log P_OPT with log P_B."
        return
    ceiling = rows["noise_ceiling"].dropna()
    reached = f"; a perfect predictor would reach {_span(ceiling, '{:.2f}')}" if len(ceiling) else ""
    yield (
        f"r of log P_OPT with log P_B is {_span(rows['pearson'], '{:.2f}')}"
        f"{_within(rows, 'pearson', '{:.2f}')} over {_span(rows['compared'], '{:.0f}')} functions a domain{reached}."
    )


def _cover(own: pd.DataFrame) -> Iterator[str]:
    covers = own["covers"].iloc[0]
    also = "" if covers == COVERS_STUDY else "; another training set may move them"
    yield f"Intervals (95 %) cover {covers}{also}."


def _left_out(own: pd.DataFrame) -> Iterator[str]:
    rows = own.drop_duplicates("study")
    trained, networks, diverged = (rows[name] @ rows["seeds"] for name in ("trained", "networks", "diverged"))
    if networks < trained:
        loss = " and their loss" if rows["target_loss"].notna().any() else ""
        yield (
            f"Left out: {trained - networks:,.0f} of {trained:,.0f} networks, which did not reach zero training "
            f"error{loss} in time ({diverged:,.0f} diverged)."
        )


def _times(gaps: pd.Series) -> str:
    """By what factors functions are likelier."""
    least, most = gaps.min(), gaps.max()
    if least > 0:
        return f"{_factors(least, most)} times likelier"
    if most <= 0:
        return f"{_factors(-most, -least)} times less likely"
    return f"from {_factors(-least)} times less to {_factors(most)} times more likely"


def _factors(*decades: float) -> str:
    """With two digits, or as a power of ten beyond ten million."""
    told = [
        f"10^{each:.0f}" if each > 7 else f"{10**each:.1f}" if each < 1 else f"{float(f'{10**each:.1e}'):,.0f}"
        for each in decades
    ]
    return " to ".join(dict.fromkeys(told))


def _within(rows: pd.DataFrame, name: str, number: str) -> str:
    ends = [*rows[f"{name}_low"].dropna(), *rows[f"{name}_high"].dropna()]
    if not ends:
        return ""
    inside = f"[{number.format(min(ends))}, {number.format(max(ends))}]"
    return f" {inside}" if len(rows) == 1 else f", intervals within {inside},"


def _signed(values: pd.Series) -> str:
    return _span(values, "{:+.1f}")


def _span(values: Iterable[float], number: str) -> str:
    values = list(values)
    ends = [number.format(end).replace("-0.00", "0.00").replace("-0.0", "+0.0") for end in (min(values), max(values))]
    return " to ".join(dict.fromkeys(ends))


def _percent(shares: pd.Series) -> str:
    known = shares.dropna()
    return f"{_span(100 * known, '{:.1f}')} %" if len(known) else "an unknown share"


def _wrapped(text: str) -> list[str]:
    # A number and its unit stay together.
    lines = textwrap.wrap(text.replace(" %", "\0%"), _WIDTH, break_on_hyphens=False, break_long_words=False)
    return [line.replace("\0", " ") for line in lines]


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
