"""Bad input is an error that names its argument, in every public function of the maths layer."""

import inspect
import math
import re
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Categorical

from course_utils import (
    bounds,
    data,
    deep,
    em,
    exact,
    ladder,
    mixture,
    pca,
    ppca,
    vae,
    validate,
    vem,
)

few = settings(deadline=None, max_examples=10, derandomize=True)

X = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
W, MU = X[:3, :2], X[0]
Z = X[:, :2]
GRID = torch.linspace(-6, 6, 61, dtype=torch.float64)
PCA, PPCA = pca.fit(X, 2), ppca.fit(X, 2)
MIXTURE = mixture.Mixture(torch.ones(2).double() / 2, X[:2], torch.ones(2).double())
Q, R = PPCA.posterior(X), MIXTURE.posterior(X)
BETAS = torch.linspace(0, 1, 4).double()
BITS = (X > 0).double()
BERNOULLI = mixture.BernoulliMixture(torch.ones(2).double() / 2, X[:2].sigmoid())
DECODER = vae.Decoder(2, 3, (4,)).double()
ENCODER = vae.Encoder(3, 2, (4,)).double()
NODES = (torch.linspace(-6, 6, 25).double(),) * 2
PRIOR = DECODER.prior
SEEN = torch.tensor([True, False, True])


def local():
    return vem.Local(20, 2).double()


def log_joint(z):
    return -z.square().sum(1)


