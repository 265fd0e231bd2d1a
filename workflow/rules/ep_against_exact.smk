EP = f"{RESULTS}/ep-against-exact"


rule ep_evidence:
    """Log evidence of growing training sets, exact, for EP against exact."""
    input:
        task=ep_task,
        kernel=ep_kernel,
    output:
        table=f"{EP}/evidence.parquet",
        provenance=f"{EP}/evidence.parquet.json",
    log:
        f"{RESULTS}/logs/ep_evidence.log",
    benchmark:
        f"{RESULTS}/benchmarks/ep_evidence.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: 4
    resources:
        mem_mb=grows(ep_memory),
        runtime=grows(240),
    params:
        **behind("ep_evidence"),
        train_sizes=lambda wildcards: EP_SETTINGS.train_sizes,
        samples=lambda wildcards: EP_SETTINGS.evidence_samples,
        seed=lambda wildcards: EP_SETTINGS.seed,
    script:
        "../scripts/ep_evidence.py"


rule ep_compare:
    """EP and the exact 0-1 posterior on one training set: predictive probabilities and probabilities of functions."""
    input:
        task=ep_task,
        kernel=ep_kernel,
    output:
        predictive=f"{EP}/{{size}}/predictive.parquet",
        predictive_provenance=f"{EP}/{{size}}/predictive.parquet.json",
        functions=f"{EP}/{{size}}/functions.parquet",
        functions_provenance=f"{EP}/{{size}}/functions.parquet.json",
        facts=f"{EP}/{{size}}/facts.csv",
        facts_provenance=f"{EP}/{{size}}/facts.csv.json",
    log:
        f"{RESULTS}/logs/ep_compare/{{size}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/ep_compare/{{size}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: 4
    resources:
        mem_mb=grows(ep_memory),
        runtime=grows(240),
    params:
        **behind("ep_compare"),
        settings=lambda wildcards: {
            name: getattr(EP_SETTINGS, name) for name in ("domain_sizes", "functions", "samples", "seed")
        },
        test_size=lambda wildcards: EP_SETTINGS.test_size,
    script:
        "../scripts/ep_compare.py"


rule ep_table:
    """EP against exact, a row per training set: results/<name>/ep-against-exact.csv."""
    input:
        evidence=f"{EP}/evidence.parquet",
        predictive=ep_tables("predictive.parquet"),
        functions=ep_tables("functions.parquet"),
        facts=ep_tables("facts.csv"),
    output:
        table=in_report(f"{RESULTS}/ep-against-exact.csv", "Tables", "ep_against_exact", table="EP against exact"),
        provenance=f"{RESULTS}/ep-against-exact.csv.json",
    log:
        f"{RESULTS}/logs/ep_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/ep_table.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **behind("ep_table"),
    script:
        "../scripts/ep_table.py"


rule ep_figure:
    """Draw EP against exact over the training sets."""
    input:
        table=f"{RESULTS}/ep-against-exact.csv",
        evidence=f"{EP}/evidence.parquet",
        predictive=ep_tables("predictive.parquet"),
        functions=ep_tables("functions.parquet"),
    output:
        png=in_report(
            f"{FIGURES}/ep-against-exact.png",
            "Probabilities",
            "ep_against_exact",
            experiment="none",
            figure="EP against exact",
        ),
        pdf=f"{FIGURES}/ep-against-exact.pdf",
    log:
        f"{RESULTS}/logs/ep_figure.log",
    benchmark:
        f"{RESULTS}/benchmarks/ep_figure.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **behind("ep_figure"),
        about=lambda wildcards: {
            "train_sizes": EP_SETTINGS.train_sizes,
            "domain_size": EP_SETTINGS.domain_sizes[-1],
            "samples": 4 * EP_SETTINGS.samples,
            "task": CONFIGURATION.tasks[EP_SETTINGS.task],
            "architecture": CONFIGURATION.architectures[EP_SETTINGS.architecture],
        },
    script:
        "../scripts/ep_figure.py"
