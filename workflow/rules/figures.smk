rule answer:
    """Draw the answer to the title's question: one picture of the study with most networks."""
    input:
        **tables_of_study(PLAN.flagship()),
        studies=f"{RESULTS}/studies.csv",
    output:
        png=in_report(
            f"{FIGURES}/answer.png", "Answer", "answer", experiment=PLAN.flagship() or "none", figure="answer"
        ),
        pdf=f"{FIGURES}/answer.pdf",
    log:
        f"{RESULTS}/logs/answer.log",
    benchmark:
        f"{RESULTS}/benchmarks/answer.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **behind("answer"),
        about=lambda wildcards: described_study(PLAN.flagship()) | {"beside": PLAN.beside_flagship()},
    script:
        "../scripts/answer.py"


rule scatter:
    """Draw P_B against P_OPT, and how likely functions of networks and of draws are, a row per posterior, for every study."""
    input:
        functions=experiment_files("functions.parquet"),
        draws=posterior_tables("draws", PLAN.models()),
        studies=f"{RESULTS}/studies.csv",
    output:
        png=[
            in_report(
                f"{FIGURES}/scatter/{study}.png", "Probabilities", "scatter", experiment=study, figure="by posterior"
            )
            for study in STUDIES
        ],
        pdf=[f"{FIGURES}/scatter/{study}.pdf" for study in STUDIES],
    log:
        f"{RESULTS}/logs/scatter.log",
    benchmark:
        f"{RESULTS}/benchmarks/scatter.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        **behind("scatter"),
        studies=[{"files": tables_of_study(study), "about": described_study(study)} for study in STUDIES],
    script:
        "../scripts/scatter.py"


rule errors:
    """Draw the distribution of the test error of networks and posteriors, for every family of tasks, architecture and size."""
    input:
        functions=experiment_files("functions.parquet"),
        draws=posterior_tables("draws", PLAN.models()),
    output:
        png=page_pictures("errors", PLAN.pages(), "Test errors"),
        pdf=page_pdfs("errors", PLAN.pages()),
    log:
        f"{RESULTS}/logs/errors.log",
    benchmark:
        f"{RESULTS}/benchmarks/errors.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        **behind("errors"),
        pages=described_pages(PLAN.pages()),
    script:
        "../scripts/errors.py"


rule ranks:
    """Draw probability against rank for networks and posteriors, for every family of tasks, architecture and size."""
    input:
        functions=experiment_files("functions.parquet"),
        draws=posterior_tables("draws", PLAN.models()),
    output:
        png=page_pictures("ranks", PLAN.pages(), "Ranks"),
        pdf=page_pdfs("ranks", PLAN.pages()),
    log:
        f"{RESULTS}/logs/ranks.log",
    benchmark:
        f"{RESULTS}/benchmarks/ranks.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        **behind("ranks"),
        pages=described_pages(PLAN.pages(), more=lambda *page: {"asking": asking(), "tasks": tasks_on(*page)}),
    script:
        "../scripts/ranks.py"


rule sweep:
    """Draw what one setting does to gap, correlation and test error, for every sweep."""
    input:
        studies=f"{RESULTS}/studies.csv",
        pairs=([f"{RESULTS}/posterior-pairs.csv"] if any(map(PLAN.sweep_reference, CONFIGURATION.sweeps)) else []),
    output:
        png=[
            in_report(f"{FIGURES}/sweeps/{name}.png", "Sweeps", "sweep", experiment=name, figure=sweep.setting)
            for name, sweep in CONFIGURATION.sweeps.items()
        ],
        pdf=[f"{FIGURES}/sweeps/{name}.pdf" for name in CONFIGURATION.sweeps],
    log:
        f"{RESULTS}/logs/sweep.log",
    benchmark:
        f"{RESULTS}/benchmarks/sweep.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        **behind("sweep"),
        sweeps=[sweep_description(name) for name in CONFIGURATION.sweeps],
    script:
        "../scripts/sweep.py"


rule volume:
    """Draw test errors of networks and of random sampling, their ratio and the gap over |S|."""
    input:
        comparison=f"{RESULTS}/comparison.csv",
    output:
        png=in_report(f"{FIGURES}/volume.png", "Sweeps", "volume", experiment="all", figure="volume"),
        pdf=f"{FIGURES}/volume.pdf",
    log:
        f"{RESULTS}/logs/volume.log",
    benchmark:
        f"{RESULTS}/benchmarks/volume.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **behind("volume"),
        about=volume_description(),
    script:
        "../scripts/volume.py"


rule margins_figure:
    """Draw the smallest over the mean margin on S, of networks and of the exact 0-1 posterior."""
    input:
        runs=experiment_files("runs.parquet", PLAN.margins_experiments()),
        draws=files_of_models(PLAN.margins_experiments(), "margins.parquet"),
    output:
        png=in_report(f"{FIGURES}/margins.png", "Margins", "margins", experiment="all", figure="margins"),
        pdf=f"{FIGURES}/margins.pdf",
    log:
        f"{RESULTS}/logs/margins_figure.log",
    benchmark:
        f"{RESULTS}/benchmarks/margins_figure.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(lambda _: runs_memory(PLAN.margins_experiments())),
        runtime=grows(10),
    params:
        **behind("margins_figure"),
        models=models_of_studies(PLAN.margins_experiments()),
    script:
        "../scripts/margins_figure.py"


rule predictors:
    """Draw how well each posterior predicts what networks become, a row per study."""
    input:
        studies=f"{RESULTS}/studies.csv",
    output:
        png=in_report(f"{FIGURES}/predictors.png", "Probabilities", "predictors", experiment="all", figure="predictors"),
        pdf=f"{FIGURES}/predictors.pdf",
    log:
        f"{RESULTS}/logs/predictors.log",
    benchmark:
        f"{RESULTS}/benchmarks/predictors.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **behind("predictors"),
        studies=PLAN.predictors(),
    script:
        "../scripts/predictors.py"


rule published_figure:
    """Draw a published table of test accuracies and what this run has in the same places."""
    input:
        table=f"{RESULTS}/published.csv",
        together=f"{RESULTS}/published-together.csv",
    output:
        png=in_report(f"{FIGURES}/published.png", "Tables", "published", experiment="all", figure="published"),
        pdf=f"{FIGURES}/published.pdf",
    log:
        f"{RESULTS}/logs/published_figure.log",
    benchmark:
        f"{RESULTS}/benchmarks/published_figure.tsv"
    conda:
        "../envs/sgdbayes.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **behind("published_figure"),
        source=CONFIGURATION.published.source if CONFIGURATION.published else "",
        across=CONFIGURATION.published.across if CONFIGURATION.published else "",
    script:
        "../scripts/published_figure.py"