# Every tensor argument: the call it goes into, its name, a value that works.
TENSORS = {
    "pca.fit": (lambda x: pca.fit(x, 1), "x", X),
    "pca.spectrum": (pca.spectrum, "x", X),
    "pca.moments": (pca.moments, "x", X),
    "pca.centre": (pca.centre, "x", X),
    "pca.reconstruction_error": (lambda x: pca.reconstruction_error(x, W), "x", X),
    "pca.reconstruction_error W": (lambda W: pca.reconstruction_error(X, W), "W", W),
    "pca.principal_angle": (lambda A: pca.principal_angle(A, A), "A", W),
    "pca.principal_angle B": (lambda B: pca.principal_angle(W, B), "B", W),
    "pca.PCA W": (lambda W: pca.PCA(W, MU, MU), "W", W),
    "pca.PCA mu": (lambda mu: pca.PCA(W, mu, MU), "mu", MU),
    "pca.PCA eigenvalues": (lambda v: pca.PCA(W, MU, v), "eigenvalues", MU),
    "pca.PCA.encode": (PCA.encode, "x", X),
    "pca.PCA.decode": (PCA.decode, "z", Z),
    "pca.PCA.reconstruct": (PCA.reconstruct, "x", X),
    "ppca.fit": (lambda x: ppca.fit(x, 1), "x", X),
    "ppca.PPCA W": (lambda W: ppca.PPCA(W, MU, 1.0), "W", W),
    "ppca.PPCA mu": (lambda mu: ppca.PPCA(W, mu, 1.0), "mu", MU),
    "ppca.PPCA.posterior": (PPCA.posterior, "x", X),
    "ppca.PPCA.log_evidence": (PPCA.log_evidence, "x", X),
    "ppca.PPCA.autoencode": (PPCA.autoencode, "x", X),
    "ppca.PPCA.expected_log_joint": (lambda x: PPCA.expected_log_joint(Q, x), "x", X),
    "ppca.PPCA.maximise": (lambda x: PPCA.maximise(x, Q), "x", X),
    "mixture.Mixture means": (
        lambda means: mixture.Mixture(MIXTURE.weights, means, MIXTURE.sigma2),
        "means",
        MIXTURE.means,
    ),
    "mixture.Mixture sigma2": (
        lambda sigma2: mixture.Mixture(MIXTURE.weights, X[:2], sigma2),
        "sigma2",
        MIXTURE.sigma2,
    ),
    "mixture.Mixture.log_joint": (MIXTURE.log_joint, "x", X),
    "mixture.Mixture.posterior": (MIXTURE.posterior, "x", X),
    "mixture.Mixture.log_evidence": (MIXTURE.log_evidence, "x", X),
    "mixture.Mixture.expected_log_joint": (
        lambda x: MIXTURE.expected_log_joint(R, x),
        "x",
        X,
    ),
    "mixture.Mixture.maximise": (lambda x: MIXTURE.maximise(x, R), "x", X),
    "em.e_step": (lambda x: em.e_step(PPCA, x), "x", X),
    "em.m_step": (lambda x: em.m_step(x, R), "x", X),
    "em.elbo": (lambda x: em.elbo(PPCA, Q, x), "x", X),
    "em.fit": (lambda x: em.fit(x, 1, 2), "x", X),
    "mixture.BernoulliMixture means": (
        lambda means: mixture.BernoulliMixture(BERNOULLI.weights, means),
        "means",
        BERNOULLI.means,
    ),
    "mixture.BernoulliMixture.log_joint": (BERNOULLI.log_joint, "x", BITS),
    "mixture.BernoulliMixture.posterior": (BERNOULLI.posterior, "x", BITS),
    "mixture.BernoulliMixture.log_evidence": (BERNOULLI.log_evidence, "x", BITS),
    "mixture.BernoulliMixture.maximise": (
        lambda x: mixture.BernoulliMixture.maximise(x, R),
        "x",
        BITS,
    ),
    "deep.log_evidence": (lambda x: deep.log_evidence(x, DECODER, NODES), "x", X),
    "deep.mode": (lambda x: deep.mode(x, DECODER, NODES), "x", X),
    "vem.elbo": (lambda x: vem.elbo(x, Q, DECODER), "x", X),
    "vem.exact_elbo": (lambda x: vem.exact_elbo(x, Q, DECODER, 5), "x", X),
    "vem.e_step": (lambda x: vem.e_step(x, local(), DECODER, 2), "x", X),
    "vem.m_step": (lambda x: vem.m_step(x, local(), deep.Decoder(2, 3).double(), 2), "x", X),
    "vem.fit": (
        lambda x: vem.fit(x, local(), deep.Decoder(2, 3).double(), 2, progress=False),
        "x",
        X,
    ),
    "vem.best_q": (lambda x: vem.best_q(x, DECODER, Q, num_steps=2), "x", X),
    "vem.mean_field start": (
        lambda start: vem.mean_field(BERNOULLI, BITS, SEEN, start, 2),
        "start",
        R.probs,
    ),
    "vae.elbo": (lambda x: vae.elbo(x, ENCODER, DECODER), "x", X),
    "vae.fit": (
        lambda x: vae.fit(x, vae.Encoder(3, 2).double(), DECODER, 2, progress=False),
        "x",
        X,
    ),
    "vae.gaps": (lambda x: vae.gaps(x, ENCODER, DECODER, NODES, num_steps=2), "x", X),
    "bounds.log_weights": (lambda x: bounds.log_weights(x, Q, DECODER, 2), "x", X),
    "bounds.evidence": (lambda x: bounds.evidence(x, PRIOR, DECODER, 2), "x", X),
    "bounds.annealed": (lambda x: bounds.annealed(x, DECODER, Q, BETAS, 2), "x", X),
    "bounds.sandwich": (lambda x: bounds.sandwich(x, Z, DECODER, Q, BETAS, 2), "x", X),
    "bounds.sandwich z": (lambda z: bounds.sandwich(X, z, DECODER, Q, BETAS, 2), "z", Z),
    "bounds.fit": (
        lambda x: bounds.fit(x, vae.Encoder(3, 2).double(), DECODER, 2, 2, progress=False),
        "x",
        X,
    ),
    "exact.path betas": (lambda b: exact.path(X[0], X[0].abs(), b), "betas", BETAS),
    "ladder.measure": (lambda x: ladder.measure(x, DECODER, Q), "x", X),
    "exact.log_evidence": (lambda grid: exact.log_evidence(log_joint, grid), "grid", GRID),
    "exact.log_evidence pair": (
        lambda axis: exact.log_evidence(log_joint, (GRID, axis)),
        "grid",
        GRID,
    ),
    "exact.posterior": (lambda grid: exact.posterior(log_joint, grid), "grid", GRID),
    "exact.posterior pair": (lambda axis: exact.posterior(log_joint, (axis, GRID)), "grid", GRID),
}

# Tensor arguments whose number of columns (or length) another one fixes.
SIZED = [
    "pca.reconstruction_error W",
    "pca.principal_angle B",
    "pca.PCA mu",
    "pca.PCA eigenvalues",
    "pca.PCA.encode",
    "pca.PCA.decode",
    "pca.PCA.reconstruct",
    "ppca.PPCA mu",
    "ppca.PPCA.posterior",
    "ppca.PPCA.log_evidence",
    "ppca.PPCA.autoencode",
    "ppca.PPCA.expected_log_joint",
    "mixture.Mixture.posterior",
    "mixture.Mixture.log_evidence",
    "em.e_step",
    "em.elbo",
    "mixture.BernoulliMixture.posterior",
    "mixture.BernoulliMixture.log_evidence",
    "deep.log_evidence",
    "deep.mode",
    "vem.elbo",
    "vem.exact_elbo",
    "vem.e_step",
    "vem.m_step",
    "vem.fit",
    "vem.best_q",
    "vem.mean_field start",
    "vae.elbo",
    "vae.fit",
    "vae.gaps",
    "ladder.measure",
    "bounds.log_weights",
    "bounds.evidence",
    "bounds.annealed",
    "bounds.sandwich",
    "bounds.sandwich z",
    "bounds.fit",
]

