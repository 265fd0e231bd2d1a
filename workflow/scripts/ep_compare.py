"""EP against the exact 0-1 posterior on the first part of a training set."""

from sgdbayes.pipeline.jobs import job

with job(snakemake) as run:
    import numpy as np
    import pandas as pd

    from sgdbayes.datasets import Task
    from sgdbayes.analysis.ep_against_exact import compare_ep
    from sgdbayes.files import read_arrays, write_table
    from sgdbayes.posterior.equal_inputs import on_distinct_inputs

    task, kernel = Task(**read_arrays(snakemake.input.task)), read_arrays(snakemake.input.kernel)["kernel"]
    size, test_size = int(snakemake.wildcards.size), snakemake.params.test_size
    trained = len(task.train_labels)
    rows = np.r_[:size, trained : trained + test_size]
    part = task.head(test_size, train_size=size)
    labels, on_both = on_distinct_inputs(part, kernel[np.ix_(rows, rows)])
    result = compare_ep(on_both, labels, part.test_labels, **snakemake.params.settings)
    write_table(snakemake.output.predictive, result.predictive, run.provenance())
    write_table(snakemake.output.functions, result.functions, run.provenance())
    write_table(snakemake.output.facts, pd.DataFrame([{**result.facts, "train_size": size}]), run.provenance())
