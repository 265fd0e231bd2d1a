rule pack:
    """The tables of experiments and models in one archive per study, for a repository: results/<name>/packed."""
    input:
        table_files(),
    log:
        f"{RESULTS}/logs/pack.log",
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        contents=packed_folders(),
    run:
        pack_tables(Path(RESULTS), params.contents)
