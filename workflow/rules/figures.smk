FIGURES = f"{RESULTS}/figures"


rule scatter:
    """Draw P_B against P_OPT for an experiment, a row per posterior, a column per domain size."""
    input:
        functions=function_files,
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
        sizes=lambda wildcards: experiment_of(wildcards).domain_sizes,
        about=lambda wildcards: {
            "experiment": wildcards.experiment,
            "training": PLAN.training(wildcards.experiment),
            "task": CONFIGURATION.tasks[experiment_of(wildcards).task],
            "min_count": CONFIGURATION.comparison["min_count"],
        },
        code=PLAN.code("scatter"),
        key=lambda wildcards: PLAN.figure_key("scatter", [wildcards.experiment]),
    script:
        "../scripts/scatter.py"


rule optimizers:
    """Draw P_B against P_OPT for all experiments on a model side by side."""
    input:
        functions=model_function_files,
        comparison=model_comparison_files,
    output:
        png=report(
            f"{FIGURES}/optimizers/{{task}}/{{architecture}}/{{size}}.png",
            category="Probabilities",
            labels={
                "experiment": "all on {task}, {architecture}",
                "figure": "side by side, |E| = {size}",
            },
            caption="../report/optimizers.rst",
        ),
        pdf=f"{FIGURES}/optimizers/{{task}}/{{architecture}}/{{size}}.pdf",
    log:
        f"{RESULTS}/logs/optimizers/{{task}}/{{architecture}}/{{size}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/optimizers/{{task}}/{{architecture}}/{{size}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        experiments=model_experiments,
        about=lambda wildcards: model_description(wildcards)
        | {"min_count": CONFIGURATION.comparison["min_count"]},
        code=PLAN.code("optimizers"),
        key=lambda wildcards: PLAN.figure_key(
            "optimizers", model_experiments(wildcards)
        ),
    script:
        "../scripts/optimizers.py"


rule errors:
    """Draw the distribution of the test error of networks and posteriors."""
    input:
        functions=model_function_files,
        draws=model_draw_files,
    output:
        png=report(
            f"{FIGURES}/errors/{{task}}/{{architecture}}/{{size}}.png",
            category="Test errors",
            labels={
                "experiment": "all on {task}, {architecture}",
                "figure": "|E| = {size}",
            },
            caption="../report/errors.rst",
        ),
        pdf=f"{FIGURES}/errors/{{task}}/{{architecture}}/{{size}}.pdf",
    log:
        f"{RESULTS}/logs/errors/{{task}}/{{architecture}}/{{size}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/errors/{{task}}/{{architecture}}/{{size}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        experiments=model_experiments,
        posteriors=model_posteriors,
        about=model_description,
        code=PLAN.code("errors"),
        key=lambda wildcards: PLAN.figure_key("errors", model_experiments(wildcards)),
    script:
        "../scripts/errors.py"


rule ranks:
    """Draw probability against rank for networks and posteriors."""
    input:
        functions=model_function_files,
        draws=model_draw_files,
    output:
        png=report(
            f"{FIGURES}/ranks/{{task}}/{{architecture}}/{{size}}.png",
            category="Ranks",
            labels={
                "experiment": "all on {task}, {architecture}",
                "figure": "|E| = {size}",
            },
            caption="../report/ranks.rst",
        ),
        pdf=f"{FIGURES}/ranks/{{task}}/{{architecture}}/{{size}}.pdf",
    log:
        f"{RESULTS}/logs/ranks/{{task}}/{{architecture}}/{{size}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/ranks/{{task}}/{{architecture}}/{{size}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        experiments=model_experiments,
        posteriors=model_posteriors,
        about=model_description,
        code=PLAN.code("ranks"),
        key=lambda wildcards: PLAN.figure_key("ranks", model_experiments(wildcards)),
    script:
        "../scripts/ranks.py"


rule favourites:
    """Draw the most probable functions of each posterior and how often networks found them."""
    input:
        functions=model_function_files,
    output:
        png=report(
            f"{FIGURES}/favourites/{{task}}/{{architecture}}/{{size}}.png",
            category="Favourites",
            labels={
                "experiment": "all on {task}, {architecture}",
                "figure": "|E| = {size}",
            },
            caption="../report/favourites.rst",
        ),
        pdf=f"{FIGURES}/favourites/{{task}}/{{architecture}}/{{size}}.pdf",
    log:
        f"{RESULTS}/logs/favourites/{{task}}/{{architecture}}/{{size}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/favourites/{{task}}/{{architecture}}/{{size}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        experiments=model_experiments,
        posteriors=model_posteriors,
        about=model_description,
        code=PLAN.code("favourites"),
        key=lambda wildcards: PLAN.figure_key(
            "favourites", model_experiments(wildcards)
        ),
    script:
        "../scripts/favourites.py"


rule sweep:
    """Draw what one setting does to test errors and correlations."""
    input:
        comparison=lambda wildcards: [
            f"{RESULTS}/experiments/{name}/comparison.csv"
            for name in CONFIGURATION.sweeps[wildcards.sweep]["experiments"]
        ],
        pairs=lambda wildcards: (
            [f"{RESULTS}/posterior-pairs.csv"]
            if PLAN.sweep_reference(wildcards.sweep)
            else []
        ),
    output:
        png=report(
            f"{FIGURES}/sweeps/{{sweep}}.png",
            category="Sweeps",
            labels={"experiment": "{sweep}", "figure": "sweep"},
            caption="../report/sweep.rst",
        ),
        pdf=f"{FIGURES}/sweeps/{{sweep}}.pdf",
    log:
        f"{RESULTS}/logs/sweep/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sweep/{{sweep}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        about=sweep_description,
        code=PLAN.code("sweep"),
        key=lambda wildcards: PLAN.sweep_key(wildcards.sweep),
    script:
        "../scripts/sweep.py"


rule margins_figure:
    """Draw the smallest over the mean margin on S, of networks and of the exact 0-1 posterior."""
    input:
        runs=[
            f"{RESULTS}/experiments/{name}/runs.parquet"
            for name in PLAN.margins_experiments()
        ],
        draws=[
            f"{model_folder(name)}/margins.parquet"
            for name in PLAN.margins_experiments()
        ],
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
        experiments=PLAN.margins_experiments(),
        code=PLAN.code("margins_figure"),
        key=PLAN.margins_figure_key(),
    script:
        "../scripts/margins_figure.py"


rule predictors:
    """Draw how well each posterior predicts what networks become, a row per experiment."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
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
        code=PLAN.code("predictors"),
        key=PLAN.predictors_key(),
    script:
        "../scripts/predictors.py"
