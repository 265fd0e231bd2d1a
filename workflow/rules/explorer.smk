rule explorer:
    """A page to open in a browser, of all functions: results/<name>/explorer.html."""
    input:
        functions=experiment_files("functions.parquet"),
        draws=posterior_tables("draws", PLAN.models()),
        runs=experiment_files("runs.parquet"),
        comparison=f"{RESULTS}/comparison.csv",
        studies=f"{RESULTS}/studies.csv",
    output:
        page=f"{RESULTS}/explorer.html",
        provenance=f"{RESULTS}/explorer.html.json",
    log:
        f"{RESULTS}/logs/explorer.log",
    benchmark:
        f"{RESULTS}/benchmarks/explorer.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(30),
    params:
        **behind("explorer"),
        about={
            "name": CONFIGURATION.name,
            "tasks": CONFIGURATION.tasks,
            "asked": CONFIGURATION.comparison["asked"],
            "experiments": {
                name: {
                    "task": PLAN.experiments[name].task,
                    "architecture": PLAN.experiments[name].architecture,
                    "optimizer": PLAN.experiments[name].optimizer,
                    "study": study,
                    "training": PLAN.training(name),
                }
                for study, experiments in PLAN.studies().items()
                for name in experiments
            },
        },
        # No inputs: where the images are not at hand, the page is made without them and says so.
        tasks=f"{RESULTS}/tasks",
        data="data",
    script:
        "../scripts/explorer.py"
