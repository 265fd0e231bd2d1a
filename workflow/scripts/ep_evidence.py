"""The exact log evidence along growing training sets."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from dataclasses import asdict

    import pandas as pd

    from sgdbayes.datasets import Task
    from sgdbayes.posterior.evidence import zero_one_evidence
    from sgdbayes.files import read_arrays, write_table

    sizes = snakemake.params.train_sizes
    size = sizes[-1]
    path = zero_one_evidence(
        read_arrays(snakemake.input.kernel)["kernel"][:size, :size],
        Task(**read_arrays(snakemake.input.task)).train_labels[:size],
        snakemake.params.samples,
        through=sizes,
        seed=snakemake.params.seed,
        progress=lambda size, log_p, error: print(f"|S| = {size}: {log_p:.2f} +- {error:.2f}", flush=True),
    )
    write_table(snakemake.output.table, pd.DataFrame(asdict(path)), run.provenance())
