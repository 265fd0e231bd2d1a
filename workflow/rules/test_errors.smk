# Test errors on all recorded test points, where functions would all be found once.


rule posterior_errors:
    """The probability of a wrong label at each recorded test point, under each posterior made from kernels."""
    input:
        task=f"{RESULTS}/tasks/{{task}}.npz",
        posteriors=kernel_posterior_files,
    output:
        table=f"{MODEL}/wrong.parquet",
        provenance=f"{MODEL}/wrong.parquet.json",
    log:
        f"{RESULTS}/logs/posterior_errors/{{task}}/{{architecture}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/posterior_errors/{{task}}/{{architecture}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(30),
    params:
        **behind("posterior_errors"),
        posteriors=lambda wildcards: PLAN.kernel_posteriors_of(wildcards.task, wildcards.architecture),
    script:
        "../scripts/posterior_errors.py"


rule test_errors:
    """Test errors on all recorded test points, with intervals: results/<name>/test-errors.csv, test-error-pairs.csv."""
    input:
        runs=experiment_files("runs.parquet", CONFIGURATION.test_errors),
        wrong=files_of_models(CONFIGURATION.test_errors, "wrong.parquet"),
    output:
        table=in_report(f"{RESULTS}/test-errors.csv", "Tables", "test_errors", table="test errors"),
        provenance=f"{RESULTS}/test-errors.csv.json",
        pairs=in_report(f"{RESULTS}/test-error-pairs.csv", "Tables", "test_errors", table="test errors, two by two"),
        pairs_provenance=f"{RESULTS}/test-error-pairs.csv.json",
    log:
        f"{RESULTS}/logs/test_errors.log",
    benchmark:
        f"{RESULTS}/benchmarks/test_errors.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(runs_memory(CONFIGURATION.test_errors)),
        runtime=grows(30),
    params:
        **behind("test_errors"),
        models=models_of(CONFIGURATION.test_errors),
    script:
        "../scripts/test_errors.py"
