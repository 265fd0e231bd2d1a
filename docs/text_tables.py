"""The tables in the texts, as Markdown: fields of docs/templates/ as those of values.py are."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import cost
import pandas as pd
from values import (
    BOOLEAN,
    FINITE,
    IMAGES,
    PAPER,
    chosen,
    compared,
    functions,
    interval,
    on_all_points,
    on_boolean,
    table,
)

from sgdbayes.analysis.claims import overall_verdicts

_SMOOTH = {"ep": "EP", "ntk": "NTK", "mse": "MSE"}
_OTHERS = {"zero_one": "0-1", **_SMOOTH}
_SHOWN = ("zero_one", "ntk", "mse")


def _markdown(heads: list[str], rows: Iterable[list[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in [heads, ["---"] * len(heads), *rows])


def _percent(shares: Iterable[float]) -> list[str]:
    return ["" if pd.isna(share) else f"{100 * share:.1f}" for share in shares]


def _whole(number: float) -> str:
    return "" if pd.isna(number) else f"{int(number):,}"


def table_of_boolean_errors() -> str:
    """Test errors by target, on 20 inputs and on all outside S where finite networks were drawn there."""
    every = chosen(table("comparison.csv"), task=BOOLEAN)
    optimizers = every["optimizer"].unique()
    rows = []
    for (task, size), own in every.groupby(["task", "domain_size"], sort=False):
        if size in (20, 96):
            networks = own.drop_duplicates("experiment").set_index("optimizer")["test_error"][optimizers]
            posteriors = own.drop_duplicates("posterior").set_index("posterior")["posterior_test_error"]
            shares = [*networks, *posteriors.reindex([FINITE[task], *_OTHERS])]
            rows.append([f"{task}, {size}", *_percent(shares)])
    return _markdown(["target, E", *optimizers, "finite networks", *_OTHERS.values()], rows)


def table_of_boolean_correlations() -> str:
    rows = []
    for name, own in compared(size=20, posterior="ep", task=BOOLEAN).iterrows():
        finite = FINITE[own["task"]]
        by_posterior = {each: compared(size=20, posterior=each).loc[name] for each in (*_OTHERS, finite)}
        resolved = (by_posterior["zero_one"], by_posterior[finite])
        rows.append([
            f"{own['task']}, {own['optimizer']}", str(own["compared"]),
            *(interval(by_posterior[each], "pearson") for each in _SMOOTH), f"{own['noise_ceiling']:.2f}",
            *(f"{interval(each, 'pearson')}, {each['compared']}" for each in resolved),
        ])  # fmt: skip
    last = ["ceiling", "0-1, functions", "finite networks, functions"]
    return _markdown(["", "functions", *_SMOOTH.values(), *last], rows)


def _on_images() -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of comparison.csv on 50 test points by experiment and posterior."""
    by = {each: compared(posterior=each, task=IMAGES) for each in _SHOWN}
    for name in by["zero_one"].index:
        yield name, {each: by[each].loc[name] for each in _SHOWN}


def table_of_errors_on_images() -> str:
    """Of the experiments on images and texts: test errors of networks and posteriors, correlations."""
    rows = []
    for name, by_posterior in _on_images():
        every = on_all_points(name, ".*").set_index("posterior")
        first = every.iloc[0].filter(like="test_error") * 100
        known = [
            "" if pd.isna(by_posterior[each]["pearson"]) else interval(by_posterior[each], "pearson") for each in _SHOWN
        ]
        rows.append([
            name, f"{by_posterior['mse']['networks']:,}", interval(first, "test_error", 1),
            *_percent(every["posterior_test_error"][list(_OTHERS)]), *known, str(by_posterior["mse"]["compared"]),
        ])  # fmt: skip
    r = (f"r, {_OTHERS[each]}" for each in _SHOWN)
    return _markdown(["", "networks", "they err, %", *_OTHERS.values(), *r, "functions"], rows)


def table_of_favourites_on_images() -> str:
    """What share networks and posteriors give to one another's favourites."""
    rows = []
    for name, by_posterior in _on_images():
        counts = functions(name, 50)["count"]
        own = [counts.max() / counts.sum(), counts.nlargest(10).sum() / counts.sum()]
        sides = ("posterior_mass_in_optimizer_top", "optimizer_mass_in_posterior_top")
        rows.append([name, *_percent([*own, *(by_posterior[each][side] for side in sides for each in _SHOWN)])])
    shown = [_OTHERS[each] for each in _SHOWN]
    heads = ["", "networks: first", "networks", *shown, *(f"networks: ten of {each}" for each in shown)]
    return _markdown(heads, rows)


def table_of_verdicts() -> str:
    """Of every claim; where it is tested in several ways, or on several kinds of data, of each."""
    claims = table("claims.csv")
    counts = ["tests", "holds", "holds in part", "does not hold", "not decided"]
    by_test, boolean = overall_verdicts(claims, by="test"), on_boolean(claims)
    by_data = [
        ("the Boolean system", overall_verdicts(claims[boolean])),
        ("images and texts", overall_verdicts(claims[~boolean])),
    ]
    rows = []
    for _, row in overall_verdicts(claims).iterrows():
        rows.append([row["claim"], row["statement"], *map(str, row[counts]), f"**{row['verdict']}**"])
        tests = by_test[by_test["claim"] == row["claim"]]
        parts = [(re.split("; holds|, Bonferroni|, on all", part["test"])[0], part) for _, part in tests.iterrows()]
        if len(parts) == 1:
            own = ((name, verdicts[verdicts["claim"] == row["claim"]]) for name, verdicts in by_data)
            parts = [(name, part) for name, verdicts in own for _, part in verdicts.iterrows()]
        if len(parts) > 1:
            rows += [["", f"– {what}", *map(str, part[counts]), part["verdict"]] for what, part in parts]
    return _markdown(["", "claim", *counts, "verdict"], rows)


def tests_of_claims() -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Every claim, its statement, and each kind of test with the table of its tests."""
    heads = ["", "test points", "effect [95 %]", "networks", "functions", "verdict", "figure"]
    for claim, findings in table("claims.csv").dropna(subset="low").groupby("claim"):
        kinds = []
        for test, tests in findings.groupby("test", sort=False):
            lines = (
                [row.subject, _whole(row.domain_size), f"{row.effect:.2f} [{row.low:.2f}, {row.high:.2f}]",
                 _whole(row.networks), _whole(row.functions), row.verdict, f"`{row.figure}`"]
                for row in tests.itertuples()
            )  # fmt: skip
            kinds.append((test, _markdown(heads, lines)))
        yield claim, findings["statement"].iloc[0], kinds


def table_of_paper_costs() -> str:
    found = cost.measured_costs(cost.read(PAPER))
    rows = [
        [
            row.experiment,
            f"{row.networks:,}",
            f"{row.epochs:.1f}{'' if row.measured else ' *'}",
            f"{row.core_hours:,.0f}",
            f"{row.gpu_hours:,.1f}",
        ]
        for row in found.itertuples()
    ]
    rows.append(
        [
            "all",
            f"{found['networks'].sum():,}",
            "",
            f"{found['core_hours'].sum():,.0f}",
            f"{found['gpu_hours'].sum():,.0f}",
        ]
    )
    return _markdown(["experiment", "networks", "epochs", "core hours", "GPU hours"], rows)
