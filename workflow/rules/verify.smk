VERIFIED = f"{RESULTS}/verified/{CONFIGURATION.sample}"


rule verify_experiment:
    """Train a share of an experiment's networks again and count the labels that differ."""
    input:
        # As it is: in a clone the blocks that it was made from are missing, and no reason to train them.
        runs=ancient(f"{EXPERIMENT}/runs.parquet"),
    output:
        table=f"{VERIFIED}/{{experiment}}.csv",
        provenance=f"{VERIFIED}/{{experiment}}.csv.json",
    log:
        f"{RESULTS}/logs/verify/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/verify/{{experiment}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: 1
    resources:
        mem_mb=grows(4000),
        runtime=grows(240),
        gpu=GPUS,
    params:
        **behind("verify_experiment"),
        # No file: one made now would be newer than all that was made from it.
        task=lambda wildcards: CONFIGURATION.tasks[experiment_of(wildcards).task],
        folder="data",
        training=training_of,
        share=CONFIGURATION.sample,
        device=CONFIGURATION.device,
        stack_size=CONFIGURATION.stack_size,
    script:
        "../scripts/verify.py"


rule verify:
    """Train a share of all networks again (--config sample=0.01), count those that come out the same: verified.csv.

    Without device: cuda, but those that were trained in TF32.
    """
    input:
        # A processor has no TF32, and would train other networks.
        [f"{VERIFIED}/{name}.csv" for name, item in PLAN.experiments.items() if GPUS or item.precision != "tf32"],
    output:
        table=f"{VERIFIED}/verified.csv",
        provenance=f"{VERIFIED}/verified.csv.json",
    log:
        f"{RESULTS}/logs/verified.log",
    benchmark:
        f"{RESULTS}/benchmarks/verified.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **behind("verify"),
    script:
        "../scripts/verified.py"
