"""Files of the project that must agree with one another."""

import importlib.util
import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from sgdbayes.claims import _TESTS
from sgdbayes.configuration import read_configuration
from sgdbayes.early_warnings import known_learning_rates
from sgdbayes.runs import relative_margins
from sgdbayes.storage import read_provenance, read_table
from sgdbayes.summary import summarise

ROOT = Path(__file__).parents[1]


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    assert f"within {np.ceil(1e4 * table['predictive_largest'].max()) / 1e4:.4f} of the exact ones" in readme
    differences = np.exp(table["log_ratio_rms_50"]) - 1
    assert f"differ by {100 * differences.min():.0f} to {100 * differences.max():.0f} %" in readme
    noise = np.exp(table["log_ratio_noise_50"]) - 1
    assert f"alone makes {100 * noise.min():.0f} to {100 * noise.max():.0f} %" in readme
    lacking = {
        end: table.set_index("train_size")[f"log_evidence_exact{end}"]
        - table.set_index("train_size")["log_evidence_ep"]
        for end in ("", "_low", "_high")
    }
    evident = table["train_size"][(lacking["_low"] > 0).to_numpy()].tolist()
    assert evident == [3000, 10_000]
    first, second = (f"{lacking[''][n]:.1f} [{lacking['_low'][n]:.1f}, {lacking['_high'][n]:.1f}]" for n in evident)
    assert f"too low at |S| = 3,000 and 10,000, by {first} and {second}" in readme


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
    every = comparison[comparison["architecture"] == "fcn-40"]
    largest = every["domain_size"] == every.groupby("task")["domain_size"].transform("max")
    on_most = every[largest & (every["posterior"] == every["task"].map(finite))]
    assert on_most.groupby("task")["domain_size"].first().to_dict() == {"bit": 96, "conjunction": 96, "majority": 20}
    ratio = on_most["test_error"] / on_most["posterior_test_error"]
    sgd = on_most["optimizer"] == "sgd"
    for of, text in (
        (sgd, "SGD errs {} times"),
        (~sgd & on_most["task"].eq("majority"), "the adaptive optimisers {} times on majority"),
        (~sgd & on_most["task"].eq("conjunction"), "{} times on conjunction"),
        (~sgd & on_most["task"].eq("bit"), "{} times on the single"),
    ):
        assert text.format(span(ratio[of])) in said
    exact = rows[rows["posterior"] == "zero_one"]
    broader = exact["posterior_test_error"].to_numpy() / sampled["posterior_test_error"].to_numpy()
    assert f"it errs {span(broader)} times as often" in said
    assert (
        every.loc[every["posterior"].eq("zero_one") & every["task"].eq("bit") & every["optimizer"].ne("sgd")]
        .eval("test_error > posterior_test_error")
        .all()
    )
    pairs = read_table(desk / "posterior-pairs.csv")
    pairs = pairs[
        pairs["posterior_a"].eq("zero_one")
        & pairs["posterior_b"].eq(pairs["task"].map(finite))
        & pairs["domain_size"].eq(20)
    ]
    assert len(pairs) == 3
    assert pairs["pearson_low"].min() > 0.95
    # So, too, on the images on which networks themselves are sampled.
    images = read_table(desk / "posterior-pairs.csv").query(
        "task == 'mnist-100' and domain_size == 10 and posterior_a == 'zero_one' and posterior_b == 'splitting'"
    )
    assert len(images) == 3
    assert images["pearson_low"].min() > 0.95
    errors = comparison[comparison["task"] == "mnist-100"].pivot_table(
        index=["architecture", "domain_size"], columns="posterior", values="posterior_test_error"
    )
    assert (errors["splitting"] / errors["zero_one"]).dropna().between(0.98, 1.02).all()
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
    assert refresh.between_marks(readme, "images", refresh.images_table(comparison, tables, on_all_points())) == readme
    said = " ".join(readme.split())
    rows = comparison[comparison["task"].isin(refresh._IMAGES) & comparison["domain_size"].eq(50)]
    exact = rows[rows["posterior"] == "zero_one"]
    every = comparison[comparison["posterior"].eq("zero_one")].set_index(["task", "domain_size"])
    held = 100 * every["optimizer_mass_in_posterior_top"]
    for task, text in (
        ("mnist", "hold {} % of the networks trained on 10,000 images of MNIST"),
        ("mnist-2000", "{} % of those on 2,000,"),
        ("mnist-1000", "{} % on 1,000 (SGD's"),
        ("mnist-300", "{} % on 300 and under 1 % on 100;"),
        ("fashion-2000", "{} % on 2,000 images of Fashion-MNIST"),
        ("imdb-tfidf", "{} % on 2,000 reviews of IMDb"),
    ):
        assert text.format(f"{held[task, 50].min():.0f} to {held[task, 50].max():.0f}") in said
    assert f"it is at most {held.xs(100, level='domain_size').max():.0f} %" in said
    assert held["mnist-100", 50].max() < 1
    of_sgd = every[every["optimizer"] == "sgd"].loc[("mnist-1000", 50), "optimizer_mass_in_posterior_top"]
    assert f"(SGD's at most {100 * of_sgd.max():.0f} %)" in said
    adam = every[every["experiment"] == "mnist-10000-adam"].loc["mnist", "pearson"]
    assert "it is {:.2f} on 20, {:.2f} on 50 and {:.2f} on 100.".format(*adam[[20, 50, 100]]) in said
    claims = read_table(desk / "claims.csv").assign(
        boolean=lambda table: table["subject"].str.match("bit|conjunction|majority")
    )
    boolean = comparison[comparison["task"].isin(["bit", "conjunction", "majority"]) & comparison["domain_size"].eq(20)]
    assert f"On 20 Boolean inputs r = {span(boolean.loc[boolean['posterior'] == 'zero_one', 'pearson'])}." in said
    of = claims[claims["claim"].eq("C1") & ~claims["boolean"]]
    below = (claims["claim"].eq("D4") & ~claims["boolean"] & claims["low"].gt(0.1)).sum()
    assert f"its median is {of['effect'].median():.2f}: in {len(of)} tests" in said
    assert f"above 0 in {(of['low'] > 0).sum()} and above 0.7 in none, and in {below} r is" in said
    assert of["low"].max() < 0.7
    top = claims[claims["claim"] == "C2"]
    assert f"agree best holds in {(top['verdict'] == 'holds').sum()} of {len(top)} tests, all Boolean" in said
    assert top.loc[top["verdict"] == "holds", "boolean"].all()
    others = claims.loc[claims["claim"] == "D7", "verdict"].value_counts()
    assert (
        f"better than it in {others['holds']} of {others.sum()} tests and worse in {others['does not hold']}." in said
    )
    ratio = on_all_points("zero_one")["ratio"]
    few, many = (ratio[ratio.index.str.startswith(name)] for name in ("mnist-100-fcn-64-", "mnist-2000-"))
    assert {f"{each:.1f}" for each in few} == {"1.2"}
    fashion, bags, sequences = (
        ratio[ratio.index.str.match(name)] for name in ("fashion-(2000|cnn)-", "imdb-fcn-", "imdb-lstm-")
    )
    assert (
        f"1.2 times as often as networks on 100 images of MNIST and {many.min():.1f} to {many.max():.1f} times on 2,000, "
        f"{fashion.min():.1f} to {fashion.max():.1f} times on Fashion-MNIST, "
        f"{bags.min():.1f} to {bags.max():.1f} times on bags of words of IMDb, {span(sequences)} times as often as LSTMs"
    ) in said
    more = on_all_points("zero_one")["ratio_low"] > 1
    assert f"in {more.sum()} of {len(more)} experiments" in said
    assert more.index[~more].tolist() == ["mnist-100-scale-fcn-64-v32-adam"]
    assert f"gives at most {100 * exact['posterior_mass_in_optimizer_top'].max():.1f} % to the ten" in said
    counts = [tables(name, 50)["count"] for name in exact["experiment"]]
    own = [100 * each.nlargest(10).sum() / each.sum() for each in counts]
    assert f"as which {min(own):.0f} to {max(own):.0f} % of them do" in said
    mass = rows.pivot_table(index=["task", "experiment"], columns="posterior", values="posterior_mass_in_optimizer_top")
    put = 100 * mass.loc[["mnist-2000", "mnist"], ["mse", "ntk"]]
    assert f"put {put.min(axis=None):.0f} to {put.max(axis=None):.0f} % on the ten functions" in said
    for task, text in (
        ("fashion-2000", "but on Fashion-MNIST at most {:.0f} %"),
        ("imdb-tfidf", "and on IMDb at most {:.1f} %"),
    ):
        assert text.format(100 * mass.loc[task, ["mse", "ntk"]].max(axis=None)) in said
    smooth = on_all_points()[lambda table: table["posterior"].isin(["mse", "ntk"])]
    usual = smooth.loc[~smooth["experiment"].str.contains("-scale-"), "ratio"]
    assert f"on images and texts at weight variance 2 {span(usual)} times." in said
    assert smooth.loc[smooth["experiment"].str.match("mnist-(2000|10000)-"), "ratio"].between(0.6, 1.0).all()
    many = comparison[
        comparison["task"].isin(["mnist-2000", "mnist"])
        & comparison["domain_size"].eq(100)
        & comparison["batch_size"].eq(32)
    ]
    assert f"would correlate by {span(many['noise_ceiling'])}, no" in said
    few = comparison[comparison["experiment"].str.startswith("mnist-2000-batch") & comparison["domain_size"].eq(100)]
    assert f"in the {few['networks'].max()} at other batch sizes {span(few['pearson'].dropna())}" in said
    assert f"no posterior does by more than {many['pearson'].max():.2f}" in said
    held = rows.pivot_table(index=["task", "experiment"], columns="posterior", values="optimizer_mass_in_posterior_top")
    elsewhere = held.loc[["fashion-2000", "imdb-tfidf", "mnist"]]
    assert (elsewhere["zero_one"] > elsewhere[["mse", "ntk"]].max(axis=1)).all()
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
    errors = on_all_points("zero_one").loc[["mnist-10000-sgd", "mnist-10000-adam"]]
    own, theirs = (percent(errors[name]) for name in ("test_error", "posterior_test_error"))
    assert "on all 1,000 recorded test images SGD's networks err on {} %, Adam's on {} %".format(*own) in said
    ratios = [interval(row, "ratio", 2) for _, row in errors.iterrows()]
    assert f"the exact 0-1 posterior on {theirs[0]} %, {ratios[0]} and {ratios[1]} times as often" in said
    assert theirs[0] == theirs[1]
    of = ("optimizer_mass_in_posterior_top", "posterior_mass_in_optimizer_top")
    held, given = ([f"{100 * each[name]:.1f}" for each in (sgd, adam)] for name in of)
    assert "hold {} and {} % of the networks, but it".format(*held) in said
    assert "gives {} and {} % to the ten that they end as most often".format(*given) in said
    assert f"{sgd['networks']:,} of SGD's {sgd['trained']:,} networks fitted S, and all of Adam's" in said
    assert adam["networks"] == adam["trained"] == sgd["trained"]
    slow = exact.loc["fashion-2000-sgd-slow-mse"]
    assert f"with the MSE loss, {slow['networks']} of {slow['trained']} of SGD's." in said


