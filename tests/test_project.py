"""Files of the project that must agree with one another."""

import importlib.util
import re
import subprocess
from pathlib import Path

import numpy as np
import yaml

from sgdbayes.claims import _TESTS
from sgdbayes.configuration import read_configuration
from sgdbayes.runs import relative_margins
from sgdbayes.storage import read_table
from sgdbayes.summary import summarise

ROOT = Path(__file__).parents[1]


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lock_holds_every_pin():
    locked = set((ROOT / "requirements.txt").read_text().splitlines())
    pins = [line for line in (ROOT / "requirements.in").read_text().splitlines() if line and not line.startswith("#")]
    assert pins
    assert set(pins) <= locked
    assert all("==" in line for line in locked if not line.startswith("#"))


def test_the_conda_environment_is_that_of_the_lock():
    refresh = load(ROOT / "workflow" / "envs" / "refresh.py")
    expected = refresh.environment((ROOT / "requirements.txt").read_text())
    assert (ROOT / "workflow" / "envs" / "sgdbayes.yaml").read_text() == expected


def test_numbers_in_the_readme_are_those_of_the_committed_table():
    copies = ROOT / "docs" / "quickstart"
    summary = summarise(read_table(copies / "comparison.csv"), Path("results/quickstart"))
    assert (copies / "summary.txt").read_text() == summary
    readme = (ROOT / "README.md").read_text()
    assert load(ROOT / "docs" / "refresh.py").with_summary(readme, summary) == readme


def test_what_the_readme_says_of_ep_is_in_the_committed_table():
    table, readme = read_table(ROOT / "results" / "desk" / "ep-against-exact.csv"), (ROOT / "README.md").read_text()
    largest = table.iloc[-1]
    assert largest["train_size"] == 10_000
    assert f"within {table['predictive_largest'].max():.4f} of the exact ones" in readme
    differences = np.exp(table["log_ratio_rms_50"]) - 1
    assert f"differ by {100 * differences.min():.0f} to {100 * differences.max():.0f} %" in readme
    noise = np.exp(table["log_ratio_noise_50"]) - 1
    assert f"alone makes {100 * noise.min():.0f} to {100 * noise.max():.0f} %" in readme
    low, value, high = (
        largest[f"log_evidence_exact{end}"] - largest["log_evidence_ep"] for end in ("_low", "", "_high")
    )
    assert f"by {value:.1f} [{low:.1f}, {high:.1f}]" in readme


def test_what_the_readme_says_of_the_boolean_system_is_in_the_committed_tables():
    readme, refresh = (ROOT / "README.md").read_text(), load(ROOT / "docs" / "refresh.py")
    desk = ROOT / "results" / "desk"
    comparison = read_table(desk / "comparison.csv")
    assert refresh.between_marks(readme, "boolean", refresh.boolean_table(comparison)) == readme
    said = " ".join(readme.split())
    rows = comparison[comparison["architecture"].eq("fcn-40") & comparison["domain_size"].eq(20)]
    ep = rows[rows["posterior"] == "ep"]
    assert f"r = {span(ep['pearson'])}, but below" in said
    assert f"({span(ep['noise_ceiling'])}). SGD" in said
    finite = {"bit": "rejection", "conjunction": "rejection", "majority": "splitting"}
    sampled = rows[rows["posterior"] == rows["task"].map(finite)]
    ratio = sampled["test_error"] / sampled["posterior_test_error"]
    sgd, bit = sampled["optimizer"] == "sgd", sampled["task"] == "bit"
    for of, text in (
        (sgd, "SGD errs {} times"),
        (~sgd & ~bit, "{} times on conjunction"),
        (~sgd & bit, "{} times on the"),
    ):
        assert text.format(span(ratio[of])) in said
    exact = rows[rows["posterior"] == "zero_one"]
    broader = exact["posterior_test_error"].to_numpy() / sampled["posterior_test_error"].to_numpy()
    assert f"it errs {span(broader)} times as often" in said
    pairs = read_table(desk / "posterior-pairs.csv")
    pairs = pairs[
        pairs["posterior_a"].eq("zero_one")
        & pairs["posterior_b"].eq(pairs["task"].map(finite))
        & pairs["domain_size"].eq(20)
    ]
    assert len(pairs) == 3
    assert pairs["pearson_low"].min() > 0.95
    known = read_table(desk / "experiments/majority-sgd/functions-20.parquet").nlargest(5, "log_p_splitting")
    times = np.exp(known["log_p_zero_one"] - known["log_p_splitting"])
    assert f"five most probable functions {span(times)} times the probability" in said
    for task, text in (("bit", "rejection: {:,} for a single bit"), ("conjunction", "{:,} for a conjunction")):
        draws = read_table(desk / f"models/{task}/fcn-40/rejection-draws.parquet")
        assert text.format(draws.loc[draws["domain_size"] == 20, "count"].sum()) in said


