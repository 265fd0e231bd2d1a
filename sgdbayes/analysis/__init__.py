"""Tables in, tables out: comparisons, claims, complexity, margins, errors, summaries."""
