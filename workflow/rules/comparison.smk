rule functions:
    """The functions that networks ended as, how often, and their probabilities under posteriors: functions.parquet."""
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
        **behind("functions"),
        sizes=lambda wildcards: experiment_of(wildcards).domain_sizes,
        posteriors=lambda wildcards: experiment_of(wildcards).posteriors,
        asked=CONFIGURATION.posterior_draws["asked"],
        asked_found=CONFIGURATION.posterior_draws["asked_found"],
    script:
        "../scripts/functions.py"


rule compare:
    """log P_OPT against log P_B over the functions of an experiment, with intervals: comparison.csv, bands.csv."""
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
        **behind("compare"),
        settings=CONFIGURATION.comparison,
        sizes=lambda wildcards: experiment_of(wildcards).domain_sizes,
        posteriors=lambda wildcards: experiment_of(wildcards).posteriors,
        labels=experiment_labels,
    script:
        "../scripts/compare.py"


rule all_comparisons:
    """The comparisons of all experiments in one table: results/<name>/comparison.csv and bands.csv."""
    input:
        comparison=experiment_files("comparison.csv"),
        bands=experiment_files("bands.csv"),
    output:
        comparison=in_report(f"{RESULTS}/comparison.csv", "Tables", "comparison", table="comparison"),
        comparison_provenance=f"{RESULTS}/comparison.csv.json",
        bands=in_report(f"{RESULTS}/bands.csv", "Tables", "bands", table="frequency bands"),
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
        **behind("all_comparisons"),
        configuration=recorded,
    script:
        "../scripts/concatenate.py"


rule claims:
    """Test the claims of the paper on the tables of the configuration: results/<name>/claims.csv."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
        bands=f"{RESULTS}/bands.csv",
        pairs=f"{RESULTS}/posterior-pairs.csv",
        by_error=[f"{model_folder(*model)}/ep-by-error.parquet" for model in PLAN.ep_by_error_models()],
        complexity=experiment_files("complexity.parquet", PLAN.complexity_experiments()),
        functions=experiment_files("functions.parquet", PLAN.complexity_experiments()),
        runs=experiment_files("runs.parquet", PLAN.margins_experiments()),
        margins=files_of_models(PLAN.margins_experiments(), "margins.parquet"),
        test_errors=test_error_tables("test-errors", "test-error-pairs"),
    output:
        table=in_report(f"{RESULTS}/claims.csv", "Tables", "claims", table="claims"),
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
        **behind("claims"),
        models=models_of(PLAN.margins_experiments()),
        sweeps=PLAN.sweeps(),
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
        **behind("summary"),
        pictures="optimizers" in (CONFIGURATION.figures or ["optimizers"]),
    script:
        "../scripts/summary.py"