def test_what_the_readme_says_of_the_batch_size_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    errors = on_all_points("zero_one")["test_error"]
    sgd, adam = (
        percent(errors[[f"mnist-2000-{batch}{kind}" for batch in ("", "batch-128-", "batch-512-")]])
        for kind in ("sgd", "adam")
    )
    assert (
        "at batch sizes 32, 128 and 512 err on {}, {} and {} % of all 1,000 recorded test images (SGD) and {}, {} and {} % (Adam)"
    ).format(*sgd, *adam) in said
    pairs = read_table(ROOT / "results" / "desk" / "test-error-pairs.csv").set_index(["experiment_a", "experiment_b"])
    less = [pairs.loc[f"mnist-2000-{kind}", f"mnist-2000-batch-512-{kind}"] for kind in ("adam", "sgd")]
    more = [
        "{:.1f} [{:.1f}, {:.1f}]".format(*(-100 * row[f"difference{end}"] for end in ("", "_high", "_low")))
        for row in less
    ]
    assert (
        f"Batches of 512 make Adam's networks err more often than those of 32, by {more[0]} percentage points, SGD's by {more[1]}"
        in said
    )
    assert less[0]["difference_high"] < 0


def test_what_the_readme_says_of_the_convolutional_network_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    comparison = read_table(ROOT / "results" / "desk" / "comparison.csv")
    exact = comparison[comparison["posterior"].eq("zero_one") & comparison["domain_size"].eq(50)].set_index(
        "experiment"
    )
    pair = ["fashion-cnn-sgd-slow", "fashion-cnn-adam"]
    sgd, adam = exact.loc[pair[0]], exact.loc[pair[1]]
    errors = on_all_points("zero_one").loc[pair]
    held = [f"{100 * each['optimizer_mass_in_posterior_top']:.0f}" for each in (sgd, adam)]
    known = [interval(each, "pearson", 2) for each in (sgd, adam)]
    assert (
        "{} networks an optimiser: SGD's err on {} % of all 1,000 recorded test images, Adam's on {} %, the exact 0-1 posterior on {} %. "
        "On 50 of them its ten likeliest functions hold {} and {} % of the networks; r = {} and {}"
    ).format(
        f"{sgd['trained']}", *percent(errors["test_error"]), percent(errors["posterior_test_error"])[0], *held, *known
    ) in said
    assert sgd["trained"] == adam["trained"]