def test_what_the_readme_says_of_images_is_in_the_committed_tables():
    readme, refresh = (ROOT / "README.md").read_text(), load(ROOT / "docs" / "refresh.py")
    desk = ROOT / "results" / "desk"
    comparison, tables = read_table(desk / "comparison.csv"), refresh.functions_of(desk)
    assert refresh.between_marks(readme, "images", refresh.images_table(comparison, tables)) == readme
    said = " ".join(readme.split())
    rows = comparison[comparison["task"].isin(refresh._IMAGES) & comparison["domain_size"].eq(50)]
    exact = rows[rows["posterior"] == "zero_one"]
    for task, text in (
        ("mnist-2000", "{} % of the networks on MNIST"),
        ("fashion-2000", "{} % on Fashion"),
        ("imdb-tfidf", "{} % on IMDb"),
        ("mnist", "{} % on MNIST with the paper's |S| = 10,000"),
    ):
        held = 100 * exact.loc[exact["task"] == task, "optimizer_mass_in_posterior_top"]
        assert text.format(f"{held.min():.0f} to {held.max():.0f}") in said
    assert f"gives at most {100 * exact['posterior_mass_in_optimizer_top'].max():.1f} % to the ten" in said
    counts = [tables(name, 50)["count"] for name in exact["experiment"]]
    own = [100 * each.nlargest(10).sum() / each.sum() for each in counts]
    assert f"as which {min(own):.0f} to {max(own):.0f} % of them do" in said
    mass = rows.pivot_table(index=["task", "experiment"], columns="posterior", values="posterior_mass_in_optimizer_top")
    assert mass.loc[["mnist-2000", "mnist"], ["mse", "ntk"]].min(axis=None) > 0.9
    many = comparison[
        comparison["task"].isin(["mnist-2000", "mnist"])
        & comparison["domain_size"].eq(100)
        & comparison["batch_size"].eq(32)
    ]
    assert f"would correlate by {span(many['noise_ceiling'])}, no" in said
    assert f"by more than {many['pearson'].max():.2f} (batch size 32)" in said
    held = rows.pivot_table(index=["task", "experiment"], columns="posterior", values="optimizer_mass_in_posterior_top")
    fashion = held.loc["fashion-2000"]
    assert (fashion["zero_one"] > fashion[["mse", "ntk"]].max(axis=1)).all()
    claims = read_table(desk / "claims.csv")
    margins = claims[claims["test"].str.startswith("smallest over mean margin")].set_index("subject")["effect"]
    images = margins[~margins.index.str.startswith("bit")]
    assert f"is {images.min():.0f} to {images.max():.0f} times as large a share" in said
    for name, above in [(name, True) for name in images.index] + [
        (f"bit-{kind}", False) for kind in ("adam", "adagrad", "rmsprop")
    ]:
        first, _ = relative_margins(read_table(desk / f"experiments/{name}/runs.parquet"))
        of = comparison[comparison["experiment"] == name].iloc[0]
        draws = read_table(desk / f"models/{of['task']}/{of['architecture']}/margins.parquet")
        assert (np.median(first) > (draws["margin_min"] / draws["margin_mean"]).median()) == above


