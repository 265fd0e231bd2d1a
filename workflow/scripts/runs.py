"""Gather the blocks of an experiment."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from sgdbayes.files import write_table
    from sgdbayes.analysis.runs import gather_runs

    runs = gather_runs(snakemake.input.blocks, snakemake.params.networks)
    counts = {"networks": len(runs), "converged": int(runs["converged"].sum()), "diverged": int(runs["diverged"].sum())}
    write_table(snakemake.output.table, runs, run.provenance(**counts))