def test_what_the_readme_says_of_the_lstm_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    comparison = read_table(ROOT / "results" / "desk" / "comparison.csv")
    exact = comparison[comparison["posterior"].eq("zero_one") & comparison["task"].eq("imdb-sequences")]
    sgd, adam = (exact[exact["optimizer"].eq(name)].set_index("domain_size") for name in ("sgd", "adam"))
    errors = on_all_points("zero_one").loc[["imdb-lstm-sgd", "imdb-lstm-adam"]]
    own, theirs = (percent(errors[name]) for name in ("test_error", "posterior_test_error"))
    assert (
        f"SGD's networks err on {own[0]} % of all 1,000 recorded reviews, Adam's on {own[1]} %, the exact 0-1 posterior of the Gaussian "
        f"process with the mean kernel of 400 random LSTMs on {theirs[0]} %"
    ) in said
    known = [
        f"{row['pearson']:.2f} [{row['pearson_low']:.2f}, {row['pearson_high']:.2f}]"
        for row in (sgd.loc[10], adam.loc[10])
    ]
    assert "r = {} and {} with it".format(*known) in said
    assert read_provenance(ROOT / "results/desk/models/imdb-sequences/lstm/kernel.npz")["networks"] == 400
    assert min(sgd["functions"][20], adam["functions"][20]) > 0.95 * exact["networks"].max()