def test_what_the_readme_says_of_the_papers_training_set_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    comparison = read_table(ROOT / "results" / "desk" / "comparison.csv")
    exact = comparison[comparison["posterior"].eq("zero_one") & comparison["domain_size"].eq(50)].set_index(
        "experiment"
    )
    sgd, adam = exact.loc["mnist-10000-sgd"], exact.loc["mnist-10000-adam"]
    errors = [f"{100 * each:.1f}" for each in (sgd["test_error"], adam["test_error"], sgd["posterior_test_error"])]
    assert "SGD's networks err on {} %, Adam's on {} %, the exact 0-1 posterior on {} %".format(*errors) in said
    of = ("optimizer_mass_in_posterior_top", "posterior_mass_in_optimizer_top")
    held, given = ([f"{100 * each[name]:.1f}" for each in (sgd, adam)] for name in of)
    assert "hold {} and {} % of them".format(*held) in said
    assert "gives {} and {} % to the ten that they end as most often".format(*given) in said
    assert f"fitted S: {sgd['networks']:,} of SGD's {sgd['trained']:,}, all of Adam's" in said
    assert adam["networks"] == adam["trained"] == sgd["trained"]


def test_what_the_readme_says_of_the_batch_size_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    comparison = read_table(ROOT / "results" / "desk" / "comparison.csv")
    exact = comparison[comparison["posterior"].eq("zero_one") & comparison["domain_size"].eq(50)].set_index(
        "experiment"
    )
    errors = {
        kind: [
            f"{100 * exact['test_error'][f'mnist-2000-{batch}{kind}']:.1f}"
            for batch in ("", "batch-128-", "batch-512-")
        ]
        for kind in ("sgd", "adam")
    }
    assert (
        "at batch sizes 32, 128 and 512 err on {}, {} and {} % (SGD) and {}, {} and {} % (Adam)".format(
            *errors["sgd"], *errors["adam"]
        )
        in said
    )


def test_what_the_readme_says_of_the_convolutional_network_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    comparison = read_table(ROOT / "results" / "desk" / "comparison.csv")
    exact = comparison[comparison["posterior"].eq("zero_one") & comparison["domain_size"].eq(50)].set_index(
        "experiment"
    )
    sgd, adam = exact.loc["fashion-cnn-sgd-slow"], exact.loc["fashion-cnn-adam"]
    errors = [f"{100 * each:.1f} %" for each in (sgd["test_error"], adam["test_error"], sgd["posterior_test_error"])]
    held = [f"{100 * each['optimizer_mass_in_posterior_top']:.0f}" for each in (sgd, adam)]
    assert (
        "{} networks an optimiser so far, 50 test points: SGD's networks err on {}, Adam's on {}, the exact 0-1 posterior on {}; its "
        "ten likeliest functions hold {} and {} % of them".format(sgd["networks"], *errors, *held)
    ) in said
    assert sgd["networks"] == adam["networks"]


def test_what_the_readme_says_of_the_lstm_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    comparison = read_table(ROOT / "results" / "desk" / "comparison.csv")
    exact = comparison[comparison["posterior"].eq("zero_one") & comparison["task"].eq("imdb-sequences")]
    sgd, adam = (exact[exact["optimizer"].eq(name)].set_index("domain_size") for name in ("sgd", "adam"))
    errors = [
        f"{100 * value:.1f} %"
        for value in (sgd["test_error"][10], adam["test_error"][10], sgd["posterior_test_error"][10])
    ]
    assert (
        "SGD's networks err on {}, Adam's on {}, the exact 0-1 posterior of infinitely wide LSTMs on {}".format(*errors)
        in said
    )
    known = [
        f"{row['pearson']:.2f} [{row['pearson_low']:.2f}, {row['pearson_high']:.2f}]"
        for row in (sgd.loc[10], adam.loc[10])
    ]
    assert "r = {} and {} with it".format(*known) in said
    assert min(sgd["functions"][20], adam["functions"][20]) > 0.95 * exact["networks"].max()


