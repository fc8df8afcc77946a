"""Ten thousand bad inputs: no public function of the maths answers one with a silent NaN.

Each draw takes a working call, spoils one argument, and asks for one of three outcomes: an error
that names an argument of the call, an answer without NaN, or (rarely) some other error.
"""

import dataclasses
import importlib
import math
import pkgutil
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import (
    Categorical,
    Distribution,
    Independent,
    Laplace,
    MultivariateNormal,
    Normal,
    OneHotCategorical,
)

import course_utils
from course_utils import (
    bayes_net,
    bounds,
    data,
    deep,
    elbo,
    em,
    exact,
    filtering,
    flows,
    gradients,
    ladder,
    mixture,
    pca,
    ppca,
    training,
    vae,
    vem,
)
from course_utils.codes import attributes, conditional, paths, stored
from course_utils.diffusions import gaussian as line_gaussian
from course_utils.diffusions import grid as line_grid
from course_utils.diffusions import push, sde
from course_utils.gaussian import Gaussian, StandardNormal
from course_utils.priors import aggregate, categorical, made, rate, wae
from course_utils.priors import mixture as learned
from course_utils.sequences import formulas, language, language_model, search, tokens
from course_utils.sequences import vae as sequence_vae
from course_utils.sequences.grammar import Grammar
from course_utils.simulators import (
    calibration,
    npe,
    outside,
    rejection,
    ricker,
    summaries,
    unknown_gaussian,
)
from course_utils.simulators import chain as ricker_chain

DRAWS, SECONDS = 10_000, 60.0

X = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
W, MU, Z = X[:3, :2], X[0], X[:, :2]
ONES = torch.ones(2).double()
BITS, SEEN = (X > 0).double(), torch.tensor([True, False, True])
GRID = torch.linspace(-6, 6, 31).double()
NODES = (torch.linspace(-6, 6, 13).double(),) * 2
BETAS = torch.linspace(0, 1, 4).double()
PPCA = ppca.fit(X, 2)
MIXTURE = mixture.Mixture(ONES / 2, X[:2], ONES)
BERNOULLI = mixture.BernoulliMixture(ONES / 2, X[:2].sigmoid())
Q, R = PPCA.posterior(X), MIXTURE.posterior(X)
DIAGONAL = Gaussian(Z, Z * 0)
ONE_HOT = OneHotCategorical(logits=Z)
NOW_AND_THEN = sde.Seen(X[0, :2], torch.tensor([0.5, 1.0]).double(), 0.4)
OU, STEER = sde.ou(1.2, 0.8), lambda k, x: -0.1 * x
PATHS = sde.paths(OU, STEER, 0.25, 4, 3)
WHOLE = {"model": OU, "seen": NOW_AND_THEN, "dt": 0.25}
MASSES, MOVES, SCORES = X[0].softmax(0), X[:3].softmax(1), X[:4]
CHAIN = filtering.LinearGaussian(*[torch.eye(2).double()] * 4, ONES, torch.eye(2).double())
FLOW = flows.Flow(flows.standard_normal(2), [flows.Affine(2), flows.Planar(2)]).double()
CONDITIONAL = flows.Flow(flows.standard_normal(2), [flows.Affine(2, 3)]).double()

SERIES = torch.tensor([[9.0, 0, 3, 12, 1, 7, 0, 22, 5, 2, 8], [1, 4, 0, 2, 9, 1, 3, 8, 0, 5, 6]])
RICKER = ricker.Ricker(num_unseen=1, sigma=0.5)

COUNTS = torch.tensor([0.0, 9.0, 206.0, 0.0, 0.0, 0.0, 11.0, 126.0, 0.0, 0.0, 106.0])
IGNORANT = npe.Posterior(summaries.two, flows.Flow(flows.standard_normal(2), [flows.Affine(2, 2)]))


def amortised() -> npe.Posterior:
    return npe.Posterior(
        nn.Identity(), flows.Flow(flows.standard_normal(2), [flows.Affine(2, 3)]).double()
    )


def decoder() -> deep.Decoder:
    return deep.Decoder(2, 3, (4,)).double()


def classes() -> deep.Decoder:
    return deep.Decoder(2, 3, (), "bernoulli", prior=categorical.uniform(2)).double()


def encoder() -> vae.Encoder:
    return vae.Encoder(3, 2, (4,)).double()


def local() -> vem.Local:
    return vem.Local(6, 2).double()


def line() -> nn.Module:
    return nn.Linear(3, 1).double()


SHORT = Grammar({"S": [(0.7, ("a",)), (0.3, ("a", "S"))]})
ROWS, LABELS = torch.tensor([[1, 2, 0], [2, 0, 0]]), torch.tensor([0, 1, 0, 1, 0, 1])


def writer(latent_dim: int = 2) -> language_model.Recurrent:
    return language_model.Recurrent(3, latent_dim, 4, 3)


def reader() -> sequence_vae.Encoder:
    return sequence_vae.Encoder(3, 2, 4, 3)


def log_joint(z: Tensor) -> Tensor:
    return -z.square().sum(-1)


def train(model, loss, data, num_steps, batch_size, lr):
    """`training.fit` with a loss of the model's parameters."""
    return training.fit(
        model,
        (lambda _: loss(next(model.parameters()))) if callable(loss) else loss,
        data,
        num_steps=num_steps,
        batch_size=batch_size,
        lr=lr,
        progress=False,
    )


def square(y: Tensor) -> Tensor:
    return y.square().mean()


QUIET = {"progress": False}


class Model(bayes_net.BayesianNet):
    def program(self):
        z = self.node("z", Independent(Normal(ONES * 0, ONES), 1))
        self.node("x", Independent(Normal(z, ONES), 1))


class Guess(bayes_net.BayesianNet):
    def program(self):
        self.node("z", Independent(Normal(ONES * 0, ONES), 1), (4,))


def cost_of(x, estimator):
    """ELBO's cost of a program."""
    return bayes_net.ELBO(Model(), Guess(), estimator)(x=x)


