EXPERIMENT = f"{RESULTS}/experiments/{{experiment}}"


rule functions:
    """The functions that an experiment's networks ended as on each domain, how often, and the probability of each under every posterior: functions.parquet."""
    input:
        task=task_file,
        runs=f"{EXPERIMENT}/runs.parquet",
        probabilities=posterior_files("-probabilities.parquet"),
        draws=posterior_files("-draws.parquet"),
    output:
        table=f"{EXPERIMENT}/functions.parquet",
        provenance=f"{EXPERIMENT}/functions.parquet.json",
    log:
        f"{RESULTS}/logs/functions/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/functions/{{experiment}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(experiment_memory),
        runtime=grows(30),
    params:
        sizes=lambda wildcards: experiment_of(wildcards).domain_sizes,
        posteriors=lambda wildcards: experiment_of(wildcards).posteriors,
        asked=CONFIGURATION.posterior_draws["asked"],
        asked_found=CONFIGURATION.posterior_draws["asked_found"],
        uses=uses_of("functions"),
        code=code_of("functions"),
        key=key_of("functions"),
    script:
        "../scripts/functions.py"


rule compare:
    """log P_OPT against log P_B over the functions of an experiment: correlations, ceilings, shared mass, test errors, with intervals: comparison.csv, bands.csv."""
    input:
        task=task_file,
        runs=f"{EXPERIMENT}/runs.parquet",
        functions=f"{EXPERIMENT}/functions.parquet",
        posteriors=posterior_files(".npz"),
    output:
        comparison=f"{EXPERIMENT}/comparison.csv",
        comparison_provenance=f"{EXPERIMENT}/comparison.csv.json",
        bands=f"{EXPERIMENT}/bands.csv",
        bands_provenance=f"{EXPERIMENT}/bands.csv.json",
    log:
        f"{RESULTS}/logs/compare/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare/{{experiment}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(experiment_memory),
        runtime=grows(120),
    params:
        settings=CONFIGURATION.comparison,
        sizes=lambda wildcards: experiment_of(wildcards).domain_sizes,
        posteriors=lambda wildcards: experiment_of(wildcards).posteriors,
        labels=experiment_labels,
        uses=uses_of("compare"),
        code=code_of("compare"),
        key=key_of("compare"),
    script:
        "../scripts/compare.py"


rule all_comparisons:
    """The comparisons of all experiments in one table: results/<name>/comparison.csv and bands.csv."""
    input:
        comparison=experiment_files("comparison.csv"),
        bands=experiment_files("bands.csv"),
    output:
        comparison=report(
            f"{RESULTS}/comparison.csv",
            category="Tables",
            labels={"table": "comparison"},
            caption="../report/comparison.rst",
        ),
        comparison_provenance=f"{RESULTS}/comparison.csv.json",
        bands=report(
            f"{RESULTS}/bands.csv",
            category="Tables",
            labels={"table": "frequency bands"},
            caption="../report/bands.rst",
        ),
        bands_provenance=f"{RESULTS}/bands.csv.json",
    log:
        f"{RESULTS}/logs/all_comparisons.log",
    benchmark:
        f"{RESULTS}/benchmarks/all_comparisons.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        configuration=recorded,
        uses=uses_of("all_comparisons"),
        code=code_of("all_comparisons"),
        key=key_of("all_comparisons"),
    script:
        "../scripts/concatenate.py"


rule claims:
    """Test the claims of the paper on the tables of the configuration: results/<name>/claims.csv."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
        bands=f"{RESULTS}/bands.csv",
        pairs=f"{RESULTS}/posterior-pairs.csv",
        by_error=[
            f"{RESULTS}/models/{task}/{architecture}/ep-by-error.parquet"
            for task, architecture in PLAN.ep_by_error_models()
        ],
        complexity=[
            f"{RESULTS}/experiments/{name}/complexity.parquet"
            for name in PLAN.complexity_experiments()
        ],
        functions=[
            f"{RESULTS}/experiments/{name}/functions.parquet"
            for name in PLAN.complexity_experiments()
        ],
        runs=[
            f"{RESULTS}/experiments/{name}/runs.parquet"
            for name in PLAN.margins_experiments()
        ],
        margins=margins_files(),
        test_errors=test_error_tables("test-errors", "test-error-pairs"),
    output:
        table=report(
            f"{RESULTS}/claims.csv",
            category="Tables",
            labels={"table": "claims"},
            caption="../report/claims.rst",
        ),
        provenance=f"{RESULTS}/claims.csv.json",
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        models=models_of(PLAN.margins_experiments()),
        sweeps=PLAN.sweeps(),
        uses=uses_of("claims"),
        code=code_of("claims"),
        key=key_of("claims"),
    script:
        "../scripts/claims.py"


rule summary:
    """The comparison as a short text: results/<name>/summary.txt."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
    output:
        text=f"{RESULTS}/summary.txt",
    log:
        f"{RESULTS}/logs/summary.log",
    benchmark:
        f"{RESULTS}/benchmarks/summary.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        pictures="optimizers" in (CONFIGURATION.figures or ["optimizers"]),
        uses=uses_of("summary"),
        code=code_of("summary"),
        key=key_of("summary"),
    script:
        "../scripts/summary.py"