# Every number: the call it goes into, its name, values that must be refused.
NOT_POSITIVE = [0, 0.0, -1.0, math.nan, math.inf, -math.inf, "1", torch.ones(2)]
NOT_A_COUNT = [0, -1, 1.5, math.nan, "1", None]
NOT_A_NOISE = [-0.1, math.nan, math.inf, -math.inf, "1", None]
NOT_A_SEED = [-1, 2**32, 0.5, None]
NUMBERS = {
    "pca.fit latent_dim": (lambda h: pca.fit(X, h), "latent_dim", [*NOT_A_COUNT, 4]),
    "ppca.fit latent_dim": (lambda h: ppca.fit(X, h), "latent_dim", [*NOT_A_COUNT, 4]),
    "ppca.fit min_sigma2": (lambda v: ppca.fit(X, 1, v), "min_sigma2", NOT_POSITIVE),
    "ppca.PPCA sigma2": (
        lambda v: ppca.PPCA(W, MU, v),
        "sigma2",
        [*NOT_POSITIVE, None, torch.tensor(1), torch.tensor(-1.0), torch.tensor(math.nan)],
    ),
    "em.fit latent_dim": (lambda h: em.fit(X, h, 2), "latent_dim", [*NOT_A_COUNT, 4]),
    "em.fit num_steps": (lambda n: em.fit(X, 1, n), "num_steps", [-1, 1.5, math.nan, "1", None]),
    "ppca.PPCA.sample": (PPCA.sample, "num_samples", NOT_A_COUNT),
    "exact.expectation": (
        lambda n: exact.expectation(lambda z: z[..., 0], Q, n),
        "num_nodes",
        NOT_A_COUNT,
    ),
    "deep.mlp inputs": (lambda n: deep.mlp(n, (), 1), "inputs", NOT_A_COUNT),
    "deep.mlp hidden": (lambda n: deep.mlp(1, (n,), 1), "hidden", NOT_A_COUNT),
    "deep.mlp outputs": (lambda n: deep.mlp(1, (3,), n), "outputs", NOT_A_COUNT),
    "deep.Decoder latent_dim": (lambda h: deep.Decoder(h, 2), "latent_dim", NOT_A_COUNT),
    "deep.Decoder data_dim": (lambda d: deep.Decoder(2, d), "data_dim", NOT_A_COUNT),
    "deep.Decoder sigma2": (lambda v: deep.Decoder(1, 2, sigma2=v), "sigma2", NOT_POSITIVE),
    "deep.Decoder.sample": (DECODER.sample, "num_samples", NOT_A_COUNT),
    "deep.Model.sample": (deep.Model(1, 2).sample, "num_samples", NOT_A_COUNT),
    "deep.Curve.sample": (deep.arc().sample, "num_samples", NOT_A_COUNT),
    "deep.arc": (deep.arc, "noise", NOT_POSITIVE),
    "deep.ring": (deep.ring, "noise", NOT_POSITIVE),
    "deep.grid latent_dim": (deep.grid, "latent_dim", [*NOT_A_COUNT, 3]),
    "deep.grid spacing": (lambda v: deep.grid(1, v), "spacing", NOT_POSITIVE),
    "vem.Local num_points": (lambda n: vem.Local(n, 1), "num_points", NOT_A_COUNT),
    "vem.Local latent_dim": (lambda h: vem.Local(3, h), "latent_dim", NOT_A_COUNT),
    "vem.elbo num_samples": (lambda n: vem.elbo(X, Q, DECODER, n), "num_samples", NOT_A_COUNT),
    "vem.fit num_epochs": (lambda n: vem.fit(X, local(), DECODER, n), "num_epochs", NOT_A_COUNT),
    "vem.fit batch_size": (
        lambda n: vem.fit(X, local(), DECODER, 1, n),
        "batch_size",
        NOT_A_COUNT,
    ),
    "vem.fit lr_local": (
        lambda v: vem.fit(X, local(), DECODER, 1, lr_local=v),
        "lr_local",
        NOT_POSITIVE,
    ),
    "vem.e_step num_steps": (
        lambda n: vem.e_step(X, local(), DECODER, n),
        "num_steps",
        NOT_A_COUNT,
    ),
    "vem.mean_field num_sweeps": (
        lambda n: vem.mean_field(BERNOULLI, BITS, SEEN, R.probs, n),
        "num_sweeps",
        NOT_A_COUNT,
    ),
    "vae.Encoder latent_dim": (lambda h: vae.Encoder(2, h), "latent_dim", NOT_A_COUNT),
    "vae.Encoder data_dim": (lambda d: vae.Encoder(d, 2), "data_dim", NOT_A_COUNT),
    "vae.MixtureEncoder num_components": (
        lambda k: vae.MixtureEncoder(2, 1, (), k),
        "num_components",
        [*NOT_A_COUNT, 1],
    ),
    "vae.fit num_steps": (lambda n: vae.fit(X, ENCODER, DECODER, n), "num_steps", NOT_A_COUNT),
    "vae.fit lr": (lambda v: vae.fit(X, ENCODER, DECODER, 1, lr=v), "lr", NOT_POSITIVE),
}
NUMBERS |= {
    "bounds.log_weights": (
        lambda k: bounds.log_weights(X, Q, DECODER, k),
        "num_importance",
        NOT_A_COUNT,
    ),
    "bounds.evidence": (
        lambda k: bounds.evidence(X, Q, DECODER, k),
        "num_importance",
        [*NOT_A_COUNT, 1],
    ),
    "bounds.annealed": (
        lambda s: bounds.annealed(X, DECODER, Q, BETAS, s),
        "num_chains",
        [*NOT_A_COUNT, 1],
    ),
    "bounds.fit": (lambda k: bounds.fit(X, ENCODER, DECODER, 1, k), "num_importance", NOT_A_COUNT),
    "bounds.sleep": (
        lambda n: bounds.sleep(ENCODER, DECODER, 1, num_pairs=n),
        "num_pairs",
        NOT_A_COUNT,
    ),
    "bounds.schedule": (bounds.schedule, "num_steps", NOT_A_COUNT),
    "bounds.schedule power": (lambda v: bounds.schedule(3, v), "power", NOT_POSITIVE),
    "bounds.renyi": (lambda a: bounds.renyi(X, a), "alpha", [math.nan, math.inf, "1", None]),
    "exact.log_mean": (lambda k: exact.log_mean(X, X.abs(), k), "K", NOT_A_COUNT),
    "exact.log_mean_upper": (lambda k: exact.log_mean_upper(X, X.abs(), k), "K", NOT_A_COUNT),
}
for name in ("sine", "arc", "ring", "two_moons", "checkerboard"):
    draw = getattr(data, name)
    NUMBERS |= {
        f"data.{name}": (draw, "num_points", NOT_A_COUNT),
        f"data.{name} seed": (lambda v, draw=draw: draw(9, seed=v), "seed", NOT_A_SEED),
    }
    if name != "checkerboard":
        noise = (lambda v, draw=draw: draw(9, noise=v), "noise", NOT_A_NOISE)
        NUMBERS[f"data.{name} noise"] = noise