# Every public name: a call, and arguments for it that work, made anew each time.
CALLS: dict[str, tuple[Callable, Callable[[], dict]]] = {
    "data.arc": (data.arc, lambda: {"num_points": 4, "noise": 0.1, "seed": 0}),
    "data.checkerboard": (data.checkerboard, lambda: {"num_points": 4, "seed": 0}),
    "data.mnist": (data.mnist, lambda: {"folder": "no such folder", "download": False}),
    "data.ring": (data.ring, lambda: {"num_points": 4, "noise": 0.1, "seed": 0}),
    "data.sine": (data.sine, lambda: {"num_points": 4, "noise": 0.1, "seed": 0}),
    "data.two_moons": (data.two_moons, lambda: {"num_points": 4, "noise": 0.1, "seed": 0}),
    "pca.PCA": (pca.PCA, lambda: {"W": W, "mu": MU, "eigenvalues": MU.abs()}),
    "pca.PCA.encode": (pca.fit(X, 2).encode, lambda: {"x": X}),
    "pca.PCA.decode": (pca.fit(X, 2).decode, lambda: {"z": Z}),
    "pca.centre": (pca.centre, lambda: {"x": X}),
    "pca.fit": (pca.fit, lambda: {"x": X, "latent_dim": 2}),
    "pca.moments": (pca.moments, lambda: {"x": X}),
    "pca.principal_angle": (pca.principal_angle, lambda: {"A": W, "B": X[3:, :2]}),
    "pca.reconstruction_error": (pca.reconstruction_error, lambda: {"x": X, "W": W}),
    "pca.spectrum": (pca.spectrum, lambda: {"x": X}),
    "ppca.PPCA": (ppca.PPCA, lambda: {"W": W, "mu": MU, "sigma2": 0.5}),
    "ppca.PPCA.posterior": (PPCA.posterior, lambda: {"x": X}),
    "ppca.PPCA.log_evidence": (PPCA.log_evidence, lambda: {"x": X}),
    "ppca.PPCA.expected_log_joint": (PPCA.expected_log_joint, lambda: {"q": Q, "x": X}),
    "ppca.PPCA.maximise": (ppca.PPCA.maximise, lambda: {"x": X, "q": Q}),
    "ppca.PPCA.sample": (PPCA.sample, lambda: {"num_samples": 3}),
    "ppca.PPCA.autoencode": (PPCA.autoencode, lambda: {"x": X}),
    "ppca.fit": (ppca.fit, lambda: {"x": X, "latent_dim": 2, "min_sigma2": 1e-3}),
    "em.e_step": (em.e_step, lambda: {"model": PPCA, "x": X}),
    "em.elbo": (em.elbo, lambda: {"model": PPCA, "q": Q, "x": X}),
    "em.elbo of a mixture": (em.elbo, lambda: {"model": MIXTURE, "q": R, "x": X}),
    "em.fit": (em.fit, lambda: {"x": X, "latent_dim": 2, "num_steps": 3, "start": PPCA}),
    "em.m_step": (em.m_step, lambda: {"x": X, "q": Q}),
    "em.m_step of a mixture": (em.m_step, lambda: {"x": X, "q": R}),
    "mixture.Mixture": (
        mixture.Mixture,
        lambda: {"weights": ONES / 2, "means": X[:2], "sigma2": ONES},
    ),
    "mixture.Mixture.log_joint": (MIXTURE.log_joint, lambda: {"x": X}),
    "mixture.Mixture.posterior": (MIXTURE.posterior, lambda: {"x": X}),
    "mixture.Mixture.log_evidence": (MIXTURE.log_evidence, lambda: {"x": X}),
    "mixture.Mixture.expected_log_joint": (MIXTURE.expected_log_joint, lambda: {"q": R, "x": X}),
    "mixture.Mixture.maximise": (MIXTURE.maximise, lambda: {"x": X, "q": R}),
    "mixture.BernoulliMixture": (
        mixture.BernoulliMixture,
        lambda: {"weights": ONES / 2, "means": X[:2].sigmoid()},
    ),
    "mixture.BernoulliMixture.log_joint": (BERNOULLI.log_joint, lambda: {"x": BITS, "seen": SEEN}),
    "mixture.BernoulliMixture.posterior": (BERNOULLI.posterior, lambda: {"x": BITS}),
    "mixture.BernoulliMixture.log_evidence": (BERNOULLI.log_evidence, lambda: {"x": BITS}),
    "mixture.BernoulliMixture.maximise": (BERNOULLI.maximise, lambda: {"x": BITS, "q": R}),
    "elbo.joint_minus_q": (
        elbo.joint_minus_q,
        lambda: {"log_joint": log_joint, "q": Q, "num_samples": 2},
    ),
    "elbo.fit_minus_kl": (
        elbo.fit_minus_kl,
        lambda: {
            "log_likelihood": log_joint,
            "q": DIAGONAL,
            "prior": StandardNormal(Z[0] * 0),
            "num_samples": 2,
        },
    ),
    "exact.expectation": (exact.expectation, lambda: {"f": log_joint, "q": Q, "num_nodes": 3}),
    "exact.log_evidence": (exact.log_evidence, lambda: {"log_joint": log_joint, "grid": GRID}),
    "exact.posterior": (exact.posterior, lambda: {"log_joint": log_joint, "grid": NODES}),
    "gradients.detached": (
        gradients.detached,
        lambda: {"f": log_joint, "q": Q, "num_samples": 2},
    ),
    "gradients.leave_one_out": (
        gradients.leave_one_out,
        lambda: {"f": log_joint, "q": Q, "num_samples": 3, "entropy": True},
    ),
    "gradients.gumbel_softmax": (
        gradients.gumbel_softmax,
        lambda: {"f": log_joint, "q": ONE_HOT, "num_samples": 3, "temperature": 0.5},
    ),
    "gradients.pathwise": (
        gradients.pathwise,
        lambda: {"f": log_joint, "q": Q, "num_samples": 2, "entropy": True},
    ),
    "gradients.score_function": (
        gradients.score_function,
        lambda: {"f": log_joint, "q": Q, "num_samples": 2, "baseline": 0.5},
    ),
    "gradients.sticking_the_landing": (
        gradients.sticking_the_landing,
        lambda: {"f": log_joint, "q": Q, "num_samples": 2},
    ),
    "deep.Curve": (deep.Curve, lambda: {"point": lambda z: torch.cat([z, z], -1), "noise": 0.1}),
    "deep.Decoder": (
        deep.Decoder,
        lambda: {
            "latent_dim": 2,
            "data_dim": 3,
            "hidden": (4,),
            "likelihood": "scalar",
            "sigma2": 0.5,
            "prior": flows.standard_normal(2),
        },
    ),
    "deep.Model": (deep.Model, lambda: {"latent_dim": 2, "data_dim": 3, "prior": None}),
    "deep.Model.sample": (decoder().sample, lambda: {"num_samples": 3}),
    "deep.arc": (deep.arc, lambda: {"noise": 0.1}),
    "deep.ring": (deep.ring, lambda: {"noise": 0.1}),
    "deep.grid": (deep.grid, lambda: {"latent_dim": 1, "spacing": 0.5}),
    "deep.log_evidence": (
        deep.log_evidence,
        lambda: {"x": X, "model": decoder(), "nodes": NODES},
    ),
    "deep.log_joint": (deep.log_joint, lambda: {"x": X, "z": Z, "model": decoder()}),
    "deep.mlp": (deep.mlp, lambda: {"inputs": 2, "hidden": (4,), "outputs": 3}),
    "deep.mode": (deep.mode, lambda: {"x": X, "model": decoder(), "nodes": NODES}),
    "vem.Local": (
        vem.Local,
        lambda: {"num_points": 6, "latent_dim": 2, "covariance": "full", "start": Q},
    ),
    "vem.best_q": (
        lambda x, model, starts, num_steps, num_nodes: vem.best_q(
            x, model, starts, num_steps=num_steps, num_nodes=num_nodes
        ),
        lambda: {"x": X, "model": decoder(), "starts": Q, "num_steps": 2, "num_nodes": 3},
    ),
    "vem.e_step": (
        vem.e_step,
        lambda: {
            "x": X,
            "q": local(),
            "model": decoder(),
            "num_steps": 2,
            "lr": 0.1,
            "num_nodes": 3,
        },
    ),
    "vem.elbo": (
        vem.elbo,
        lambda: {"x": X, "q": Q, "model": decoder(), "num_samples": 2, "beta": 1.0},
    ),
    "vem.exact_elbo": (
        vem.exact_elbo,
        lambda: {"x": X, "q": Q, "model": decoder(), "num_nodes": 3},
    ),
    "vem.fit": (
        vem.fit,
        lambda: (
            {"x": X, "q": local(), "model": decoder(), "num_epochs": 2, "batch_size": 3}
            | {"num_samples": 1, "lr": 0.1, "lr_local": 0.1}
            | QUIET
        ),
    ),
    "vem.m_step": (
        vem.m_step,
        lambda: {
            "x": X,
            "q": local(),
            "model": decoder(),
            "num_steps": 2,
            "batch_size": 3,
            "lr": 0.1,
        },
    ),
    "vem.mean_field": (
        vem.mean_field,
        lambda: {"model": BERNOULLI, "x": BITS, "seen": SEEN, "start": R.probs, "num_sweeps": 2},
    ),
    "vae.Encoder": (
        vae.Encoder,
        lambda: {"data_dim": 3, "latent_dim": 2, "hidden": (4,), "covariance": "full"},
    ),
    "vae.elbo": (
        vae.elbo,
        lambda: {
            "x": X,
            "encoder": encoder(),
            "decoder": decoder(),
            "num_samples": 2,
            "beta": 1.0,
        },
    ),
    "vae.fit": (
        vae.fit,
        lambda: (
            {"x": X, "encoder": encoder(), "decoder": decoder(), "num_steps": 2, "batch_size": 3}
            | {"lr": 0.01, "num_samples": 1, "beta": 1.0, "warmup": 1}
            | QUIET
        ),
    ),
    "vae.gaps": (
        vae.gaps,
        lambda: (
            {"x": X, "encoder": encoder(), "decoder": decoder(), "nodes": NODES}
            | {"num_steps": 2, "num_nodes": 3}
        ),
    ),
    "vae.MixtureEncoder": (
        vae.MixtureEncoder,
        lambda: {"data_dim": 3, "latent_dim": 2, "num_components": 2, "hidden": (4,)},
    ),
    "flows.Affine": (flows.Affine, lambda: {"dim": 2, "context_dim": 3, "hidden": (4,)}),
    "flows.AffineCoupling": (
        flows.AffineCoupling,
        lambda: {"dim": 2, "flip": True, "context_dim": 3, "hidden": (4,)},
    ),
    "flows.AutoregressiveSpline": (
        flows.AutoregressiveSpline,
        lambda: {"dim": 2, "num_bins": 4, "bound": 3.0, "context_dim": 3, "hidden": (4,)},
    ),
    "flows.Flow": (
        flows.Flow,
        lambda: {"base": flows.standard_normal(2), "transforms": [flows.Planar(2)]},
    ),
    "flows.Flow.condition": (CONDITIONAL.condition, lambda: {"context": X}),
    "flows.Flow.log_prob": (FLOW.log_prob, lambda: {"x": Z}),
    "flows.InverseAutoregressive": (
        flows.InverseAutoregressive,
        lambda: {"dim": 2, "context_dim": 3, "hidden": (4,)},
    ),
    "flows.Layer": (flows.Layer, lambda: {"dim": 2, "context_dim": 3}),
    "flows.Layer.condition": (flows.Affine(2, 3).double().condition, lambda: {"context": X}),
    "flows.MaskedAutoregressive": (
        flows.MaskedAutoregressive,
        lambda: {"dim": 2, "context_dim": 3, "hidden": (4,)},
    ),
    "flows.Mixing": (flows.Mixing, lambda: {"dim": 2}),
    "flows.Permutation": (flows.Permutation, lambda: {"order": (1, 0)}),
    "flows.Planar": (flows.Planar, lambda: {"dim": 2, "context_dim": 3, "hidden": (4,)}),
    "flows.Radial": (flows.Radial, lambda: {"dim": 2, "context_dim": 3, "hidden": (4,)}),
    "flows.Spline": (
        flows.Spline,
        lambda: {"dim": 2, "num_bins": 4, "bound": 3.0, "context_dim": 3, "hidden": (4,)},
    ),
    "flows.SplineCoupling": (
        flows.SplineCoupling,
        lambda: (
            {"dim": 2, "flip": True, "num_bins": 4, "bound": 3.0, "context_dim": 3}
            | {"hidden": (4,)}
        ),
    ),
    "flows.standard_normal": (flows.standard_normal, lambda: {"dim": 2}),
    "bayes_net.BayesianNet": (Model().observe, lambda: {"x": ONES, "z": ONES}),
    "bayes_net.ELBO": (cost_of, lambda: {"x": ONES, "estimator": "sgvb"}),
    "bounds.annealed": (
        bounds.annealed,
        lambda: {
            "x": X,
            "model": decoder(),
            "start": DIAGONAL,
            "betas": BETAS,
            "num_chains": 2,
            "num_leapfrog": 1,
            "resample": True,
        },
    ),
    "bounds.sandwich": (
        bounds.sandwich,
        lambda: {
            "x": X,
            "z": Z,
            "model": decoder(),
            "start": DIAGONAL,
            "betas": BETAS,
            "num_chains": 2,
            "num_leapfrog": 1,
        },
    ),
    "bounds.schedule": (bounds.schedule, lambda: {"num_steps": 4, "power": 2.0}),
    "bounds.evidence": (
        bounds.evidence,
        lambda: {"x": X, "q": DIAGONAL, "model": decoder(), "num_importance": 30},
    ),
    "bounds.log_weights": (
        bounds.log_weights,
        lambda: {"x": X, "q": DIAGONAL, "model": decoder(), "num_importance": 3},
    ),
    "bounds.bound": (bounds.bound, lambda: {"log_w": X}),
    "bounds.renyi": (bounds.renyi, lambda: {"log_w": X, "alpha": 0.5}),
    "bounds.pareto_k": (bounds.pareto_k, lambda: {"log_w": X.repeat(5, 1)}),
    "bounds.fit": (
        bounds.fit,
        lambda: {
            "x": X,
            "encoder": encoder(),
            "decoder": decoder(),
            "num_steps": 2,
            "num_importance": 2,
            "batch_size": 3,
            "lr": 0.1,
            "gradient": "dreg",
            **QUIET,
        },
    ),
    "bounds.sleep": (
        bounds.sleep,
        lambda: {
            "encoder": encoder(),
            "model": decoder(),
            "num_steps": 2,
            "batch_size": 3,
            "lr": 0.1,
            "num_pairs": 6,
            **QUIET,
        },
    ),
    "priors.aggregate.log_prob": (aggregate.log_prob, lambda: {"q": DIAGONAL, "z": Z}),
    "priors.aggregate.density": (aggregate.density, lambda: {"q": DIAGONAL, "grid": NODES}),
    "priors.aggregate.split": (
        aggregate.split,
        lambda: {"q": DIAGONAL, "prior": StandardNormal(Z[0] * 0), "grid": NODES},
    ),
    "priors.mixture.Mixture": (
        learned.Mixture,
        lambda: {"weights": ONES / 2, "components": Gaussian(Z[:2], Z[:2] * 0)},
    ),
    "priors.mixture.Vamp": (learned.Vamp, lambda: {"encoder": encoder(), "inputs": X[:2]}),
    "priors.mixture.after": (learned.after, lambda: {"codes": Z, "num_components": 2}),
    "priors.wae.mmd": (wae.mmd, lambda: {"x": X, "y": X + 1, "scale": 1.0}),
    "priors.wae.fit": (
        wae.fit,
        lambda: (
            {"x": X, "encoder": encoder(), "decoder": decoder(), "num_steps": 2}
            | {"weight": 1.0, "batch_size": 3, "lr": 0.01}
            | QUIET
        ),
    ),
    "priors.rate.Invisible": (rate.Invisible, lambda: {"model": PPCA, "tau": 0.5}),
    "priors.rate.Invisible.distortion": (rate.Invisible(PPCA, 0.5).distortion, lambda: {"x": X}),
    "priors.rate.Invisible.likelihood": (rate.Invisible(PPCA, 0.5).likelihood, lambda: {"z": Z}),
    "priors.rate.Invisible.posterior": (rate.Invisible(PPCA, 0.5).posterior, lambda: {"x": X}),
    "priors.rate.Invisible.rate": (rate.Invisible(PPCA, 0.5).rate, lambda: {"x": X}),
    "priors.rate.water_filling": (
        rate.water_filling,
        lambda: {"eigenvalues": MU.abs(), "level": 0.5},
    ),
    "priors.made.window": (made.window, lambda: {"radius": 1, "side": 3}),
    "priors.made.full": (made.full, lambda: {"width": 5, "data_dim": 3}),
    "priors.made.Made": (
        made.Made,
        lambda: {"latent_dim": 2, "masks": made.full(5, 3), "hidden": (4,)},
    ),
    "priors.categorical.Encoder": (
        categorical.Encoder,
        lambda: {"data_dim": 3, "num_classes": 4, "hidden": (4,)},
    ),
    "priors.categorical.uniform": (categorical.uniform, lambda: {"num_classes": 3}),
    "priors.categorical.log_joint": (
        categorical.log_joint,
        lambda: {"x": BITS, "decoder": classes()},
    ),
    "priors.categorical.elbo": (
        categorical.elbo,
        lambda: {"x": BITS, "q": ONE_HOT, "decoder": classes()},
    ),
    "codes.conditional.given": (
        conditional.given,
        lambda: {"model": PPCA, "A": X[:2], "y": Z, "noise": 0.1},
    ),
    "codes.conditional.block_means": (conditional.block_means, lambda: {"side": 4, "block": 2}),
    "codes.stored.Stored": (
        stored.Stored,
        lambda: {"images": X, "scale": 0.3, "log_weights": X[:, 0]},
    ),
    "codes.stored.Stored.seen": (
        stored.Stored(X, 0.3).seen,
        lambda: {"A": X[:2], "y": Z, "noise": 0.1},
    ),
    "codes.attributes.ink": (attributes.ink, lambda: {"x": X}),
    "codes.attributes.shear": (
        attributes.shear,
        lambda: {"x": (X @ X.T)[:, :4].abs(), "change": 0.2},
    ),
    "codes.attributes.slant": (attributes.slant, lambda: {"x": (X @ X.T)[:, :4].abs()}),
    "codes.attributes.direction": (
        attributes.direction,
        lambda: {"codes": Z, "values": X[:, 2], "labels": torch.arange(6) % 2, "share": 0.4},
    ),
    "codes.paths.straight": (
        paths.straight,
        lambda: {"start": Z[0], "end": Z[1], "num_steps": 3},
    ),
    "codes.paths.arc_between": (
        paths.arc_between,
        lambda: {"start": Z[0], "end": Z[1], "num_steps": 3},
    ),
    "codes.paths.metric": (paths.metric, lambda: {"decode": torch.sin, "z": Z}),
    "codes.paths.length": (paths.length, lambda: {"decode": torch.sin, "path": Z}),
    "codes.paths.shortest": (
        paths.shortest,
        lambda: {"decode": torch.sin, "path": Z, "max_steps": 3},
    ),
    "sequences.grammar.Grammar": (
        Grammar,
        lambda: {"rules": {"S": [(1.0, ("a",))]}, "start": "S"},
    ),
    "sequences.grammar.Grammar.sample": (SHORT.sample, lambda: {"num_samples": 2, "symbol": "S"}),
    "sequences.grammar.Grammar.log_prob": (
        SHORT.log_prob,
        lambda: {"words": ("a",), "symbol": "S"},
    ),
    "sequences.grammar.Grammar.strings": (SHORT.strings, lambda: {"max_length": 3, "symbol": "S"}),
    "sequences.grammar.Grammar.lengths": (SHORT.lengths, lambda: {"max_length": 3}),
    "sequences.language.corpus": (language.corpus, lambda: {"num_sentences": 2}),
    "sequences.language.log_joint": (
        language.log_joint,
        lambda: {"sentences": [("the", "fish", "watch")]},
    ),
    "sequences.tokens.Vocabulary": (tokens.Vocabulary, lambda: {"words": ["a", "b"]}),
    "sequences.tokens.Vocabulary.encode": (
        tokens.Vocabulary(["a"]).encode,
        lambda: {"strings": [("a",)], "length": 3},
    ),
    "sequences.tokens.Vocabulary.decode": (
        tokens.Vocabulary(["a", "b"]).decode,
        lambda: {"tokens": ROWS},
    ),
    "sequences.tokens.batches": (tokens.batches, lambda: {"tokens": ROWS, "size": 2}),
    "sequences.tokens.known": (tokens.known, lambda: {"tokens": ROWS, "vocab_size": 3}),
    "sequences.tokens.counted": (tokens.counted, lambda: {"tokens": ROWS}),
    "sequences.tokens.shifted": (tokens.shifted, lambda: {"tokens": ROWS}),
    "sequences.language_model.Recurrent": (
        language_model.Recurrent,
        lambda: {"vocab_size": 3, "latent_dim": 2, "hidden": 4, "embedding": 3},
    ),
    "sequences.language_model.bigram": (
        language_model.bigram,
        lambda: {"tokens": ROWS, "vocab_size": 3, "extra": 0.1},
    ),
    "sequences.language_model.unigram": (
        language_model.unigram,
        lambda: {"tokens": ROWS, "vocab_size": 3},
    ),
    "sequences.language_model.log_prob": (
        language_model.log_prob,
        lambda: {"logits": torch.zeros(2, 3, 3), "tokens": ROWS},
    ),
    "sequences.language_model.fit": (
        language_model.fit,
        lambda: (
            {"model": writer(0), "tokens": ROWS, "num_steps": 2, "batch_size": 2, "lr": 0.1} | QUIET
        ),
    ),
    "sequences.vae.Encoder": (
        sequence_vae.Encoder,
        lambda: {"vocab_size": 3, "latent_dim": 2, "hidden": 4, "embedding": 3},
    ),
    "sequences.vae.dropped": (
        sequence_vae.dropped,
        lambda: {"read": ROWS, "rate": 0.5, "hide": 3},
    ),
    "sequences.vae.evidence": (
        sequence_vae.evidence,
        lambda: {"tokens": ROWS, "encoder": reader(), "decoder": writer(), "num_samples": 2},
    ),
    "sequences.vae.parts": (
        sequence_vae.parts,
        lambda: {"tokens": ROWS, "encoder": reader(), "decoder": writer(), "num_samples": 2},
    ),
    "sequences.vae.readable": (
        sequence_vae.readable,
        lambda: {"codes": Z, "labels": LABELS, "new_codes": Z, "new_labels": LABELS},
    ),
    "sequences.vae.fit": (
        sequence_vae.fit,
        lambda: (
            {"tokens": ROWS, "encoder": reader(), "decoder": writer(), "num_steps": 2}
            | {"dropout": 0.5, "warmup": 1, "free": 0.1, "beta": 1.0, "batch_size": 2, "lr": 0.1}
            | QUIET
        ),
    ),
    "sequences.search.in_turn": (
        search.in_turn,
        lambda: {"strings": [("x",), ("1",)], "budget": 2},
    ),
    "sequences.search.by_code": (
        search.by_code,
        lambda: {
            "decoder": language_model.Recurrent(9, 2, 4, 3),
            "vocabulary": tokens.Vocabulary(formulas.GRAMMAR.words),
            "choose": lambda codes, scores: codes[:2],
            "budget": 2,
            "rounds": 2,
        },
    ),
    "sequences.search.process": (
        search.process,
        lambda: {"codes": Z, "scores": Z[:, 0]},
    ),
    "sequences.search.improvement": (
        search.improvement,
        lambda: {"mean": MU, "scale": MU.abs(), "best": 0.1},
    ),
    "sequences.search.improving": (
        search.improving,
        lambda: {"codes": Z, "scores": Z[:, 0]},
    ),
    "sequences.search.ascended": (
        search.ascended,
        lambda: {"codes": Z, "scores": Z[:, 0], "leash": 0.1, "num_steps": 2},
    ),
    "diffusions.sde.Diffusion": (
        sde.Diffusion,
        lambda: {"drift": torch.sin, "sigma": 0.8, "mean": 0.1, "scale": 0.5},
    ),
    "diffusions.sde.ou": (sde.ou, lambda: {"theta": 1.2, "sigma": 0.8}),
    "diffusions.sde.double_well": (sde.double_well, lambda: {"start": -1.0}),
    "diffusions.sde.Seen": (
        sde.Seen,
        lambda: {"y": X[0, :2], "times": torch.tensor([0.5, 1.0]).double(), "scale": 0.4},
    ),
    "diffusions.sde.Seen.steps": (NOW_AND_THEN.steps, lambda: {"dt": 0.25}),
    "diffusions.sde.Seen.log_prob": (NOW_AND_THEN.log_prob, lambda: {"x": Z}),
    "diffusions.sde.paths": (
        sde.paths,
        lambda: {"model": OU, "push": STEER, "dt": 0.25, "num_steps": 4, "num_paths": 3},
    ),
    "diffusions.sde.elbo": (sde.elbo, lambda: {"made": PATHS, "model": OU, "seen": NOW_AND_THEN}),
    "diffusions.sde.log_weights": (
        sde.log_weights,
        lambda: {"made": PATHS, "model": OU, "seen": NOW_AND_THEN},
    ),
    "diffusions.push.backward": (
        push.backward,
        lambda: {"theta": 1.2, "sigma": 0.8, "seen": NOW_AND_THEN, "dt": 0.25},
    ),
    "diffusions.push.linear": (
        push.linear,
        lambda: {"theta": 1.2, "sigma": 0.8, "seen": NOW_AND_THEN, "dt": 0.25},
    ),
    "diffusions.push.OnGrid": (push.OnGrid, lambda: {"nodes": GRID, "values": GRID.repeat(4, 1)}),
    "diffusions.push.Network": (
        push.Network,
        lambda: {"times": torch.arange(4).double(), "context_dim": 2, "hidden": 3},
    ),
    "diffusions.push.Network.push": (
        push.Network(torch.arange(4).double(), 3).push,
        lambda: {"context": X[:4]},
    ),
    "diffusions.push.Encoder": (push.Encoder, lambda: {"size": 3, "backwards": True}),
    "diffusions.push.Encoder.forward": (
        push.Encoder(3).forward,
        lambda: {"y": Z, "steps": torch.tensor([2, 4])},
    ),
    "diffusions.grid.nodes": (line_grid.nodes, lambda: {"reach": 3.0, "num_nodes": 9}),
    "diffusions.grid.chain": (line_grid.chain, lambda: WHOLE | {"nodes": GRID / 2}),
    "diffusions.grid.exact_push": (line_grid.exact_push, lambda: WHOLE | {"nodes": GRID / 2}),
    "diffusions.grid.grid_elbo": (
        line_grid.grid_elbo,
        lambda: WHOLE | {"nodes": GRID / 2, "push": STEER},
    ),
    "diffusions.gaussian.fit": (
        line_gaussian.fit,
        lambda: {
            "model": sde.double_well(),
            "seen": NOW_AND_THEN,
            "dt": 0.25,
            "mean": torch.zeros(4).double(),
            "max_steps": 300,
        },
    ),
    "deep.linear": (deep.linear, lambda: {"model": PPCA}),
    "exact.log_mean": (exact.log_mean, lambda: {"log_w": X, "weight": X.abs(), "K": 3}),
    "exact.log_mean_upper": (exact.log_mean_upper, lambda: {"log_w": X, "weight": X.abs(), "K": 3}),
    "exact.path": (exact.path, lambda: {"log_w": X, "weight": X.abs(), "betas": BETAS}),
    "filtering.transition": (
        filtering.transition,
        lambda: {"nodes": GRID, "weights": GRID * 0 + 0.4, "mean": GRID * 0.9, "scale": 0.5},
    ),
    "filtering.forward": (
        filtering.forward,
        lambda: {"start": MASSES, "moves": MOVES, "log_likelihood": SCORES},
    ),
    "filtering.backward": (
        filtering.backward,
        lambda: {"moves": MOVES, "log_likelihood": SCORES},
    ),
    "filtering.forward_backward": (
        filtering.forward_backward,
        lambda: {"start": MASSES, "moves": MOVES, "log_likelihood": SCORES},
    ),
    "filtering.LinearGaussian": (
        filtering.LinearGaussian,
        lambda: (
            {"A": torch.eye(2).double(), "Q": torch.eye(2).double(), "C": Z[:3]}
            | {"R": torch.eye(3).double(), "mean": ONES, "cov": torch.eye(2).double()}
        ),
    ),
    "filtering.kalman": (filtering.kalman, lambda: {"y": Z, "model": CHAIN, "seen": Z > 0}),
    "filtering.rts": (filtering.rts, lambda: {"y": Z, "model": CHAIN, "seen": Z > 0}),
    "filtering.particle": (
        filtering.particle,
        lambda: {
            "start": torch.randn,
            "move": torch.sin,
            "log_likelihood": lambda t, z: -z.square(),
            "num_steps": 2,
            "num_particles": 5,
        },
    ),
    "simulators.chain.on_grid": (
        ricker_chain.on_grid,
        lambda: {"log_r": 2.0, "sigma": 0.3, "num_unseen": 1, "deepest": -20, "spacing": 1.0},
    ),
    "simulators.Ricker": (
        ricker.Ricker,
        lambda: {"num_steps": 3, "num_unseen": 2, "sigma": 0.3, "crowding": 1.0, "dispersion": 2.0},
    ),
    "simulators.ricker.Ricker": (ricker.Ricker, lambda: {"mean": (3.8, 2.0), "scale": (0.3, 0.3)}),
    "simulators.ricker.Ricker.simulate": (
        RICKER.simulate,
        lambda: {"z": Z, "sigma": torch.full((len(Z),), 0.2).to(Z)},
    ),
    "simulators.ricker.Ricker.log_likelihood": (
        RICKER.log_likelihood,
        lambda: {"y": SERIES, "theta": torch.tensor([[2.0, 2.0]] * 2), "spacing": 2.0},
    ),
    "simulators.unknown_gaussian.simulate": (
        unknown_gaussian.simulate,
        lambda: {"theta": Z, "num_points": 3},
    ),
    "simulators.unknown_gaussian.posterior": (unknown_gaussian.posterior, lambda: {"y": X}),
    "simulators.unknown_gaussian.from_mean": (unknown_gaussian.from_mean, lambda: {"y": X}),
    "simulators.summaries.two": (summaries.two, lambda: {"y": SERIES}),
    "simulators.summaries.wood": (summaries.wood, lambda: {"y": SERIES}),
    "simulators.summaries.growth": (summaries.growth, lambda: {"y": SERIES}),
    "simulators.summaries.Standardised": (
        summaries.Standardised,
        lambda: {"summaries": summaries.two, "y": SERIES},
    ),
    "simulators.summaries.Learned": (
        summaries.Learned,
        lambda: {"y": SERIES, "num_summaries": 3, "others": summaries.two},
    ),
    "simulators.npe.loss": (npe.loss, lambda: {"posterior": amortised(), "z": Z, "y": X}),
    "simulators.npe.fit": (
        npe.fit,
        lambda: (
            {"posterior": amortised(), "z": Z, "y": X, "num_steps": 2, "batch_size": 3, "lr": 0.01}
            | QUIET
        ),
    ),
    "simulators.npe.gap": (
        npe.gap,
        lambda: {
            "log_q": X[:2],
            "exact": ricker.Exact(Z[:6].reshape(2, 3, 2), MOVES[:2], X[:2], X[0], (3, 1)),
        },
    ),
    "simulators.outside.Familiar": (
        outside.Familiar,
        lambda: {"summaries": summaries.two, "y": SERIES.repeat(3, 1)},
    ),
    "simulators.outside.answer": (
        outside.answer,
        lambda: {
            "counts": COUNTS,
            "posterior": IGNORANT,
            "model": ricker.Ricker(num_unseen=1),
            "familiar": outside.Familiar(summaries.two, SERIES.repeat(3, 1)),
            "num_samples": 3,
        },
    ),
    "simulators.rejection.accept": (
        rejection.accept,
        lambda: {"s": X, "observed": X[0], "num_accepted": 3},
    ),
    "simulators.rejection.adjust": (
        rejection.adjust,
        lambda: {"z": Z, "s": X, "observed": X[0]},
    ),
    "simulators.rejection.synthetic": (
        rejection.synthetic,
        lambda: {"s": X[None] + 0, "observed": X[:2]},
    ),
    "simulators.rejection.cost": (
        rejection.cost,
        lambda: {"dim": 2, "variance": 0.1, "epsilon": 0.25},
    ),
    "simulators.calibration.ranks": (
        calibration.ranks,
        lambda: {"z": Z, "samples": torch.stack([Z, Z + 1])},
    ),
    "simulators.calibration.coverage": (
        calibration.coverage,
        lambda: {"log_q": X[0], "log_q_samples": X, "level": 0.9},
    ),
    "simulators.calibration.chi_squared": (
        calibration.chi_squared,
        lambda: {"counts": torch.tensor([3, 4, 5])},
    ),
    "ladder.below": (ladder.below, lambda: {"name": "VAE", "table": ladder.ARC}),
    "ladder.measure": (ladder.measure, lambda: {"x": X, "model": decoder(), "q": Q}),
    "training.fit": (
        train,
        lambda: {
            "model": line(),
            "loss": square,
            "data": X,
            "num_steps": 2,
            "batch_size": 3,
            "lr": 0.1,
        },
    ),
}
# Public names that take no argument, hold what others return, or are tried under another name.
NO_CALL = {
    *("data.Digits", "data.Mnist", "data.Sample", "data.digits", "em.History", "ladder.Rung"),
    *("ladder.ARC", "ladder.DIGITS", "ladder.arc", "ladder.digits", "ladder.limit"),
    *("ladder.ARC_ERROR", "ladder.DIGITS_ERROR", "ladder.DIGITS_SEEDS"),
    "ladder.amortised",  # measures 100 000 points
    *("training.Adam", "training.Diverged", "training.History", "training.Stopped"),
    *("vae.Decoder", "vae.Gaps", "vem.MeanField"),
    "deep.MIN_SIGMA2",  # a number
    *("bounds.Annealed", "bounds.Estimate", "bounds.Unreliable", "bounds.hmc"),
    *("deep.frozen", "deep.in_double"),  # copies, of whatever they are given
    *(
        "gaussian.Gaussian",
        "gaussian.StandardNormal",
        "gaussian.pairwise",
        "vem.gaussian",
    ),  # unchecked, as they say
    *("mnist.Mnist", "mnist.mnist"),  # data's
    *("priors.made.Pixels", "priors.rate.Point", "priors.aggregate.Split"),  # what others return
    *("codes.conditional.Conditional", "codes.stored.Answers"),  # likewise
    *("sequences.grammar.Rule", "sequences.grammar.Words", "sequences.tokens.END"),
    *("sequences.language.GRAMMAR", "sequences.language.TOPICS", "sequences.vae.Parts"),
    "sequences.vae.kl",  # unchecked, as gaussian.Gaussian is
    *("sequences.language.is_negated", "sequences.language.is_question"),  # one word is looked for
    *("sequences.formulas.GRAMMAR", "sequences.formulas.LONGEST", "sequences.formulas.LOWEST"),
    *("sequences.formulas.X", "sequences.formulas.everything", "sequences.formulas.hidden_curve"),
    *("sequences.formulas.rank", "sequences.formulas.score", "sequences.formulas.value"),
    *("sequences.search.Search", "sequences.search.written"),
    *("diffusions.sde.Paths", "diffusions.sde.Push", "diffusions.push.Messages"),  # likewise
    *("diffusions.grid.Chain", "diffusions.grid.Steered", "diffusions.gaussian.Fitted"),
    *("filtering.Filtered", "filtering.Moments", "filtering.Particles"),  # what others return
    *("simulators.ricker.Exact", "simulators.unknown_gaussian.NormalGamma"),  # what others return
    "simulators.unknown_gaussian.PRIOR",  # one of these
    *("simulators.chain.Chain", "simulators.rejection.Adjusted"),  # what others return
    "simulators.ricker.BeyondPrior",  # an error
    "simulators.npe.Posterior",  # a pair of what others made
    *("simulators.outside.Answer", "simulators.outside.Familiar.distance"),
    *("diffusions.sde.Paths", "diffusions.sde.Push", "diffusions.push.Messages"),  # likewise
    *("diffusions.grid.Chain", "diffusions.grid.Steered", "diffusions.gaussian.Fitted"),
    *("filtering.Filtered", "filtering.Moments", "filtering.Particles"),  # what others return
    "portions.in_portions",  # of what others have checked
}


