rule complexity:
    """Lempel-Ziv complexity or critical sample ratio of the functions of an experiment: complexity.parquet."""
    input:
        task=task_file,
        runs=f"{EXPERIMENT}/runs.parquet",
        functions=f"{EXPERIMENT}/functions.parquet",
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
        device=CONFIGURATION.device,
        stack_size=CONFIGURATION.stack_size,
        uses=uses_of("complexity"),
        code=code_of("complexity"),
        key=key_of("complexity"),
    script:
        "../scripts/complexity.py"


rule complexity_figure:
    """Draw probability against complexity, for every experiment of which it is measured."""
    input:
        functions=functions_of(PLAN.complexity_experiments()),
        complexity=[
            f"{RESULTS}/experiments/{name}/complexity.parquet"
            for name in PLAN.complexity_experiments()
        ],
    output:
        png=[
            report(
                f"{FIGURES}/complexity/{name}.png",
                category="Complexity",
                labels={
                    "experiment": name,
                    "figure": PLAN.complexity_settings(name)["measure"],
                },
                caption="../report/complexity.rst",
            )
            for name in PLAN.complexity_experiments()
        ],
        pdf=[
            f"{FIGURES}/complexity/{name}.pdf"
            for name in PLAN.complexity_experiments()
        ],
    log:
        f"{RESULTS}/logs/complexity_figure.log",
    benchmark:
        f"{RESULTS}/benchmarks/complexity_figure.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        experiments=[
            {
                "experiment": name,
                "posteriors": PLAN.experiments[name].posteriors,
                "training": PLAN.training(name),
                "task": CONFIGURATION.tasks[PLAN.experiments[name].task],
                "settings": PLAN.complexity_settings(name),
            }
            for name in PLAN.complexity_experiments()
        ],
        uses=uses_of("complexity_figure"),
        code=code_of("complexity_figure"),
        key=key_of("complexity_figure"),
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
        settings=lambda wildcards: PLAN.by_error_settings(),
        sizes=lambda wildcards: PLAN.by_error_sizes(
            wildcards.task, wildcards.architecture
        ),
        uses=uses_of("by_error"),
        code=code_of("by_error"),
        key=key_of("by_error"),
    script:
        "../scripts/by_error.py"


rule by_error_figure:
    """Draw the probability of random functions against their errors, models side by side, for every domain size."""
    input:
        tables=posterior_tables(by_error_names(), "by-error"),
    output:
        png=[
            report(
                f"{FIGURES}/by-error/{size}.png",
                category="Test errors",
                labels={"experiment": "none", "figure": f"by error, |E| = {size}"},
                caption="../report/by_error.rst",
            )
            for size in by_error_sizes()
        ],
        pdf=[f"{FIGURES}/by-error/{size}.pdf" for size in by_error_sizes()],
    log:
        f"{RESULTS}/logs/by_error_figure.log",
    benchmark:
        f"{RESULTS}/benchmarks/by_error_figure.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        sizes=by_error_sizes(),
        about=lambda wildcards: {
            "tasks": CONFIGURATION.tasks,
            "architectures": CONFIGURATION.architectures,
            "settings": PLAN.by_error_settings(),
        },
        uses=uses_of("by_error_figure"),
        code=code_of("by_error_figure"),
        key=key_of("by_error_figure"),
    script:
        "../scripts/by_error_figure.py"


rule posterior_pairs:
    """Every two posteriors of a model against each other: results/<name>/posterior-pairs.csv."""
    input:
        probabilities=posterior_tables(all_posteriors(), "probabilities"),
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
        settings={
            name: CONFIGURATION.comparison[name] for name in ("resamples", "seed")
        },
        uses=uses_of("posterior_pairs"),
        code=code_of("posterior_pairs"),
        key=key_of("posterior_pairs"),
    script:
        "../scripts/posterior_pairs.py"


rule reference_figure:
    """Draw networks and posteriors against the reference posterior of their model, for every model that has one and every domain size."""
    input:
        functions=functions_of(PLAN.experiments),
        comparison=f"{RESULTS}/comparison.csv",
        pairs=f"{RESULTS}/posterior-pairs.csv",
    output:
        png=[
            report(
                f"{FIGURES}/reference/{task}/{architecture}/{size}.png",
                category="Probabilities",
                labels={
                    "experiment": f"all on {task}, {architecture}",
                    "figure": f"against the reference, |E| = {size}",
                },
                caption="../report/reference.rst",
            )
            for task, architecture, size in reference_pages()
        ],
        pdf=page_files("reference", reference_pages(), "pdf"),
    log:
        f"{RESULTS}/logs/reference_figure.log",
    benchmark:
        f"{RESULTS}/benchmarks/reference_figure.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        pages=described_pages(
            reference_pages(),
            with_posteriors=True,
            with_reference=True,
            min_count=CONFIGURATION.comparison["min_count"],
        ),
        uses=uses_of("reference_figure"),
        code=code_of("reference_figure"),
        key=key_of("reference_figure"),
    script:
        "../scripts/reference_figure.py"