def test_what_the_readme_says_of_width_and_of_the_number_of_images_is_in_the_committed_tables():
    said = " ".join((ROOT / "README.md").read_text().split())
    on_all = on_all_points("zero_one")
    first, second, third, fourth = percent(
        on_all["test_error"][[f"mnist-1000-fcn-{width}-{name}" for width in (32, 1024) for name in ("sgd", "adam")]]
    )
    assert (
        f"of width 32 err on {first} % (SGD) and {second} % (Adam) of all 1,000 recorded test images, of width 1,024 on {third} and "
        f"{fourth} %" in said
    )
    theirs = on_all.loc[on_all.index.str.startswith("mnist-1000-"), "posterior_test_error"]
    assert f"tends with width, on {percent(theirs)[0]} %" in said
    assert len(set(percent(theirs))) == 1
    for name, text in (
        ("mnist-100-fcn-64", "SGD's and Adam's networks of width 64 and batch size 32 at |S| = 100"),
        ("mnist-300", "times at 300"),
        ("mnist-1000-fcn-64", "times at 1,000"),
        ("mnist-2000", "times at 2,000"),
        ("mnist-10000", "times at 10,000"),
    ):
        of = on_all["ratio"][[f"{name}-sgd", f"{name}-adam"]]
        ends = dict.fromkeys(f"{end:.1f}" for end in (of.min(), of.max()))
        assert re.search(rf"{' to '.join(ends)} (times as often as )?{re.escape(text)}", said)
    networks = read_table(ROOT / "results" / "desk" / "comparison.csv").set_index("experiment")["networks"]
    assert f"of SGD's at width 32, {networks['mnist-1000-fcn-32-sgd'].iloc[0]}." in said


