"""Fill README.md and the folders beside this file from tables and figures: `make docs`.

From results/quickstart/, if it is there, its summary and figures; from results/desk/ the tables on images and on
the Boolean system, figures and results.md.
"""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
QUICKSTART = {
    "comparison.csv": "comparison.csv",
    "comparison.csv.json": "comparison.csv.json",
    "summary.txt": "summary.txt",
    "figures/optimizers/mnist/fcn/50.png": "optimizers.png",
    "figures/errors/mnist/fcn/50.png": "errors.png",
}
DESK = {
    "figures/ep-against-exact.png": "ep-against-exact.png",
    "figures/reference/bit/fcn-40/20.png": "boolean.png",
    "figures/errors/bit/fcn-40/20.png": "boolean-errors.png",
    "figures/by-error/20.png": "by-error.png",
    "figures/complexity/bit-sgd.png": "complexity.png",
    "figures/sweeps/width.png": "width.png",
    "figures/sweeps/width-1000.png": "width-1000.png",
    "figures/sweeps/train-size.png": "train-size.png",
    "figures/sweeps/initial-scale.png": "initial-scale.png",
    "figures/sweeps/overtraining.png": "overtraining.png",
    "figures/predictors.png": "predictors.png",
    "figures/margins.png": "margins.png",
}
# Made only where asked for, by `verify`.
VERIFIED = {f"verified/0.01/verified.csv{end}": f"verified.csv{end}" for end in ("", ".json")}
# Beside the tests of a claim.
_PICTURES = {
    "C1": ["predictors.png", "boolean.png"],
    "C3": ["by-error.png", "complexity.png"],
    "C5": ["boolean-errors.png"],
    "D1": ["width.png"],
    "D2": ["ep-against-exact.png"],
    "D3": ["margins.png", "overtraining.png"],
    "D5": ["train-size.png"],
    "D6": ["initial-scale.png"],
    "D7": ["predictors.png"],
}
END = "<!-- end -->"
# Of the Boolean system, the posterior of the finite network: by rejection, or where it cannot reach.
_FINITE = ("rejection", "splitting")
_SMOOTH = {"ep": "EP", "ntk": "NTK", "mse": "MSE"}
_OTHERS = {"zero_one": "0-1", **_SMOOTH}
_SIZE = 20
_IMAGES_SIZE, _SHOWN, _TOP = 50, ("zero_one", "ntk", "mse"), 10
_IMAGES = ("mnist-2000", "mnist", "fashion-2000", "imdb-tfidf")


def between_marks(text: str, name: str, block: str) -> str:
    """``text`` with ``block`` between the marks called ``name``."""
    begin = f"<!-- {name}: made by `make docs` -->\n"
    head, rest = text.split(begin)
    return head + begin + block + END + rest.split(END, 1)[1]


def with_summary(readme: str, summary: str) -> str:
    return between_marks(readme, "quickstart", f"```text\n{summary}```\n")


def boolean_table(comparison: pd.DataFrame) -> str:
    """Test errors, and correlations of networks with posteriors, of the Boolean tasks, as Markdown."""
    every = comparison[comparison["architecture"].eq("fcn-40")]
    unseen = every["domain_size"].max()
    rows = every[every["domain_size"].eq(_SIZE)]
    optimizers = list(dict.fromkeys(rows["optimizer"]))
    heads = ["target, E", *optimizers, "finite networks", *_OTHERS.values()]
    errors, correlations = [], []
    for task, of in rows.groupby("task", sort=False):
        finite = next(name for name in _FINITE if (of["posterior"] == name).any())
        shown = every[every["task"].eq(task) & every["domain_size"].isin([_SIZE, unseen])]
        for size, on_domain in shown.groupby("domain_size"):
            own = on_domain.drop_duplicates("experiment").set_index("optimizer")["test_error"]
            theirs = on_domain.drop_duplicates("posterior").set_index("posterior")["posterior_test_error"]
            shares = [*own[optimizers], *theirs.reindex([finite, *_OTHERS])]
            errors.append([f"{task}, {size}", *("" if np.isnan(share) else f"{100 * share:.1f}" for share in shares)])
        for optimizer in optimizers:
            own = of[of["optimizer"] == optimizer].set_index("posterior")
            smooth = own.loc[list(_SMOOTH)]
            resolved = own.loc[["zero_one", finite]]
            correlations.append(
                [
                    f"{task}, {optimizer}",
                    str(smooth["compared"].iloc[0]),
                    *map(_correlation, smooth.itertuples()),
                    f"{smooth['noise_ceiling'].iloc[0]:.2f}",
                    *(f"{_correlation(row)}, {row.compared}" for row in resolved.itertuples()),
                ]
            )
    heads_of_r = ["", "functions", *_SMOOTH.values(), "ceiling", "0-1, functions", "finite networks, functions"]
    return (
        f"Mean test error, %, by target and |E|: {_SIZE} inputs, or all {unseen} outside S:\n\n{_markdown(heads, errors)}\n"
        f"Correlation of log P_OPT with log P_B, |E| = {_SIZE}, over functions found five times or more; under the last two posteriors "
        f"over those that enough draws carry, which are the likelier ones:\n\n{_markdown(heads_of_r, correlations)}"
    )


