rule complexity:
    """Lempel-Ziv complexity or critical sample ratio of the functions of an experiment: complexity.parquet."""
    input:
        task=task_file,
        runs=f"{EXPERIMENT}/runs.parquet",
        functions=function_files,
    output:
        table=report(
            f"{EXPERIMENT}/complexity.parquet",
            category="Complexity",
            labels={"experiment": "{experiment}", "figure": "table"},
            caption="../report/complexity_table.rst",
        ),
        provenance=f"{EXPERIMENT}/complexity.parquet.json",
    log:
        f"{RESULTS}/logs/complexity/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/complexity/{{experiment}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: 1
    resources:
        mem_mb=grows(4000),
        runtime=grows(240),
        gpu=GPUS,
    params:
        settings=complexity_settings,
        training=lambda wildcards: PLAN.training(wildcards.experiment),
        sizes=lambda wildcards: experiment_of(wildcards).domain_sizes,
        device=CONFIGURATION.device,
        stack_size=CONFIGURATION.stack_size,
        code=PLAN.code("complexity"),
        key=lambda wildcards: PLAN.complexity_key(wildcards.experiment),
    script:
        "../scripts/complexity.py"


rule complexity_figure:
    """Draw probability against complexity for an experiment."""
    input:
        functions=function_files,
        complexity=f"{EXPERIMENT}/complexity.parquet",
    output:
        png=report(
            f"{FIGURES}/complexity/{{experiment}}.png",
            category="Complexity",
            labels={"experiment": "{experiment}", "figure": "by domain size"},
            caption="../report/complexity.rst",
        ),
        pdf=f"{FIGURES}/complexity/{{experiment}}.pdf",
    log:
        f"{RESULTS}/logs/complexity_figure/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/complexity_figure/{{experiment}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        sizes=lambda wildcards: experiment_of(wildcards).domain_sizes,
        about=lambda wildcards: {
            "experiment": wildcards.experiment,
            "posteriors": experiment_of(wildcards).posteriors,
            "training": PLAN.training(wildcards.experiment),
            "task": CONFIGURATION.tasks[experiment_of(wildcards).task],
            "settings": complexity_settings(wildcards),
        },
        code=PLAN.code("complexity_figure"),
        key=lambda wildcards: PLAN.complexity_figure_key(wildcards.experiment),
    script:
        "../scripts/complexity_figure.py"


rule by_error:
    """Probabilities, under one posterior, of random functions with every number of wrong labels."""
    input:
        task=f"{RESULTS}/tasks/{{task}}.npz",
        posterior=f"{MODEL}/{{posterior}}.npz",
    output:
        table=f"{MODEL}/{{posterior}}-by-error.parquet",
        provenance=f"{MODEL}/{{posterior}}-by-error.parquet.json",
    log:
        f"{RESULTS}/logs/by_error/{{task}}/{{architecture}}/{{posterior}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/by_error/{{task}}/{{architecture}}/{{posterior}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: posterior_threads
    resources:
        mem_mb=grows(4000),
        runtime=grows(240),
    params:
        settings={
            name: value
            for name, value in CONFIGURATION.by_error.items()
            if name not in ("domain_sizes", "experiments")
        },
        sizes=lambda wildcards: PLAN.by_error_sizes(
            wildcards.task, wildcards.architecture
        ),
        code=PLAN.code("by_error"),
        key=lambda wildcards: PLAN.by_error_key(
            wildcards.task, wildcards.architecture, wildcards.posterior
        ),
    script:
        "../scripts/by_error.py"


rule by_error_figure:
    """Draw the probability of random functions against their errors, all models and posteriors on a domain."""
    input:
        tables=by_error_files,
    output:
        png=report(
            f"{FIGURES}/by-error/{{size}}.png",
            category="Test errors",
            labels={"experiment": "none", "figure": "by error, |E| = {size}"},
            caption="../report/by_error.rst",
        ),
        pdf=f"{FIGURES}/by-error/{{size}}.pdf",
    log:
        f"{RESULTS}/logs/by_error_figure/{{size}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/by_error_figure/{{size}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        names=by_error_names,
        about=lambda wildcards: {
            "tasks": CONFIGURATION.tasks,
            "architectures": CONFIGURATION.architectures,
            "settings": dict(CONFIGURATION.by_error),
        },
        code=PLAN.code("by_error_figure"),
        key=lambda wildcards: PLAN.by_error_figure_key(by_error_models(wildcards)),
    script:
        "../scripts/by_error_figure.py"


rule posterior_pairs:
    """Every two posteriors of a model against each other: results/<name>/posterior-pairs.csv."""
    input:
        probabilities=[
            f"{RESULTS}/models/{task}/{architecture}/{posterior}-probabilities.parquet"
            for task, architecture, posterior in all_posteriors()
        ],
    output:
        table=report(
            f"{RESULTS}/posterior-pairs.csv",
            category="Tables",
            labels={"table": "posteriors against one another"},
            caption="../report/posterior_pairs.rst",
        ),
        provenance=f"{RESULTS}/posterior-pairs.csv.json",
    log:
        f"{RESULTS}/logs/posterior_pairs.log",
    benchmark:
        f"{RESULTS}/benchmarks/posterior_pairs.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        names=all_posteriors(),
        settings={
            name: CONFIGURATION.comparison[name] for name in ("resamples", "seed")
        },
        code=PLAN.code("posterior_pairs"),
        key=PLAN.pairs_key(),
    script:
        "../scripts/posterior_pairs.py"


rule reference_figure:
    """Draw networks and posteriors of a model against its reference posterior."""
    input:
        functions=model_function_files,
        comparison=model_comparison_files,
        pairs=f"{RESULTS}/posterior-pairs.csv",
    output:
        png=report(
            f"{FIGURES}/reference/{{task}}/{{architecture}}/{{size}}.png",
            category="Probabilities",
            labels={
                "experiment": "all on {task}, {architecture}",
                "figure": "against the reference, |E| = {size}",
            },
            caption="../report/reference.rst",
        ),
        pdf=f"{FIGURES}/reference/{{task}}/{{architecture}}/{{size}}.pdf",
    log:
        f"{RESULTS}/logs/reference_figure/{{task}}/{{architecture}}/{{size}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/reference_figure/{{task}}/{{architecture}}/{{size}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        experiments=model_experiments,
        about=lambda wildcards: model_description(wildcards)
        | {
            "reference": PLAN.reference_of(wildcards.task, wildcards.architecture),
            "posteriors": model_posteriors(wildcards),
            "min_count": CONFIGURATION.comparison["min_count"],
        },
        code=PLAN.code("reference_figure"),
        key=lambda wildcards: PLAN.reference_figure_key(
            wildcards.task, wildcards.architecture, wildcards.size
        ),
    script:
        "../scripts/reference_figure.py"
