rule complexity:
    """Lempel-Ziv complexity or critical sample ratio of the functions of an experiment: complexity.parquet."""
    input:
        task=task_file,
        runs=f"{EXPERIMENT}/runs.parquet",
        functions=f"{EXPERIMENT}/functions.parquet",
    output:
        table=in_report(
            f"{EXPERIMENT}/complexity.parquet",
            "Complexity",
            "complexity_table",
            experiment="{experiment}",
            figure="table",
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
        **behind("complexity"),
        settings=lambda wildcards: PLAN.complexity_settings(wildcards.experiment),
        training=training_of,
        device=CONFIGURATION.device,
        stack_size=CONFIGURATION.stack_size,
    script:
        "../scripts/complexity.py"


rule complexity_figure:
    """Draw probability against complexity, for every experiment of which it is measured."""
    input:
        functions=experiment_files("functions.parquet", PLAN.complexity_experiments()),
        complexity=experiment_files("complexity.parquet", PLAN.complexity_experiments()),
    output:
        png=[
            in_report(
                f"{FIGURES}/complexity/{name}.png",
                "Complexity",
                "complexity",
                experiment=name,
                figure=PLAN.complexity_settings(name)["measure"],
            )
            for name in PLAN.complexity_experiments()
        ],
        pdf=[f"{FIGURES}/complexity/{name}.pdf" for name in PLAN.complexity_experiments()],
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
        **behind("complexity_figure"),
        experiments=[
            {
                "experiment": name,
                "posteriors": PLAN.experiments[name].posteriors,
                "training": described(name),
                "task": CONFIGURATION.tasks[PLAN.experiments[name].task],
                "settings": PLAN.complexity_settings(name),
            }
            for name in PLAN.complexity_experiments()
        ],
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
        **behind("by_error"),
        settings=lambda wildcards: PLAN.by_error_settings(),
        sizes=lambda wildcards: PLAN.by_error_sizes(wildcards.task, wildcards.architecture),
    script:
        "../scripts/by_error.py"


rule by_error_figure:
    """Draw the probability of random functions against their errors, models side by side, for every domain size."""
    input:
        tables=posterior_tables("by-error", PLAN.by_error_models()),
    output:
        png=[
            in_report(
                f"{FIGURES}/by-error/{size}.png",
                "Test errors",
                "by_error",
                experiment="none",
                figure=f"by error, |E| = {size}",
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
        **behind("by_error_figure"),
        sizes=by_error_sizes(),
        about=lambda wildcards: {
            "tasks": CONFIGURATION.tasks,
            "architectures": CONFIGURATION.architectures,
            "settings": PLAN.by_error_settings(),
            "families": PLAN.families(),
        },
    script:
        "../scripts/by_error_figure.py"


rule posterior_pairs:
    """Every two posteriors of a model against each other: results/<name>/posterior-pairs.csv."""
    input:
        functions=experiment_files("functions.parquet"),
    output:
        table=in_report(
            f"{RESULTS}/posterior-pairs.csv", "Tables", "posterior_pairs", table="posteriors against one another"
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
        **behind("posterior_pairs"),
        models=list(models_of(PLAN.experiments).values()),
        unseen_inputs=[CONFIGURATION.unseen_inputs(name) for name in PLAN.experiments],
    script:
        "../scripts/posterior_pairs.py"


rule reference_figure:
    """Draw networks and posteriors against the reference posterior of their model, for every size."""
    input:
        functions=experiment_files("functions.parquet"),
        studies=f"{RESULTS}/studies.csv",
        pairs=f"{RESULTS}/posterior-pairs.csv",
    output:
        png=page_pictures("reference", reference_pages(), "Probabilities", "against the reference, |E| ="),
        pdf=page_pdfs("reference", reference_pages()),
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
        **behind("reference_figure"),
        pages=reference_descriptions(),
    script:
        "../scripts/reference_figure.py"
