"""The exact log evidence along growing training sets."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    from dataclasses import asdict

    import numpy as np
    import pandas as pd

    from sgdbayes.datasets import Task
    from sgdbayes.datasets.task import distinct_inputs
    from sgdbayes.posterior.equal_inputs import on_distinct_inputs
    from sgdbayes.posterior.evidence import zero_one_evidence
    from sgdbayes.files import read_arrays, write_table

    sizes = snakemake.params.train_sizes
    task = Task(**read_arrays(snakemake.input.task)).head(1, train_size=sizes[-1])
    kernel = read_arrays(snakemake.input.kernel)["kernel"][: sizes[-1], : sizes[-1]]
    labels, kernel = on_distinct_inputs(task, kernel)
    kept = distinct_inputs(task)
    through = np.searchsorted(kept, sizes).tolist()
    path = zero_one_evidence(
        kernel,
        labels,
        snakemake.params.samples,
        through=through,
        seed=snakemake.params.seed,
        progress=lambda size, log_p, error: print(f"|S| = {size}: {log_p:.2f} +- {error:.2f}", flush=True),
    )
    # Of the first so many examples, of which so many are distinct.
    of_distinct = dict(zip(through, sizes, strict=True))
    reached = [of_distinct.get(size, kept[size - 1] + 1) for size in path.sizes]
    write_table(snakemake.output.table, pd.DataFrame(asdict(path) | {"sizes": reached}), run.provenance())
