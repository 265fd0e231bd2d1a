"""Figures: tables in, pictures out."""

from sgdbayes.figures.by_error import draw_by_error
from sgdbayes.figures.complexity import draw_complexity
from sgdbayes.figures.ep_against_exact import draw_ep_against_exact
from sgdbayes.figures.errors import draw_errors
from sgdbayes.figures.favourites import draw_favourites
from sgdbayes.figures.margins import draw_margins
from sgdbayes.figures.pages import Page, read_pages
from sgdbayes.figures.predictors import draw_predictors
from sgdbayes.figures.ranks import draw_ranks
from sgdbayes.figures.reference import draw_reference
from sgdbayes.figures.scatter import draw_optimizers, draw_scatter
from sgdbayes.figures.style import save_figure
from sgdbayes.figures.sweep import draw_sweep

__all__ = [
    "Page",
    "draw_by_error",
    "draw_complexity",
    "draw_ep_against_exact",
    "draw_errors",
    "draw_favourites",
    "draw_margins",
    "draw_optimizers",
    "draw_predictors",
    "draw_ranks",
    "draw_reference",
    "draw_scatter",
    "draw_sweep",
    "read_pages",
    "save_figure",
]
