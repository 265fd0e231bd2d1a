# Test errors on all recorded test points, where functions would all be found once.


rule posterior_errors:
    """The probability of a wrong label at each recorded test point, under each posterior of a model that kernels give."""
    input:
        task=f"{RESULTS}/tasks/{{task}}.npz",
        posteriors=lambda wildcards: [
            f"{RESULTS}/models/{wildcards.task}/{wildcards.architecture}/{name}.npz"
            for name in PLAN.kernel_posteriors_of(wildcards.task, wildcards.architecture)
        ],
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
        posteriors=lambda wildcards: PLAN.kernel_posteriors_of(wildcards.task, wildcards.architecture),
        uses=uses_of("posterior_errors"),
        code=code_of("posterior_errors"),
        key=key_of("posterior_errors"),
    script:
        "../scripts/posterior_errors.py"


rule test_errors:
    """Mean test errors of networks and under each posterior on all recorded test points, with intervals: results/<name>/test-errors.csv, test-error-pairs.csv."""
    input:
        runs=[f"{RESULTS}/experiments/{name}/runs.parquet" for name in CONFIGURATION.test_errors],
        wrong=files_of_models(CONFIGURATION.test_errors, "wrong.parquet"),
    output:
        table=report(
            f"{RESULTS}/test-errors.csv",
            category="Tables",
            labels={"table": "test errors"},
            caption="../report/test_errors.rst",
        ),
        provenance=f"{RESULTS}/test-errors.csv.json",
        pairs=report(
            f"{RESULTS}/test-error-pairs.csv",
            category="Tables",
            labels={"table": "test errors, two by two"},
            caption="../report/test_errors.rst",
        ),
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
        models=models_of(CONFIGURATION.test_errors),
        uses=uses_of("test_errors"),
        code=code_of("test_errors"),
        key=key_of("test_errors"),
    script:
        "../scripts/test_errors.py"
