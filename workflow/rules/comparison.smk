rule functions:
    """The functions that networks ended as, how often, and their probabilities under posteriors: functions.parquet."""
    input:
        task=task_file,
        runs=f"{EXPERIMENT}/runs.parquet",
        posteriors=posterior_files(".npz"),
    output:
        table=f"{EXPERIMENT}/functions.parquet",
        provenance=f"{EXPERIMENT}/functions.parquet.json",
    log:
        f"{RESULTS}/logs/functions/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/functions/{{experiment}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: 4
    resources:
        mem_mb=grows(experiment_memory),
        runtime=grows(480),
    params:
        **behind("functions"),
        domains=experiment_domains,
        posteriors=lambda wildcards: experiment_of(wildcards).posteriors,
        settings={**PLAN.asking(), "seed": CONFIGURATION.comparison["seed"]},
    script:
        "../scripts/functions.py"


rule compare:
    """The networks of an experiment against each posterior, on each domain and over all, with intervals."""
    input:
        task=task_file,
        runs=f"{EXPERIMENT}/runs.parquet",
        functions=f"{EXPERIMENT}/functions.parquet",
        draws=posterior_files("-draws.parquet"),
        posteriors=posterior_files(".npz"),
    output:
        comparison=f"{EXPERIMENT}/comparison.csv",
        comparison_provenance=f"{EXPERIMENT}/comparison.csv.json",
        domains=f"{EXPERIMENT}/domains.parquet",
        domains_provenance=f"{EXPERIMENT}/domains.parquet.json",
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
        settings=comparison_settings,
        posteriors=lambda wildcards: experiment_of(wildcards).posteriors,
        labels=experiment_labels,
    script:
        "../scripts/compare.py"


rule all_comparisons:
    """The comparisons of all experiments: comparison.csv and domains.parquet of results/<name>."""
    input:
        comparison=experiment_files("comparison.csv"),
        domains=experiment_files("domains.parquet"),
    output:
        comparison=in_report(f"{RESULTS}/comparison.csv", "Tables", "comparison", table="comparison"),
        comparison_provenance=f"{RESULTS}/comparison.csv.json",
        domains=in_report(f"{RESULTS}/domains.parquet", "Tables", "domains", table="domains"),
        domains_provenance=f"{RESULTS}/domains.parquet.json",
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


rule studies:
    """Statistics over the training sets of each study: results/<name>/studies.csv."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
    output:
        table=in_report(f"{RESULTS}/studies.csv", "Tables", "studies", table="studies"),
        provenance=f"{RESULTS}/studies.csv.json",
    log:
        f"{RESULTS}/logs/studies.log",
    benchmark:
        f"{RESULTS}/benchmarks/studies.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **behind("studies"),
        studies=PLAN.studies(),
    script:
        "../scripts/studies.py"


rule claims:
    """Test the claims of the paper on the tables of the configuration: results/<name>/claims.csv."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
        pairs=f"{RESULTS}/posterior-pairs.csv",
        by_error=[f"{model_folder(*model)}/ep-by-error.parquet" for model in PLAN.ep_by_error_models()],
        complexity=experiment_files("complexity.parquet", PLAN.complexity_experiments()),
        functions=experiment_files("functions.parquet", PLAN.complexity_experiments()),
        runs=experiment_files("runs.parquet", PLAN.margins_experiments()),
        margins=files_of_models(PLAN.margins_experiments(), "margins.parquet"),
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
        studies=PLAN.studies(),
        families=PLAN.families(),
        sweeps=PLAN.lines(),
        min_count=CONFIGURATION.comparison["min_count"],
    script:
        "../scripts/claims.py"


rule summary:
    """What was found as a short text: results/<name>/summary.txt."""
    input:
        studies=f"{RESULTS}/studies.csv",
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
        studies=STUDIES,
        flagship=PLAN.flagship(),
        pictures=bool(PLAN.flagship()) and "answer" in (CONFIGURATION.figures or ["answer"]),
    script:
        "../scripts/summary.py"


rule published:
    """A published table of test accuracies against the studies of this run: published.csv, and its cells together."""
    input:
        # The table itself is in the parameters: its file's time means nothing in a clone.
        tasks=list(dict.fromkeys(published_tasks().values())),
        networks=list(dict.fromkeys(path for files in published_files().values() for path in files.values())),
    output:
        table=in_report(f"{RESULTS}/published.csv", "Tables", "published", table="published"),
        provenance=f"{RESULTS}/published.csv.json",
        together=f"{RESULTS}/published-together.csv",
        together_provenance=f"{RESULTS}/published-together.csv.json",
    log:
        f"{RESULTS}/logs/published.log",
    benchmark:
        f"{RESULTS}/benchmarks/published.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(30),
    params:
        **behind("published"),
        studies=STUDIES,
        cells=PLAN.published_cells(),
        tasks=published_tasks(),
        files=published_files(),
    script:
        "../scripts/published.py"
