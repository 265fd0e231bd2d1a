rule explorer:
    """A page to open in a browser, of all functions: results/<name>/explorer.html."""
    input:
        functions=experiment_files("functions.parquet"),
        draws=posterior_tables("draws", PLAN.models()),
        comparison=f"{RESULTS}/comparison.csv",
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
            "experiments": {
                name: {
                    "task": item.task,
                    "architecture": item.architecture,
                    "optimizer": item.optimizer,
                    "training": PLAN.training(name),
                }
                for name, item in PLAN.experiments.items()
            },
        },
        # No inputs: where the images are not at hand, the page is made without them and says so.
        tasks=f"{RESULTS}/tasks",
        data="data",
    script:
        "../scripts/explorer.py"