def spoilt(good: object, draw: random.Random) -> object:
    """Something else in place of a good argument, more often than not a bad one."""
    if isinstance(good, Tensor):
        return spoilt_tensor(good, draw)
    if isinstance(good, bool):
        return draw.choice([None, "yes", math.nan])
    if isinstance(good, int):
        return draw.choice([0, -1, -7, 1.5, math.nan, math.inf, "3", None, [3], X, 3 + 0j])
    if isinstance(good, float):
        return draw.choice([0.0, -1.0, math.nan, math.inf, -math.inf, "x", [1.0], X, 1j])
    if isinstance(good, str):
        return draw.choice(["unknown", "", 3, X])
    if isinstance(good, Distribution):
        return draw.choice(OTHER_DISTRIBUTIONS)
    if isinstance(good, nn.Module):
        return spoilt_module(good, draw)
    if isinstance(good, (ppca.PPCA, mixture.BernoulliMixture)):
        return draw.choice([OTHER_PPCA, PPCA32, MIXTURE, BERNOULLI, PPCA, "model", 3, X])
    if callable(good):
        return draw.choice(FUNCTIONS)
    if isinstance(good, (tuple, list)) and good:
        return draw.choice([good[:1], [*good, good[0]], (), "x", 3, [spoilt(good[0], draw)]])
    return draw.choice([3, "x", X, math.nan])