def test_what_the_readme_says_of_networks_trained_again_is_in_the_committed_table():
    said = " ".join((ROOT / "README.md").read_text().split())
    table = read_table(ROOT / "docs/desk/verified.csv")
    assert set(table["experiment"]) == set(read_table(ROOT / "results/desk/comparison.csv")["experiment"])
    whole = table.drop(columns="experiment").sum()
    same = 1 - whole["different_labels"] / whole["labels"]
    assert (
        f"{whole['trained_again']:,} trained again on one of them came out the same in {100 * same:.2f} % of labels, and "
        f"{whole['same_networks']:,} of them in all"
    ) in said


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


def on_all_points(posterior: str | None = None) -> pd.DataFrame:
    """test-errors.csv, of one posterior by experiment."""
    table = read_table(ROOT / "results" / "desk" / "test-errors.csv")
    return table if posterior is None else table[table["posterior"] == posterior].set_index("experiment")


def percent(shares) -> list[str]:
    return [f"{100 * share:.1f}" for share in shares]


def interval(row, name: str, digits: int) -> str:
    value, low, high = (f"{row[f'{name}{end}']:.{digits}f}" for end in ("", "_low", "_high"))
    return f"{value} [{low}, {high}]"


def span(values) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def test_the_summary_says_how_many_networks_are_left_out():
    comparison = read_table(ROOT / "docs" / "quickstart" / "comparison.csv")
    comparison["networks"] = comparison["trained"]
    assert "left out" not in summarise(comparison, Path("results/quickstart"))
    name = comparison["experiment"].iloc[0]
    of = comparison["experiment"] == name
    comparison.loc[of, "networks"], comparison.loc[of, "diverged"] = comparison.loc[of, "trained"] - 8, 3
    said = " ".join(summarise(comparison, Path("results/quickstart")).split())
    assert f"{name}: 8 of {comparison['trained'].iloc[0]:,} networks did not reach" in said
    assert "(3 diverged)" in said


def test_learning_rates_that_are_known_to_do_are_those_in_the_documents():
    said = (ROOT / "config" / "README.md").read_text()
    rates, clothes = (
        known_learning_rates({"dataset": name, "train_size": 1000}, "FullyConnected", "cross_entropy")
        for name in ("mnist", "fashion_mnist")
    )
    assert f"at {rates['SGD']} (Fashion-MNIST: {clothes['SGD']})" in said
    assert all(f"{kind} at {rates[kind]}" in said for kind in ("Adam", "Adagrad", "RMSprop"))
    desk = yaml.safe_load((ROOT / "config" / "desk.yaml").read_text())["optimizers"]
    assert {name: desk[name.lower()]["learning_rate"] for name in rates} == dict(rates)


def test_links_in_the_documents_lead_somewhere():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "config").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            assert target.startswith("https://") or (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readmes_ratios_of_test_errors_are_the_quickstarts():
    table, readme = read_table(ROOT / "docs" / "quickstart" / "comparison.csv"), (ROOT / "README.md").read_text()
    ratio, zero_one = table["posterior_test_error"] / table["test_error"], table["posterior"] == "zero_one"
    on_50 = ratio[~zero_one & (table["domain_size"] == 50)]
    assert f"errs on both domains {ratio[zero_one].min():.1f} to {ratio[zero_one].max():.1f} times as often" in readme
    assert f"the NTK ensemble err {on_50.min():.1f} to {on_50.max():.1f} times as often on 50" in readme
    assert (table["pearson"].dropna() < table["noise_ceiling"][table["pearson"].notna()]).all()


def test_no_committed_file_has_a_path_of_the_machine_that_made_it():
    listed = subprocess.run(["git", "ls-files", "-z", "results", "docs"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.endswith((".json", ".csv", ".md")):
            assert not re.search(r'"/\w', (ROOT / name).read_text()), name