def refuses(call, value, argument):
    with pytest.raises((ValueError, TypeError), match=rf"\b{argument}\b") as error:
        call(value)
    assert "\n" not in str(error.value)


# What runs at every step of a training loop finds NaN there, with advice; `check` is a check.
INSIDE = {f"{name}.forward" for name in ("deep.Model", "deep.Decoder", "deep.Curve", "vem.Local")}
INSIDE |= {
    "vae.Encoder.forward",
    "vae.MixtureEncoder.forward",
    "ladder.amortised",
    "vem.gaussian",
    "deep.log_joint",
    "deep.linear",  # of a PPCA, which has been checked
    "bounds.bound",  # of log weights, which may be -inf: tested with them
    "bounds.pareto_k",
    "deep.frozen",
    "deep.in_double",
}
INSIDE |= {"deep.Model.check", "deep.Decoder.check", "deep.Curve.check"}


def test_every_public_function_and_method_with_an_argument_is_in_the_tables():
    public = set()
    for module in (
        data,
        exact,
        pca,
        ppca,
        mixture,
        em,
        deep,
        vem,
        vae,
        bounds,
        ladder,
    ):
        layer = module.__name__.removeprefix("course_utils.")
        for name in module.__all__:
            member = getattr(module, name, None)
            if not getattr(member, "__module__", "").startswith(module.__name__):
                continue  # a table, or at home in another module
            if inspect.isfunction(member) and inspect.signature(member).parameters:
                public.add(f"{layer}.{name}")
            for method, function in inspect.getmembers(member, inspect.isfunction):
                ours = function.__module__.startswith("course_utils")
                takes = len(inspect.signature(function).parameters) > 1
                if ours and takes and not method.startswith("_"):
                    public.add(f"{layer}.{name}.{method}")
    assert public >= INSIDE
    assert public - INSIDE - {"ladder.below"} <= {row.split()[0] for row in TENSORS | NUMBERS}