def spoilt_tensor(good: Tensor, draw: random.Random) -> object:
    holed = good.clone().double()
    holed.view(-1)[draw.randrange(good.numel())] = draw.choice([math.nan, math.inf, -math.inf])
    return draw.choice(
        [
            *(holed, holed, holed),
            *(good[:0], good[..., :0], good[:1], good[..., :-1], good[None], good.flatten()),
            *(good.float(), good.half(), good.long(), good > 0, good + 0j, good.T),
            *(good.tolist(), good.numpy(), None, 1.0, "x", good.sum(), good * 0, good * -1),
            *(good * 1e200, good * 1e-200, good + 1e9, torch.cat([good, good])),
        ]
    )


def spoilt_module(good: nn.Module, draw: random.Random) -> object:
    broken = decoder() if isinstance(good, deep.Model) else encoder()
    with torch.no_grad():
        next(broken.parameters()).view(-1)[0] = math.nan
    others = [good.float(), broken, decoder(), encoder(), local(), nn.Linear(3, 2), nn.ReLU()]
    sizes = [deep.Decoder(1, 3).double(), deep.Decoder(2, 2).double(), vae.Encoder(2, 2).double()]
    return draw.choice([*others, *sizes, vem.Local(5, 2).double(), None, 3, X, "model"])


