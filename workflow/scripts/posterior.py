"""A posterior on the largest domain, and functions drawn from it."""

from sgdbayes.jobs import job

with job(snakemake) as run:
    from dataclasses import asdict

    from sgdbayes.datasets import Task
    from sgdbayes.posterior.by_name import fit_posterior, takes_networks
    from sgdbayes.posterior.probabilities import drawn_functions
    from sgdbayes.storage import read_arrays, write_arrays, write_table

    task, architecture = Task(**read_arrays(snakemake.input.task)), None
    if takes_networks(snakemake.wildcards.posterior):
        # With torch, two seconds that the others do without.
        from sgdbayes.architectures import architecture_of

        architecture = architecture_of(snakemake.params.architecture)
    posterior, diagnostics = fit_posterior(
        snakemake.wildcards.posterior,
        task,
        architecture,
        [read_arrays(path)["kernel"] for path in snakemake.input.kernels],
        max(snakemake.params.sizes),
        snakemake.params.settings,
    )
    print(diagnostics)
    draws = drawn_functions(posterior, task.test_labels, snakemake.params.sizes, **snakemake.params.draws)
    write_table(snakemake.output.draws, draws, run.provenance())
    write_arrays(snakemake.output.arrays, asdict(posterior), run.provenance(**diagnostics))