@pytest.mark.filterwarnings("ignore::course_utils.bounds.Unreliable")
@pytest.mark.parametrize("row", TENSORS)
def test_the_values_the_tables_start_from_are_accepted(row):
    call, _, good = TENSORS[row]
    call(good)


@pytest.mark.parametrize("row", TENSORS)
@given(where=st.integers(0), what=st.sampled_from([math.nan, math.inf, -math.inf]))
@few
def test_one_entry_that_is_not_finite_is_refused(row, where, what):
    call, argument, good = TENSORS[row]
    bad = good.clone()
    bad.view(-1)[where % bad.numel()] = what
    refuses(call, bad, argument)


@pytest.mark.parametrize("row", TENSORS)
def test_a_wrong_number_of_dimensions_is_refused(row):
    call, argument, good = TENSORS[row]
    for bad in (good[0], good[None], good[..., None], good.sum()):
        refuses(call, bad, argument)


@pytest.mark.parametrize("row", TENSORS)
def test_empty_tensors_are_refused(row):
    call, argument, good = TENSORS[row]
    refuses(call, good[:, :0] if argument == "W" else good[:0], argument)


@pytest.mark.parametrize("row", TENSORS)
def test_anything_but_a_tensor_of_floats_is_refused(row):
    call, argument, good = TENSORS[row]
    for bad in (good.long(), good > 0, good + 0j, good.numpy(), good.tolist(), None, 1.0):
        refuses(call, bad, argument)


@pytest.mark.parametrize("row", SIZED)
def test_a_mismatched_size_is_refused(row):
    call, argument, good = TENSORS[row]
    rows = good.T if argument == "W" else good
    for bad in (rows[..., :-1], torch.cat([rows, rows], -1)):
        refuses(call, bad.T if argument == "W" else bad, argument)


@pytest.mark.parametrize(
    "row",
    [
        "pca.reconstruction_error W",
        "pca.principal_angle B",
        "pca.PCA W",
        "pca.PCA.encode",
        "pca.PCA.decode",
        "ppca.PPCA W",
        "ppca.PPCA.posterior",
        "ppca.PPCA.log_evidence",
        "pca.PCA eigenvalues",
        "mixture.Mixture means",
        "mixture.Mixture sigma2",
        "mixture.BernoulliMixture means",
        "exact.log_evidence pair",
    ],
)
def test_a_mixture_of_dtypes_is_refused(row):
    call, argument, good = TENSORS[row]
    refuses(call, good.float(), argument)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ppca.fit(x, 2).expected_log_joint(Q, x),
        lambda x: ppca.PPCA.maximise(x, Q),
        lambda x: mixture.Mixture.maximise(x, Categorical(R.probs.float())).expected_log_joint(
            R, x
        ),
        lambda x: mixture.Mixture.maximise(x, R),
        lambda x: mixture.BernoulliMixture.maximise((x > 0).float(), R),
        lambda x: em.m_step(x, Q),
        lambda x: ladder.measure(x, vae.Decoder(2, 3, (4,)), Q),
    ],
)
def test_a_q_of_another_dtype_than_x_is_refused(call):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match=r"\bq must have dtype torch"):
            call(X.float())


def test_a_device_without_float64_is_named():
    class Apple:
        device = "mps:0"

        def new_empty(self, *size, dtype):
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")

    with pytest.raises(TypeError, match=r"x must be on a device with float64, which mps:0 lacks"):
        validate.has_float64(x=Apple())


@pytest.mark.parametrize("row", NUMBERS)
def test_numbers_out_of_range_are_refused(row):
    call, argument, bad_values = NUMBERS[row]
    for bad in bad_values:
        refuses(call, bad, argument)