def images_table(
    comparison: pd.DataFrame, tables: Callable[[str, int], pd.DataFrame], test_errors: pd.DataFrame
) -> str:
    """Of the experiments on images and texts: test errors of networks and posteriors, what share each gives to the other's ten
    favourites, correlations, as Markdown. ``tables``: functions of an experiment on so many test points; ``test_errors``:
    test-errors.csv.
    """
    rows = comparison[comparison["task"].isin(_IMAGES) & comparison["domain_size"].eq(_IMAGES_SIZE)]
    errors, shares = [], []
    for name, of in rows.groupby("experiment", sort=False):
        by, first = of.set_index("posterior"), of.iloc[0]
        on_all = test_errors[test_errors["experiment"] == name].set_index("posterior")
        own, low, high = 100 * on_all.iloc[0][["test_error", "test_error_low", "test_error_high"]]
        theirs = [f"{100 * on_all['posterior_test_error'][each]:.1f}" for each in _OTHERS]
        known = [_correlation(row) if np.isfinite(row.pearson) else "" for row in by.loc[list(_SHOWN)].itertuples()]
        errors.append(
            [
                name,
                f"{first['networks']:,}",
                f"{own:.1f} [{low:.1f}, {high:.1f}]",
                *theirs,
                *known,
                str(first["compared"]),
            ]
        )
        counts = tables(name, _IMAGES_SIZE)["count"]
        favourites = [counts.max() / counts.sum(), counts.nlargest(_TOP).sum() / counts.sum()]
        favourites += list(by["posterior_mass_in_optimizer_top"][list(_SHOWN)])
        favourites += list(by["optimizer_mass_in_posterior_top"][list(_SHOWN)])
        shares.append([name, *(f"{100 * share:.1f}" for share in favourites)])
    shown = [_OTHERS[each] for each in _SHOWN]
    heads = ["", "networks", "they err, %", *_OTHERS.values(), *(f"r, {each}" for each in shown), "functions"]
    ten = ["", "networks: first", "networks", *shown, *(f"networks: ten of {each}" for each in shown)]
    return (
        f"{_markdown(heads, errors)}\nWhat share, %, of networks is in the function that they end as most often; of networks and of each "
        "posterior in the ten functions that networks end as most often; and of networks in the ten likeliest of each posterior, on "
        f"{_IMAGES_SIZE} test points:\n\n{_markdown(ten, shares)}"
    )


def functions_of(results: Path) -> Callable[[str, int], pd.DataFrame]:
    """The table of functions of an experiment on so many test points."""
    from sgdbayes.storage import read_table

    return lambda name, size: read_table(results / "experiments" / name / f"functions-{size}.parquet")


def _correlation(row: Any) -> str:  # noqa: ANN401 (a row of comparison.csv)
    return f"{row.pearson:.2f} [{row.pearson_low:.2f}, {row.pearson_high:.2f}]"


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _copy(results: Path, names: dict[str, str]) -> Path:
    copies = ROOT / "docs" / results.name
    copies.mkdir(exist_ok=True)
    for name, copy in names.items():
        shutil.copyfile(results / name, copies / copy)
    return copies


