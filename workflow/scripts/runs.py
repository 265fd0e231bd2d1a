"""Gather the blocks of an experiment."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from sgdbayes.storage import write_table
    from sgdbayes.runs import gather_runs

    runs = gather_runs(snakemake.input.blocks, snakemake.params.networks)
    counts = {"networks": len(runs), "converged": int(runs["converged"].sum()), "diverged": int(runs["diverged"].sum())}
    write_table(snakemake.output.table, runs, run.provenance(**counts))