@given(latent_dim=st.integers().filter(lambda h: not 1 <= h <= 3))
@few
def test_any_latent_dim_outside_1_to_D_is_refused(latent_dim):
    refuses(lambda h: pca.fit(X, h), latent_dim, "latent_dim")
    refuses(lambda h: ppca.fit(X, h), latent_dim, "latent_dim")


@given(sigma2=st.floats(max_value=0))
@few
def test_any_variance_not_above_0_is_refused(sigma2):
    refuses(lambda v: ppca.PPCA(W, MU, v), sigma2, "sigma2")
    refuses(lambda v: ppca.PPCA(W, MU, v), torch.tensor(sigma2), "sigma2")


def test_typed_says_function_argument_expected_and_got_in_one_line():
    with pytest.raises(TypeError) as error:
        pca.reconstruction_error(X, W[:2])
    assert str(error.value) == (
        "pca.reconstruction_error: W must be Float[Tensor, 'D H'], got float64[2, 2]: "
        "the size of dimension D is 2 which does not equal the existing value of 3"
    )


def test_typed_lists_no_dtypes():
    with pytest.raises(TypeError) as error:
        pca.fit(X.int(), 1)
    assert str(error.value) == "pca.fit: x must be Float[Tensor, 'N D'], got int32[20, 3]"


def test_typed_shortens_a_long_value():
    with pytest.raises(TypeError, match="x must be") as error:
        pca.fit(X.repeat(100, 1).tolist(), 1)
    assert len(str(error.value)) < 160


def test_typed_checks_the_result():
    @validate.typed
    def flatten(x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
        return x.flatten()

    with pytest.raises(TypeError, match="the result must be Float"):
        flatten(X)


def test_typed_checks_the_fields_of_a_dataclass():
    @validate.typed
    @dataclass
    class Line:
        slope: Float[Tensor, "D"]
        offset: float

    assert Line(MU, 1.0).offset == 1.0
    with pytest.raises(TypeError, match="slope must be Float"):
        Line(X, 1.0)


def test_typed_takes_an_integer_for_a_float():
    assert data.sine(5, noise=0).x.shape == (5, 1)
    assert ppca.PPCA(W, MU, 1).log_evidence(X).equal(ppca.PPCA(W, MU, 1.0).log_evidence(X))


def test_typed_keeps_name_docstring_and_source():
    assert pca.fit.__name__ == "fit"
    assert pca.fit.__doc__.startswith("The PCA of x")
    assert "eigenvectors[:, :latent_dim]" in inspect.getsource(pca.fit)


def test_typed_lets_other_errors_through():
    @validate.typed
    def fails(x: Tensor) -> Tensor:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fails(X)


def test_finite_counts_the_bad_entries_and_finds_the_first():
    x = X.clone()
    x[3, 1], x[5, 0] = math.nan, math.inf
    with pytest.raises(ValueError, match=re.escape("x must be finite, but 2 of its 60")) as error:
        validate.finite(x=x)
    assert "first at index (3, 1)" in str(error.value)


def test_finite_is_not_fooled_by_infinities_that_cancel_or_sums_that_overflow():
    with pytest.raises(ValueError, match="first"):
        validate.finite(first=torch.tensor([math.inf, -math.inf]))
    validate.finite(large=torch.full((4,), 3e38))
    validate.finite(integers=torch.arange(4))


@pytest.mark.parametrize("bad", [-1, -1e-300, math.nan, math.inf, -math.inf])
def test_not_negative_takes_zero_and_names_what_it_refuses(bad):
    validate.not_negative(beta=0, weight=2.5)
    with pytest.raises(ValueError, match="weight must be a finite number, 0 or more, got"):
        validate.not_negative(beta=0, weight=bad)


def test_positive_takes_a_variance_that_requires_a_gradient():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        validate.positive(sigma2=torch.tensor(1.0, requires_grad=True), lr=np.float64(0.1))


@given(low=st.integers(-9, 9), size=st.integers(0, 9), value=st.integers(-20, 20))
@few
def test_integer_accepts_exactly_its_range(low, size, value):
    if low <= value <= low + size:
        validate.integer(low, low + size, count=value)
    else:
        refuses(lambda v: validate.integer(low, low + size, count=v), value, "count")


def test_columns_names_size_and_dtype():
    validate.columns(MU, x=X)
    with pytest.raises(ValueError, match=re.escape("x must have 3 columns, got shape (20, 2)")):
        validate.columns(MU, x=Z)
    with pytest.raises(TypeError, match=r"x must have dtype torch\.float64, got torch\.float32"):
        validate.columns(MU, x=X.float())
