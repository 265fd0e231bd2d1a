rule scatter:
    """Draw P_B against P_OPT for an experiment, a row per posterior, a column per domain size."""
    input:
        functions=f"{EXPERIMENT}/functions.parquet",
        comparison=f"{EXPERIMENT}/comparison.csv",
    output:
        png=in_report(
            f"{FIGURES}/scatter/{{experiment}}.png",
            "Probabilities",
            "scatter",
            experiment="{experiment}",
            figure="by domain size",
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
        **behind("scatter"),
        about=lambda wildcards: {
            "experiment": wildcards.experiment,
            "training": PLAN.training(wildcards.experiment),
            "task": CONFIGURATION.tasks[experiment_of(wildcards).task],
            "min_count": CONFIGURATION.comparison["min_count"],
        },
    script:
        "../scripts/scatter.py"


rule optimizers:
    """Draw P_B against P_OPT for all experiments on a model side by side, for every model and domain size."""
    input:
        functions=experiment_files("functions.parquet"),
        comparison=f"{RESULTS}/comparison.csv",
    output:
        png=page_pictures("optimizers", PLAN.pages(), "Probabilities", "side by side, |E| ="),
        pdf=page_pdfs("optimizers", PLAN.pages()),
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
        **behind("optimizers"),
        pages=described_pages(min_count=CONFIGURATION.comparison["min_count"]),
    script:
        "../scripts/optimizers.py"


rule errors:
    """Draw the distribution of the test error of networks and posteriors, for every model and domain size."""
    input:
        functions=experiment_files("functions.parquet"),
        draws=posterior_tables("draws", PLAN.models()),
    output:
        png=page_pictures("errors", PLAN.pages(), "Test errors"),
        pdf=page_pdfs("errors", PLAN.pages()),
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
        **behind("errors"),
        pages=described_pages(),
    script:
        "../scripts/errors.py"


rule ranks:
    """Draw probability against rank for networks and posteriors, for every model and domain size."""
    input:
        functions=experiment_files("functions.parquet"),
        draws=posterior_tables("draws", PLAN.models()),
    output:
        png=page_pictures("ranks", PLAN.pages(), "Ranks"),
        pdf=page_pdfs("ranks", PLAN.pages()),
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
        **behind("ranks"),
        pages=described_pages(),
    script:
        "../scripts/ranks.py"


rule favourites:
    """Draw the most probable functions of each posterior and how often networks found them, for every domain size."""
    input:
        functions=experiment_files("functions.parquet"),
    output:
        png=page_pictures("favourites", PLAN.pages(), "Favourites"),
        pdf=page_pdfs("favourites", PLAN.pages()),
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
        **behind("favourites"),
        pages=described_pages(with_posteriors=True),
    script:
        "../scripts/favourites.py"


rule sweep:
    """Draw what one setting does to test errors and correlations, for every sweep."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
        pairs=([f"{RESULTS}/posterior-pairs.csv"] if any(map(PLAN.sweep_reference, CONFIGURATION.sweeps)) else []),
        test_errors=test_error_tables("test-errors"),
    output:
        png=[
            in_report(f"{FIGURES}/sweeps/{name}.png", "Sweeps", "sweep", experiment=name, figure=sweep.setting)
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
        **behind("sweep"),
        sweeps=[sweep_description(name) for name in CONFIGURATION.sweeps],
    script:
        "../scripts/sweep.py"


rule margins_figure:
    """Draw the smallest over the mean margin on S, of networks and of the exact 0-1 posterior."""
    input:
        runs=experiment_files("runs.parquet", PLAN.margins_experiments()),
        draws=files_of_models(PLAN.margins_experiments(), "margins.parquet"),
    output:
        png=in_report(f"{FIGURES}/margins.png", "Margins", "margins", experiment="all", figure="margins"),
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
        **behind("margins_figure"),
        models=models_of(PLAN.margins_experiments()),
    script:
        "../scripts/margins_figure.py"


rule predictors:
    """Draw how well each posterior predicts what networks become, a row per experiment."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
        test_errors=test_error_tables("test-errors"),
    output:
        png=in_report(f"{FIGURES}/predictors.png", "Probabilities", "predictors", experiment="all", figure="predictors"),
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
        **behind("predictors"),
        experiments=CONFIGURATION.predictors,
    script:
        "../scripts/predictors.py"
