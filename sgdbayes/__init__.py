"""Does a neural network generalise because of SGD, or because of its architecture and initialisation?

Function frequencies of trained networks against Bayesian posteriors, after Mingard, Valle-Pérez, Skalse and Louis, "Is
SGD a Bayesian sampler? Well, almost", JMLR 22(79), 2021. The parts: `sgdbayes.datasets`, `sgdbayes.architectures`,
`sgdbayes.training`, `sgdbayes.posterior`, `sgdbayes.functions`, `sgdbayes.analysis.comparison`, `sgdbayes.figures`.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
