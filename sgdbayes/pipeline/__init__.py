"""What Snakemake needs: configuration, plan, jobs, provenance, screen. No science."""
