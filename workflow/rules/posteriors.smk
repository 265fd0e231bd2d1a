MODEL = f"{RESULTS}/models/{{task}}/{{architecture}}"


rule kernel:
    """NNGP or tangent kernel of an architecture over S and the recorded test points of a task."""
    input:
        task=f"{RESULTS}/tasks/{{task}}.npz",
    output:
        multiext(f"{MODEL}/{{kernel}}", arrays=".npz", provenance=".npz.json"),
    log:
        f"{RESULTS}/logs/kernel/{{task}}/{{architecture}}/{{kernel}}.log",
    # Between workflows, with --cache; there is no benchmark of a result that was found. Versions are in its provenance.
    cache: "omit-software"
    conda:
        "../envs/sgdbayes.yaml"
    threads: 1
    resources:
        mem_mb=grows(kernel_memory),
        runtime=grows(120),
    params:
        **behind("kernel"),
        method=lambda wildcards: wildcards.kernel.replace("-", "_"),
        settings=lambda wildcards: CONFIGURATION.architectures[wildcards.architecture],
    script:
        "../scripts/kernel.py"


rule posterior:
    """A posterior of a model, fitted or sampled, on all recorded test points."""
    input:
        task=f"{RESULTS}/tasks/{{task}}.npz",
        kernels=kernel_files,
    output:
        arrays=f"{MODEL}/{{posterior}}.npz",
        provenance=f"{MODEL}/{{posterior}}.npz.json",
    log:
        f"{RESULTS}/logs/posterior/{{task}}/{{architecture}}/{{posterior}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/posterior/{{task}}/{{architecture}}/{{posterior}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: posterior_threads
    resources:
        mem_mb=grows(kernel_memory),
        runtime=grows(posterior_minutes),
        gpu=posterior_gpus,
    params:
        **behind("posterior"),
        settings=posterior_settings,
        architecture=lambda wildcards: CONFIGURATION.architectures[wildcards.architecture],
    script:
        "../scripts/posterior.py"


rule draws:
    """Functions drawn from a posterior, on each domain, and their probabilities under it."""
    input:
        task=f"{RESULTS}/tasks/{{task}}.npz",
        posterior=f"{MODEL}/{{posterior}}.npz",
    output:
        table=f"{MODEL}/{{posterior}}-draws.parquet",
        provenance=f"{MODEL}/{{posterior}}-draws.parquet.json",
    log:
        f"{RESULTS}/logs/draws/{{task}}/{{architecture}}/{{posterior}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/draws/{{task}}/{{architecture}}/{{posterior}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: 4
    resources:
        mem_mb=grows(4000),
        runtime=grows(240),
    params:
        **behind("draws"),
        domains=lambda wildcards: {
            "sizes": PLAN.domain_sizes_of(wildcards.task, wildcards.architecture),
            "number": CONFIGURATION.domains,
        },
        settings={name: CONFIGURATION.comparison[name] for name in ("asked", "drawn", "seed")},
    script:
        "../scripts/draws.py"


rule margins:
    """Margins on S of draws from the exact 0-1 posterior of a model."""
    input:
        task=f"{RESULTS}/tasks/{{task}}.npz",
        kernel=f"{MODEL}/kernel.npz",
    output:
        table=f"{MODEL}/margins.parquet",
        provenance=f"{MODEL}/margins.parquet.json",
    log:
        f"{RESULTS}/logs/margins/{{task}}/{{architecture}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/margins/{{task}}/{{architecture}}.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    threads: 4
    resources:
        mem_mb=grows(kernel_memory),
        runtime=grows(240),
    params:
        **behind("margins"),
        draws=lambda wildcards: CONFIGURATION.margins.draws,
        seed=lambda wildcards: CONFIGURATION.margins.seed,
    script:
        "../scripts/margins.py"
