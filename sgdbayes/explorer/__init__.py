"""The explorer: one page, without network or server, that shows what the functions behind the probabilities are."""