OTHER_PPCA = ppca.fit(X[:, :2], 1)
PPCA32 = ppca.fit(X.float(), 2)
NAN = torch.full((6, 2), math.nan).double()
OTHER_DISTRIBUTIONS = [
    *(None, X, 3, "q", Q, R, DIAGONAL),
    PPCA.posterior(X[:4]),
    OTHER_PPCA.posterior(X[:, :2]),
    PPCA32.posterior(X.float()),
    Normal(0.0, 1.0),
    Normal(Z, 1.0),
    Independent(Laplace(Z, 1.0), 1),
    Independent(Normal(NAN, 1.0, validate_args=False), 1),
    Gaussian(Z, NAN),
    Gaussian(Z.float(), Z.float()),
    MultivariateNormal(NAN, torch.eye(2).double(), validate_args=False),
    Categorical(logits=X),
    Categorical(logits=torch.zeros(6, 2)),
    flows.Flow(flows.standard_normal(3), [flows.Planar(3)]),
]
FUNCTIONS = [
    *(None, 3, X, "f"),
    lambda z: None,
    lambda z: 1.0,
    lambda z: z,
    lambda z: z.sum(),
    lambda z: z.sum(-1) * math.nan,
    lambda z: z.sum(-1) / 0,
    lambda z: [z.sum(-1)],
    lambda z: z.sum(-1).long(),
    lambda z: z.sum(-1)[:1],
    lambda z: z.sum(-1).detach(),
]


