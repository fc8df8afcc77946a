"""Latents that move: stochastic differential equations, steered through the data.

sde       the model, its paths under a push, the ELBO and the weights of paths
push      the push as a formula (linear drift), as a table (any drift), as a network that reads data
grid      one latent dimension without random numbers: evidence, exact push, ELBO of any push
gaussian  the best Gaussian approximation: a linear drift, fitted to the data
"""

from course_utils.diffusions import gaussian, grid, push, sde

__all__ = ["gaussian", "grid", "push", "sde"]
