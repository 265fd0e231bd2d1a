"""GPy's parallel EP with the 0-1 likelihood on a saved kernel: `python gpy_ep.py FOLDER`, in an environment with GPy.

Prints seconds and log evidence as JSON. The stopping rule and the damping are chosen so that the evidence has settled
to 1e-4.
"""

import json
import sys
import time
from pathlib import Path

import GPy
import numpy as np
from GPy.inference.latent_function_inference.expectation_propagation import EP
from paramz import ObsAr

folder = Path(sys.argv[1])
kernel, labels = np.load(folder / "kernel.npy"), np.load(folder / "labels.npy")
likelihood = GPy.likelihoods.Bernoulli(gp_link=GPy.likelihoods.link_functions.Heaviside())
inference = EP(epsilon=1e-6, delta=0.9, parallel_updates=True)
inputs, outputs = np.zeros((len(labels), 1)), ObsAr((labels[:, None] > 0) * 1.0)
started = time.perf_counter()
_, log_evidence, _ = inference.inference(None, inputs, likelihood, outputs, K=kernel)
print(json.dumps({"seconds": time.perf_counter() - started, "log_evidence": float(log_evidence)}))