def tensors(result: object) -> Iterator[Tensor]:
    """Every tensor in what a call returns."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, float):
        yield torch.tensor(result)
    elif isinstance(result, nn.Module):
        yield from result.state_dict().values()
    elif isinstance(result, Distribution):
        yield from (value for value in vars(result).values() if isinstance(value, Tensor))
    elif dataclasses.is_dataclass(result) and not isinstance(result, type):
        yield from tensors(list(vars(result).values()))
    elif isinstance(result, dict):
        yield from tensors(list(result.values()))
    elif isinstance(result, (list, tuple)):
        for part in result:
            yield from tensors(part)


def outcome(call: Callable, arguments: dict) -> str:
    """ "named", "fine", "NaN", or what another error said."""
    try:
        result = call(**arguments)
    except (ValueError, TypeError, NotImplementedError, FileNotFoundError) as error:
        named = any(re.search(rf"\b{name}\b", str(error)) for name in arguments)
        return "named" if named else f"{type(error).__name__}: {error}"
    except training.Diverged:
        return "named"  # says the step and what to try
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "NaN" if any(t.isnan().any() for t in tensors(result)) else "fine"


@pytest.mark.filterwarnings("ignore::course_utils.bounds.Unreliable")
@pytest.mark.parametrize("name", CALLS)
def test_the_calls_work_unspoilt(name):
    call, good = CALLS[name]
    assert outcome(call, good()) == ("named" if name == "data.mnist" else "fine")


def public(module: str) -> Iterator[str]:
    """The names that a module gives, and those of the modules it gives ("priors.made.mask")."""
    found = importlib.import_module(f"course_utils.{module}")
    for name in found.__all__:
        full = f"{module}.{name}"
        inner = isinstance(getattr(found, name), ModuleType) and full not in NO_CALL
        yield from public(full) if inner else [full]


def test_every_public_name_is_called():
    modules = {module.name for module in pkgutil.iter_modules(course_utils.__path__)}
    names = {n for module in modules - {"kit", "lessons", "validate"} for n in public(module)}
    assert not names - set(CALLS) - NO_CALL


@pytest.mark.filterwarnings("ignore")
def test_ten_thousand_bad_inputs():
    draw = random.Random(0)
    seen: Counter[str] = Counter()
    unclear: Counter[str] = Counter()
    end = time.process_time() + SECONDS
    while seen.total() < DRAWS and time.process_time() < end:
        name = draw.choice(sorted(CALLS))
        call, good = CALLS[name]
        arguments = good()
        spoils = draw.choice(sorted(arguments))
        arguments[spoils] = spoilt(arguments[spoils], draw)
        result = outcome(call, arguments)
        seen[result if result in ("named", "fine", "NaN") else "unclear"] += 1
        if result not in ("named", "fine"):
            unclear[f"{name}({spoils}={arguments[spoils]!r:.60}): {result:.150}"] += 1
    print(seen)
    print("\n".join(f"{count:4d}  {text}" for text, count in unclear.most_common()))
    assert seen["NaN"] == 0
    assert seen["unclear"] < 0.01 * seen.total()
    assert seen.total() == DRAWS or seen.total() > DRAWS / 10  # a slow machine does fewer
