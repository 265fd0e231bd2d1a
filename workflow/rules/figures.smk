FIGURES = f"{RESULTS}/figures"


rule scatter:
    """Draw P_B against P_OPT for an experiment, a row per posterior, a column per domain size."""
    input:
        functions=f"{RESULTS}/experiments/{{experiment}}/functions.parquet",
        comparison=f"{RESULTS}/experiments/{{experiment}}/comparison.csv",
    output:
        png=report(
            f"{FIGURES}/scatter/{{experiment}}.png",
            category="Probabilities",
            labels={"experiment": "{experiment}", "figure": "by domain size"},
            caption="../report/scatter.rst",
        ),
        pdf=f"{FIGURES}/scatter/{{experiment}}.pdf",
    log:
        f"{RESULTS}/logs/scatter/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/scatter/{{experiment}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        about=lambda wildcards: {
            "experiment": wildcards.experiment,
            "training": PLAN.training(wildcards.experiment),
            "task": CONFIGURATION.tasks[experiment_of(wildcards).task],
            "min_count": CONFIGURATION.comparison["min_count"],
        },
        uses=uses_of("scatter"),
        code=code_of("scatter"),
        key=key_of("scatter"),
    script:
        "../scripts/scatter.py"


rule optimizers:
    """Draw P_B against P_OPT for all experiments on a model side by side, for every model and domain size."""
    input:
        functions=functions_of(PLAN.experiments),
        comparison=f"{RESULTS}/comparison.csv",
    output:
        png=[
            report(
                f"{FIGURES}/optimizers/{task}/{architecture}/{size}.png",
                category="Probabilities",
                labels={
                    "experiment": f"all on {task}, {architecture}",
                    "figure": f"side by side, |E| = {size}",
                },
                caption="../report/optimizers.rst",
            )
            for task, architecture, size in PLAN.pages()
        ],
        pdf=page_files("optimizers", PLAN.pages(), "pdf"),
    log:
        f"{RESULTS}/logs/optimizers.log",
    benchmark:
        f"{RESULTS}/benchmarks/optimizers.tsv"
    # The longest of the figures first, that none is left to draw alone.
    priority: 1
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        pages=described_pages(min_count=CONFIGURATION.comparison["min_count"]),
        uses=uses_of("optimizers"),
        code=code_of("optimizers"),
        key=key_of("optimizers"),
    script:
        "../scripts/optimizers.py"


rule errors:
    """Draw the distribution of the test error of networks and posteriors, for every model and domain size."""
    input:
        functions=functions_of(PLAN.experiments),
        draws=posterior_tables(all_posteriors(), "draws"),
    output:
        png=[
            report(
                f"{FIGURES}/errors/{task}/{architecture}/{size}.png",
                category="Test errors",
                labels={
                    "experiment": f"all on {task}, {architecture}",
                    "figure": f"|E| = {size}",
                },
                caption="../report/errors.rst",
            )
            for task, architecture, size in PLAN.pages()
        ],
        pdf=page_files("errors", PLAN.pages(), "pdf"),
    log:
        f"{RESULTS}/logs/errors.log",
    benchmark:
        f"{RESULTS}/benchmarks/errors.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        pages=described_pages(),
        uses=uses_of("errors"),
        code=code_of("errors"),
        key=key_of("errors"),
    script:
        "../scripts/errors.py"


rule ranks:
    """Draw probability against rank for networks and posteriors, for every model and domain size."""
    input:
        functions=functions_of(PLAN.experiments),
        draws=posterior_tables(all_posteriors(), "draws"),
    output:
        png=[
            report(
                f"{FIGURES}/ranks/{task}/{architecture}/{size}.png",
                category="Ranks",
                labels={
                    "experiment": f"all on {task}, {architecture}",
                    "figure": f"|E| = {size}",
                },
                caption="../report/ranks.rst",
            )
            for task, architecture, size in PLAN.pages()
        ],
        pdf=page_files("ranks", PLAN.pages(), "pdf"),
    log:
        f"{RESULTS}/logs/ranks.log",
    benchmark:
        f"{RESULTS}/benchmarks/ranks.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        pages=described_pages(),
        uses=uses_of("ranks"),
        code=code_of("ranks"),
        key=key_of("ranks"),
    script:
        "../scripts/ranks.py"


