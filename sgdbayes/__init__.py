"""Does a neural network generalise because of SGD, or because of its architecture and initialisation?

Function frequencies of trained networks against Bayesian posteriors, after Mingard, Valle-Pérez, Skalse and Louis, "Is
SGD a Bayesian sampler? Well, almost", JMLR 22(79), 2021. A function is a labelling of test points.

Contents::

    Data           load_task, draw_task, LabelledData, Task
    Architectures  FullyConnected, Convolutional, LSTM: prior of networks and NNGP kernel in one; check_architecture
    Training       train_until_fit, Optimizer, TrainedNetworks
    Posteriors     of the infinitely wide network: zero_one_predictive (exact), sample_zero_one, zero_one_chains,
                   zero_one_evidence, expectation_propagation, ExpectationPropagation, regression_posterior,
                   ntk_ensemble; of finite networks: sample_by_rejection, sample_by_splitting;
                   as distributions over functions: Gaussian, GaussianMixture, EmpiricalPosterior
    Probabilities  log_orthant_probability, frequency_table, lempel_ziv_complexity
    Comparison     compare, Comparison, Estimate
    Results        read_results, read_table
    Figures        sgdbayes.figures: scatter, those of a run, run_style, save_figure
    One's own      register_dataset, register_architecture, register_optimizer, register_posterior

Everything is imported when it is first asked for. docs/methods.md has definitions, examples/tour.ipynb a tour.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