def test_what_the_readme_says_of_width_and_of_the_number_of_images_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    comparison = read_table(ROOT / "results" / "desk" / "comparison.csv")
    exact = comparison[comparison["posterior"] == "zero_one"]
    wide = exact[exact["task"].eq("mnist-1000") & exact["domain_size"].eq(50)].set_index("experiment")
    theirs = 100 * wide["posterior_test_error"].unique().round(3)
    errors = {
        width: [100 * wide["test_error"][f"mnist-1000-fcn-{width}-{name}"] for name in ("sgd", "adam")]
        for width in (32, 1024)
    }
    (first, second), (third, fourth) = errors.values()
    assert (
        f"of width 32 err on {first:.1f} % (SGD) and {second:.1f} % (Adam), of width 1,024 on {third:.1f} and {fourth:.1f} %"
        in said
    )
    assert f"tends with width, on {theirs.item():.1f} %" in said
    ratio = exact["posterior_test_error"] / exact["test_error"]
    ratios = {
        size: ratio[
            exact["experiment"].isin([f"{name}-{kind}" for kind in ("sgd", "adam")]) & exact["domain_size"].eq(50)
        ]
        for size, name in (
            (100, "mnist-100-fcn-64"),
            (300, "mnist-300"),
            (1000, "mnist-1000-fcn-64"),
            (2000, "mnist-2000"),
            (10_000, "mnist-10000"),
        )
    }
    texts = ("networks of width 64 at |S| = 100", "times at 300", "times at 1,000", "times at 2,000", "times at 10,000")
    for of, text in zip(ratios.values(), texts, strict=True):
        assert len(of) == 2
        ends = dict.fromkeys(f"{end:.1f}" for end in (of.min(), of.max()))
        assert re.search(rf"{' to '.join(ends)} (times as often as )?{re.escape(text)}", said)
    assert f"of SGD's at width 32, {wide['networks']['mnist-1000-fcn-32-sgd']}." in said


def test_the_committed_claims_are_those_that_the_code_tests():
    claims = read_table(ROOT / "results" / "desk" / "claims.csv")
    assert set(claims["test"]) <= {*_TESTS.values(), "no experiment of this configuration"}
    configuration = read_configuration(
        yaml.safe_load((ROOT / "config/desk.yaml").read_text()), ROOT / "workflow/schemas/config.schema.yaml"
    )
    assert set(configuration.experiments) == set(read_table(ROOT / "results/desk/comparison.csv")["experiment"])


def test_the_page_of_results_is_that_of_the_claims():
    refresh = load(ROOT / "docs" / "refresh.py")
    assert (ROOT / "docs" / "results.md").read_text() == refresh.results_page(
        read_table(ROOT / "results/desk/claims.csv")
    )


def span(values) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def test_the_summary_says_how_many_networks_are_left_out():
    comparison = read_table(ROOT / "docs" / "quickstart" / "comparison.csv")
    assert "left out" not in summarise(comparison, Path("results/quickstart"))
    name = comparison["experiment"].iloc[0]
    of = comparison["experiment"] == name
    comparison.loc[of, "networks"], comparison.loc[of, "diverged"] = comparison.loc[of, "trained"] - 8, 3
    share = 8 / comparison["trained"].iloc[0]
    said = summarise(comparison, Path("results/quickstart"))
    assert f"{name}: 8 of {comparison['trained'].iloc[0]} networks ({share:.1%}) did not reach" in said
    assert "(3 diverged)" in said


def test_links_in_the_documents_lead_somewhere():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "config").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            assert target.startswith("https://") or (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readmes_ratios_of_test_errors_are_the_quickstarts():
    table, readme = read_table(ROOT / "docs" / "quickstart" / "comparison.csv"), (ROOT / "README.md").read_text()
    ratio = table["posterior_test_error"] / table["test_error"]
    zero_one, smooth = table["posterior"].isin(["ep", "zero_one"]), table["posterior"].isin(["mse", "ntk"])
    on_50 = ratio[smooth & (table["domain_size"] == 50)]
    assert f"as often as the networks ({ratio[zero_one].min():.1f} to {ratio[zero_one].max():.1f})" in readme
    assert f"{on_50.min():.1f} to {on_50.max():.1f} times as often on 50" in readme


def test_no_committed_file_has_a_path_of_the_machine_that_made_it():
    listed = subprocess.run(["git", "ls-files", "-z", "results", "docs"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.endswith((".json", ".csv", ".md")):
            assert not re.search(r'"/\w', (ROOT / name).read_text()), name