rule favourites:
    """Draw the most probable functions of each posterior and how often networks found them, for every model and domain size."""
    input:
        functions=functions_of(PLAN.experiments),
    output:
        png=[
            report(
                f"{FIGURES}/favourites/{task}/{architecture}/{size}.png",
                category="Favourites",
                labels={
                    "experiment": f"all on {task}, {architecture}",
                    "figure": f"|E| = {size}",
                },
                caption="../report/favourites.rst",
            )
            for task, architecture, size in PLAN.pages()
        ],
        pdf=page_files("favourites", PLAN.pages(), "pdf"),
    log:
        f"{RESULTS}/logs/favourites.log",
    benchmark:
        f"{RESULTS}/benchmarks/favourites.tsv"
    # The longest of the figures first, that none is left to draw alone.
    priority: 1
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        pages=described_pages(with_posteriors=True),
        uses=uses_of("favourites"),
        code=code_of("favourites"),
        key=key_of("favourites"),
    script:
        "../scripts/favourites.py"


rule sweep:
    """Draw what one setting does to test errors and correlations, for every sweep."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
        pairs=(
            [f"{RESULTS}/posterior-pairs.csv"]
            if any(map(PLAN.sweep_reference, CONFIGURATION.sweeps))
            else []
        ),
        test_errors=test_error_tables("test-errors"),
    output:
        png=[
            report(
                f"{FIGURES}/sweeps/{name}.png",
                category="Sweeps",
                labels={"experiment": name, "figure": sweep.setting},
                caption="../report/sweep.rst",
            )
            for name, sweep in CONFIGURATION.sweeps.items()
        ],
        pdf=[f"{FIGURES}/sweeps/{name}.pdf" for name in CONFIGURATION.sweeps],
    log:
        f"{RESULTS}/logs/sweep.log",
    benchmark:
        f"{RESULTS}/benchmarks/sweep.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        sweeps=[sweep_description(name) for name in CONFIGURATION.sweeps],
        uses=uses_of("sweep"),
        code=code_of("sweep"),
        key=key_of("sweep"),
    script:
        "../scripts/sweep.py"


rule margins_figure:
    """Draw the smallest over the mean margin on S, of networks and of the exact 0-1 posterior."""
    input:
        runs=[
            f"{RESULTS}/experiments/{name}/runs.parquet"
            for name in PLAN.margins_experiments()
        ],
        draws=margins_files(),
    output:
        png=report(
            f"{FIGURES}/margins.png",
            category="Margins",
            labels={"experiment": "all", "figure": "margins"},
            caption="../report/margins.rst",
        ),
        pdf=f"{FIGURES}/margins.pdf",
    log:
        f"{RESULTS}/logs/margins_figure.log",
    benchmark:
        f"{RESULTS}/benchmarks/margins_figure.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(lambda _: runs_memory(PLAN.margins_experiments())),
        runtime=grows(10),
    params:
        models=models_of(PLAN.margins_experiments()),
        uses=uses_of("margins_figure"),
        code=code_of("margins_figure"),
        key=key_of("margins_figure"),
    script:
        "../scripts/margins_figure.py"


rule predictors:
    """Draw how well each posterior predicts what networks become, a row per experiment."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
        test_errors=test_error_tables("test-errors"),
    output:
        png=report(
            f"{FIGURES}/predictors.png",
            category="Probabilities",
            labels={"experiment": "all", "figure": "predictors"},
            caption="../report/predictors.rst",
        ),
        pdf=f"{FIGURES}/predictors.pdf",
    log:
        f"{RESULTS}/logs/predictors.log",
    benchmark:
        f"{RESULTS}/benchmarks/predictors.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        experiments=CONFIGURATION.predictors,
        uses=uses_of("predictors"),
        code=code_of("predictors"),
        key=key_of("predictors"),
    script:
        "../scripts/predictors.py"
