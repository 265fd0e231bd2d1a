"""The explorer: one page, without network or server, that shows what the functions behind the probabilities are."""

from sgdbayes.explorer.elements import describe_elements
from sgdbayes.explorer.tables import explorer_page
from sgdbayes.explorer.view import gather_view, recovered_truth

__all__ = ["describe_elements", "explorer_page", "gather_view", "recovered_truth"]