def results_page(claims: pd.DataFrame) -> str:
    """docs/results.md: the verdict on every claim, then every test."""
    from sgdbayes.claims import overall_verdicts

    counts = ["tests", "holds", "holds in part", "does not hold", "not decided"]
    by_test = overall_verdicts(claims, by="test").groupby("claim")
    boolean = claims["subject"].str.match("bit|conjunction|majority")
    by_data = {
        "the Boolean system": overall_verdicts(claims[boolean]).set_index("claim"),
        "images and texts": overall_verdicts(claims[~boolean]).set_index("claim"),
    }
    rows = []
    for _, row in overall_verdicts(claims).iterrows():
        claim = row["claim"]
        rows.append([claim, row["statement"], *map(str, row[counts]), f"**{row['verdict']}**"])
        kinds = by_test.get_group(claim)
        if len(kinds) > 1:
            below = [(re.split("; holds|, Bonferroni|, on all", kind["test"])[0], kind) for _, kind in kinds.iterrows()]
        elif all(claim in of.index for of in by_data.values()):
            below = [(name, of.loc[claim]) for name, of in by_data.items()]
        else:
            below = []
        rows += [["", f"– {what}", *map(str, part[counts]), part["verdict"]] for what, part in below]
    heads = ["", "claim", *counts, "verdict"]
    parts = [_RESULTS_HEAD + _markdown(heads, rows)]
    for claim, of in claims[claims["low"].notna()].groupby("claim"):
        parts.append(f"\n## {claim}: {of['statement'].iloc[0]}\n")
        parts += [f"\n![{picture.removesuffix('.png')}](desk/{picture})\n" for picture in _PICTURES.get(claim, [])]
        for test, rows_of in of.groupby("test", sort=False):
            lines = [
                [row.subject, _whole(row.domain_size), f"{row.effect:.2f} [{row.low:.2f}, {row.high:.2f}]", _whole(row.networks),
                 _whole(row.functions), row.verdict, f"`{row.figure}`"]
                for row in rows_of.itertuples()
            ]  # fmt: skip
            heads = ["", "test points", "effect [95 %]", "networks", "functions", "verdict", "figure"]
            parts.append(f"\n{test}.\n\n{_markdown(heads, lines)}")
    return "".join(parts)


def _whole(number: float) -> str:
    return "" if pd.isna(number) else f"{int(number):,}"


_RESULTS_HEAD = """# Results

Made by `make docs` from [results/desk/claims.csv](../results/desk/claims.csv), which
`.venv/bin/snakemake --cores 2 --configfile config/desk.yaml` computes. The claims are those of Mingard et al. (JMLR 2021) and doubts
that its readers raised; [methods.md](methods.md) says how they are tested and when one holds. "Not decided" without a test: no
experiment of config/desk.yaml is about it yet. `make figures` draws the figures into results/desk/figures/.

Tests of one claim are not independent: experiments on one task share its S and its test points. Where a claim is tested in several
ways, or on the Boolean system and on images and texts, a line for each is below it. C3 is tested on the Boolean system and on 100
images of MNIST alone, complexity over functions that networks found.

"""


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    from sgdbayes.storage import read_table

    readme, results = ROOT / "README.md", ROOT / "results"
    text = readme.read_text(encoding="utf-8")
    if (results / "quickstart" / "summary.txt").exists():
        copies = _copy(results / "quickstart", QUICKSTART)
        text = with_summary(text, (copies / "summary.txt").read_text(encoding="utf-8"))
    else:
        print("no results/quickstart/: `make` makes it; its part of the documents is left as it is")
    if all((results / "desk" / name).exists() for name in DESK):
        _copy(results / "desk", DESK)
    else:
        print(
            "results/desk/figures/ is not drawn: `make figures` draws it; the copies in docs/desk/ are left as they are"
        )
    if all((results / "desk" / name).exists() for name in VERIFIED):
        _copy(results / "desk", VERIFIED)
    else:
        print("no results/desk/verified/0.01/: `verify` makes it; the copy in docs/desk/, if any, is left as it is")
    comparison = read_table(results / "desk" / "comparison.csv")
    text = between_marks(text, "boolean", boolean_table(comparison))
    text = between_marks(
        text,
        "images",
        images_table(comparison, functions_of(results / "desk"), read_table(results / "desk" / "test-errors.csv")),
    )
    readme.write_text(text, encoding="utf-8")
    page = results_page(read_table(results / "desk" / "claims.csv"))
    (ROOT / "docs" / "results.md").write_text(page, encoding="utf-8")
