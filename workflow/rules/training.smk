rule task:
    """Draw S and the test points from a data set, which is downloaded if it is not at hand."""
    output:
        multiext(f"{RESULTS}/tasks/{{task}}", arrays=".npz", provenance=".npz.json"),
    log:
        f"{RESULTS}/logs/task/{{task}}.log",
    # Between workflows, with --cache; there is no benchmark of a result that was found. Versions are in its provenance.
    cache: "omit-software"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(30),
    params:
        **behind("task"),
        settings=lambda wildcards: CONFIGURATION.tasks[wildcards.task],
        folder="data",
        # Made from output, so that Snakemake does not compare it.
        on_kernels=lambda wildcards, output: PLAN.has_kernels(wildcards.task),
    script:
        "../scripts/task.py"


rule train:
    """Train a block of networks until each fits S, only those that no table at hand has."""
    input:
        task=task_file,
    output:
        table=f"{EXPERIMENT}/blocks/{{block}}.parquet",
        provenance=f"{EXPERIMENT}/blocks/{{block}}.parquet.json",
    log:
        f"{RESULTS}/logs/train/{{experiment}}/{{block}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{experiment}}/{{block}}.tsv"
    # First blocks first: they end an experiment whose networks cannot fit S.
    priority: lambda wildcards: 10 if wildcards.block.startswith("0-") else 0
    conda:
        "../envs/sgdbayes.yaml"
    # A GPU trains while the CPU draws what comes next, into memory that it can reach.
    threads: 4 if GPUS else 1
    # The same for every block: all tasks of a job array get what its first one asks for.
    resources:
        mem_mb=grows(16000 if GPUS else 4000),
        runtime=grows(240),
        gpu=GPUS,
    params:
        **behind("train"),
        settings=training_of,
        device=CONFIGURATION.device,
        stack_size=CONFIGURATION.stack_size,
        keep_other_code=lambda wildcards, output: CONFIGURATION.other_code == "keep",
        # Networks found here under the same key are not trained again. No inputs: blocks make these tables.
        known=lambda wildcards: [
            f"{RESULTS}/experiments/{wildcards.experiment}/runs.parquet",
            f"{RESULTS}/runs.parquet",
        ],
    script:
        "../scripts/train.py"


rule runs:
    """Gather the blocks of an experiment, a row per network: runs.parquet."""
    input:
        blocks=block_files,
    output:
        table=f"{EXPERIMENT}/runs.parquet",
        provenance=f"{EXPERIMENT}/runs.parquet.json",
    log:
        f"{RESULTS}/logs/runs/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/runs/{{experiment}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(experiment_memory),
        runtime=grows(30),
    params:
        **behind("runs"),
        networks=lambda wildcards: experiment_of(wildcards).networks,
    script:
        "../scripts/runs.py"


rule all_runs:
    """The networks of all experiments in one table: results/<name>/runs.parquet."""
    input:
        runs=experiment_files("runs.parquet"),
    output:
        runs=f"{RESULTS}/runs.parquet",
        runs_provenance=f"{RESULTS}/runs.parquet.json",
    log:
        f"{RESULTS}/logs/all_runs.log",
    benchmark:
        f"{RESULTS}/benchmarks/all_runs.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(lambda _: runs_memory(PLAN.experiments)),
        runtime=grows(60),
    params:
        **behind("all_runs"),
        configuration=recorded,
    script:
        "../scripts/concatenate.py"
