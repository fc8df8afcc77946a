"""Bounds tighter than the ELBO, and evidence for any number of latents.

Every one is E log p_hat with E p_hat = p(x): its gap is the price of the spread of p_hat.

importance  K samples of q under the logarithm: the bound, Renyi's, its gradients, evidence
annealed    many small steps from q to the posterior: AIS, SMC, and a sandwich from both sides
hmc         Hamiltonian Monte Carlo, which makes those steps
sleep       an encoder trained to cover: forward KL, on data the model dreams
estimate    what every estimator of log p(x) returns: value, standard error, sample size
"""

from course_utils.bounds import hmc
from course_utils.bounds.annealed import Annealed, annealed, sandwich, schedule
from course_utils.bounds.estimate import Estimate, Unreliable, pareto_k
from course_utils.bounds.importance import bound, evidence, fit, log_weights, renyi
from course_utils.bounds.sleep import sleep

__all__ = [
    "Annealed",
    "Estimate",
    "Unreliable",
    "annealed",
    "bound",
    "evidence",
    "fit",
    "hmc",
    "log_weights",
    "pareto_k",
    "renyi",
    "sandwich",
    "schedule",
    "sleep",
]
