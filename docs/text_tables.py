"""The tables in the texts, as Markdown: fields of docs/templates/ as those of values.py are."""

from collections.abc import Iterable, Iterator

import cost
import pandas as pd
from values import FASHION, PAPER, PAPERS, REVIEWS, interval, on_curve, study, table

from sgdbayes.analysis.claims import overall_verdicts
from sgdbayes.posterior.kinds import posterior_kind

# Those that the findings list.
HEADLINES = [f"mnist-{size}-fcn-64-{optimizer}" for size in (100, 300, 1000) for optimizer in ("sgd", "adam")]
HEADLINES += ["mnist-10000-0-sgd", "mnist-10000-0-adam", PAPERS, "paper-adam", FASHION, REVIEWS]


def _markdown(heads: list[str], rows: Iterable[list[str]]) -> str:
    # |S| is no border.
    lines = [[cell.replace("|", "\\|") for cell in line] for line in [heads, ["---"] * len(heads), *rows]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _whole(number: float) -> str:
    return "" if pd.isna(number) else f"{int(number):,}"


def table_of_headlines() -> str:
    """Studies on 50 test points under the exact posterior."""
    rows = []
    for name in HEADLINES:
        row = study(name)
        r = [interval(row, each) if pd.notna(row[each]) else "" for each in ("pearson", "noise_ceiling")]
        errors = [interval(row, each, 1, 100) for each in ("test_error", "posterior_test_error")]
        rows.append([name, str(row["seeds"]), *errors, interval(row, "gap", 1), interval(row, "auc"), *r])
    return _markdown(
        ["study", "sets", "networks err, %", "random sampling errs, %", "gap", "AUC", "r", "ceiling"], rows
    )


# Of each claim the picture that shows it, and of which study an effect is given, if it has one.
_PICTURES = {
    "C0": "desk/answer.png",
    "C1": "desk/answer.png",
    "C3": "desk/by-error.png",
    "C5": "desk/train-size.png",
    "D1": "desk/boolean.png",
    "D2": "desk/ep-against-exact.png",
    "D3": "desk/margins.png",
    "D5": "desk/train-size.png",
    "D6": "desk/initial-scale.png",
    "D7": "desk/predictors.png",
    "D8": "volume/volume.png",
}
_EXAMPLES = ("mnist-1000-fcn-64-sgd", "mnist-1000-fcn-64", "mnist-1000", "mnist")


def table_of_verdicts() -> str:
    """A row per claim: an effect, of how many studies, the verdict of all."""
    # The volume study is about D8 alone.
    of_volume = table("claims.csv", "results/volume").query("claim == 'D8'")
    claims, rows = pd.concat([table("claims.csv"), of_volume], ignore_index=True), []
    for _, row in overall_verdicts(claims).iterrows():
        tests = claims[claims["claim"] == row["claim"]].dropna(subset="low")
        shown, about = ["", ""], row["statement"]
        if not tests.empty:
            # That which most studies of several training sets are about.
            most = tests.sort_values("training_sets", ascending=False, kind="stable")["test"].iloc[0]
            first = tests[tests["test"] == most]
            several = first[first["training_sets"] > 1]
            first = first if several.empty else several
            named = next((first[first["subject"].str.contains(name, regex=False)] for name in _EXAMPLES
                          if first["subject"].str.contains(name, regex=False).any()), first)  # fmt: skip
            one = named.sort_values("training_sets", ascending=False, kind="stable").iloc[0]
            about += f": {one['test'].split('; holds')[0]}"
            effect = interval(one.rename({"low": "effect_low", "high": "effect_high"}), "effect")
            shown = [effect, f"{one['subject']} ({_whole(one['training_sets'])} S)"]
        picture = f"[see]({_PICTURES[row['claim']]})" if row["claim"] in _PICTURES else ""
        of_several = tests[tests["training_sets"] > 1]["verdict"].value_counts()
        counted = ", ".join(f"{number} {verdict}" for verdict, number in of_several.items())
        rows.append([row["claim"], about, *shown, counted, f"**{row['verdict']}**", picture])
    heads = ["", "claim: what is measured", "effect", "of", "tests on several S", "verdict of these", "picture"]
    return _markdown(heads, rows)


def table_of_tests() -> str:
    """Of every claim how many tests had which verdict; where it is tested in several ways, of each."""
    claims = table("claims.csv")
    counts = ["tests", "holds", "holds in part", "does not hold", "not decided", "one training set", "too few networks"]
    by_test, rows = overall_verdicts(claims, by="test"), []
    for _, row in overall_verdicts(claims).iterrows():
        rows.append([row["claim"], row["statement"], *map(str, row[counts]), f"**{row['verdict']}**"])
        tests = by_test[by_test["claim"] == row["claim"]]
        if len(tests) > 1:
            parts = ((part["test"].split("; holds")[0], part) for _, part in tests.iterrows())
            rows += [["", f"– {what}", *map(str, part[counts]), part["verdict"]] for what, part in parts]
    return _markdown(["", "claim", *counts, "verdict"], rows)


def table_of_campaigns() -> str:
    """Verdicts of the first campaign, each of its tests on one E and mostly one S, and what they are now."""
    first = overall_verdicts(table("claims-of-first-campaign.csv", "docs/desk"))
    now = overall_verdicts(table("claims.csv")).set_index("claim")
    rows = [
        [row["claim"], row["statement"], str(row["tests"]), row["verdict"], now.loc[row["claim"], "verdict"]]
        for _, row in first.iterrows()
    ]
    return _markdown(["", "claim", "tests then", "verdict then", "now, on several S"], rows)


def tests_of_claims() -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Every claim, its statement, and each kind of test with the table of its tests."""
    heads = ["", "test points", "effect [95 %]", "training sets", "networks", "functions", "verdict", "figure"]
    for claim, findings in table("claims.csv").dropna(subset="low").groupby("claim"):
        kinds = []
        for test, tests in findings.groupby("test", sort=False):
            lines = (
                [row.subject, _whole(row.domain_size), f"{row.effect:.2f} [{row.low:.2f}, {row.high:.2f}]",
                 _whole(row.training_sets), _whole(row.networks), _whole(row.functions), row.verdict, f"`{row.figure}`"]
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


def volume_rows(curve: str, *, against: tuple[str, ...], sizes: tuple[int, ...]) -> str:
    """A row per |S| of a curve of config/volume.yaml: mean test errors in %, of networks of SGD and Adam where they fit
    and of random sampling by the first of the posteriors ``against`` that there is; their difference and ratio.
    """
    rows = []
    for size in sizes:
        name = next(each for each in against if not on_curve(curve, "sgd", each, size).empty)
        sgd, adam = (on_curve(curve, group, name, size) for group in ("sgd", "adam"))
        trained = [interval(row, "test_error", 1, 100) for row in (sgd, adam)]
        drawn = [interval(sgd, "posterior_test_error", 1, 100), posterior_kind(name).label]
        rows.append([f"{size:,}", *trained, *drawn, interval(sgd, "advantage", 1, 100), interval(sgd, "ratio")])
    heads = ["|S|", "SGD", "Adam", "random sampling", "of", "less SGD's, points", "over SGD's"]
    return _markdown(heads, rows)
