"""Variational EM: one Gaussian q_n(z) = N(mu_n, Sigma_n) per data point, all points at once.

The bound of a data point, L_n = E_q[log p(x_n | z)] - KL(q_n || p(z)) = log p(x_n) -
KL(q_n || p(z | x_n)), is raised in theta, the model's parameters (M-step), and in lambda_n, those
of q_n (E-step).

local       the q_n, and their parameters
objective   L_n of any q, by samples or by quadrature
steps       E-step, M-step, both at once; the best Gaussian of each point
mean_field  another family: a discrete latent and hidden pixels, independent under q
"""

from course_utils.vem.local import Local, gaussian
from course_utils.vem.mean_field import MeanField, mean_field
from course_utils.vem.objective import elbo, exact_elbo
from course_utils.vem.steps import best_q, e_step, fit, m_step

__all__ = [
    "Local",
    "MeanField",
    "best_q",
    "e_step",
    "elbo",
    "exact_elbo",
    "fit",
    "gaussian",
    "m_step",
    "mean_field",
]
