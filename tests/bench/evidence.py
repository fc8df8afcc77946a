"""Exact evidence: PPCA's by its formula, a decoder's by quadrature."""

from math import log

import numpy as np
import pyro
import torch
from pyro.distributions import Normal
from sklearn.decomposition import PCA
from torch import Tensor
from torch.distributions import MultivariateNormal

from bench.planted import planted
from bench.rounds import Contender, Row, race
from course_utils import deep, ladder, ppca


def of_ppca(num_points: int = 20_000, rounds: int = 15) -> list[Row]:
    """log p(x_n) of all points under the fitted Gaussian; float64, D = 64, H = 10."""
    data = planted(num_points, 64, 10)
    x, array, exact = data.x, data.x.numpy(), data.log_prob(data.x)
    model = ppca.fit(x, 10)
    rival = PCA(10, svd_solver="covariance_eigh").fit(array)
    low_rank = model.marginal()
    dense = MultivariateNormal(low_rank.mean, low_rank.covariance_matrix)

    def error(values: Tensor | np.ndarray) -> float:
        return (torch.as_tensor(values) - exact).abs().mean().item()

    return race(
        f"log evidence of PPCA, N = {num_points}, D = 64, H = 10",
        Contender("ours", lambda: lambda: model.log_evidence(x)),
        Contender(
            "scikit-learn",
            lambda: lambda: rival.score_samples(array),
            "PCA.score_samples",
            package="sklearn",
        ),
        Contender(
            "torch, low rank", lambda: lambda: low_rank.log_prob(x), "LowRankMultivariateNormal"
        ),
        Contender("torch, dense", lambda: lambda: dense.log_prob(x), "MultivariateNormal"),
        truth="mean error of log p(x), nats",
        judge=error,
        rounds=rounds,
    )


def of_a_decoder(num_points: int = 1000, rounds: int = 5) -> list[Row]:
    """log p(x_n) of the arc with 1201 latents a point: nodes of a grid, or draws of the prior."""
    model, x = deep.arc().double(), ladder.arc()[1][:num_points].double()
    axis = deep.grid(1)
    number = len(axis)
    exact = deep.log_evidence(x, model, torch.linspace(-8, 8, 6401, dtype=torch.float64))

    def joint(x: Tensor) -> None:
        with pyro.plate("latents", number, dim=-2), pyro.plate("data", len(x)):
            z = pyro.sample("z", Normal(x.new_zeros(number, len(x), 1), 1.0).to_event(1))
            pyro.sample("x", Normal(model(z).mean, model.noise).to_event(1), obs=x)

    def weigh() -> Tensor:
        trace = pyro.poutine.trace(joint).get_trace(x)
        trace.compute_log_prob(lambda name, site: name == "x")
        return trace.nodes["x"]["log_prob"].logsumexp(0) - log(number)

    return race(
        f"log evidence of the arc, {number} latents, N = {num_points}",
        Contender("ours", lambda: lambda: deep.log_evidence(x, model, axis)),
        Contender(
            "Pyro", lambda: weigh, "weights of a trace's draws from the prior", package="pyro"
        ),
        truth="mean error of log p(x), nats",
        judge=lambda values: (values - exact).abs().mean().item(),
        rounds=rounds,
    )
