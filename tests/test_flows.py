"""Every layer through the same properties; then each against an independent implementation."""

import copy
import math

import pytest
import torch
import zuko
from hypothesis import given, settings
from hypothesis import strategies as st
from pyro.distributions.transforms import AffineAutoregressive, AffineCoupling
from pyro.distributions.transforms.planar import ConditionedPlanar
from pyro.distributions.transforms.radial import ConditionedRadial
from pyro.distributions.transforms.spline import ConditionedSpline
from torch import nn
from torch.distributions import (
    Categorical,
    Distribution,
    Independent,
    Laplace,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    TransformedDistribution,
    kl_divergence,
)

from course_utils import elbo, exact, flows, training
from course_utils.flows.affine import AffineMap
from course_utils.flows.conditioner import made_masks
from course_utils.flows.spline import SplineMap

few = settings(deadline=None, max_examples=10, derandomize=True)

SMALL = {"hidden": (16, 16)}


class Chain(flows.Layer):
    """Several layers as one, so that compositions run through the same tests."""

    def __init__(self, *layers):
        super().__init__(layers[0].dim, max(layer.context_dim for layer in layers))
        self.layers = nn.ModuleList(layers)

    def push(self, z):
        total = 0
        for layer in self.layers:
            z, log_det = layer.condition(self.context).push(z)
            total = total + log_det
        return z, total

    def pull(self, x):
        total = 0
        for layer in reversed(self.layers):
            x, log_det = layer.condition(self.context).pull(x)
            total = total + log_det
        return x, total


# name: (smallest dim, make(dim, context_dim))
LAYERS = {
    "Planar": (1, lambda D, C: flows.Planar(D, C, **SMALL)),
    "Radial": (1, lambda D, C: flows.Radial(D, C, **SMALL)),
    "Affine": (1, lambda D, C: flows.Affine(D, C, **SMALL)),
    "Spline": (1, lambda D, C: flows.Spline(D, 5, 3.0, C, **SMALL)),
    "AffineCoupling": (2, lambda D, C: flows.AffineCoupling(D, context_dim=C, **SMALL)),
    "AffineCoupling flipped": (2, lambda D, C: flows.AffineCoupling(D, True, C, **SMALL)),
    "SplineCoupling": (2, lambda D, C: flows.SplineCoupling(D, 5, 3.0, context_dim=C, **SMALL)),
    "SplineCoupling flipped": (2, lambda D, C: flows.SplineCoupling(D, 5, 3.0, True, C, **SMALL)),
    "MaskedAutoregressive": (1, lambda D, C: flows.MaskedAutoregressive(D, C, **SMALL)),
    "InverseAutoregressive": (1, lambda D, C: flows.InverseAutoregressive(D, C, **SMALL)),
    "AutoregressiveSpline": (1, lambda D, C: flows.AutoregressiveSpline(D, 5, 3.0, C, **SMALL)),
    "linear network": (1, lambda D, C: flows.MaskedAutoregressive(D, C, hidden=())),
    "composition": (
        2,
        lambda D, C: Chain(
            flows.SplineCoupling(D, 5, 3.0, context_dim=C, **SMALL),
            flows.Mixing(D),
            flows.Planar(D, C, **SMALL),
            flows.Permutation([*range(1, D), 0]),
            flows.AffineCoupling(D, context_dim=C, **SMALL),
            flows.Radial(D, C, **SMALL),
            flows.MaskedAutoregressive(D, C, **SMALL),
        ),
    ),
}
UNCONDITIONAL = {
    "Mixing": (1, lambda D, C: flows.Mixing(D)),
    "Permutation": (1, lambda D, C: flows.Permutation([*range(1, D), 0])),
}
ALL = LAYERS | UNCONDITIONAL
CASES = [
    pytest.param(name, D, C, id=f"{name} D={D} C={C}")
    for name, (smallest, _) in ALL.items()
    for D in (1, 2, 3)
    for C in (0, 2)
    if smallest <= D and (C == 0 or name in LAYERS)
]


def build(name, D, C=0, dtype=torch.float64, noise=0.3, seed=0):
    """A layer away from its initial identity."""
    torch.manual_seed(seed)
    layer = ALL[name][1](D, C)
    with torch.no_grad():
        for p in layer.parameters():
            p += noise * torch.randn_like(p) / max(p.shape[-1], 1) ** 0.5 if p.ndim else 0
    return layer.to(dtype)


def conditioned(layer, N, seed=1):
    """The layer at N contexts, or itself."""
    if not layer.context_dim:
        return layer
    like = next(layer.parameters())
    generator = torch.Generator().manual_seed(seed)
    context = torch.randn(N, layer.context_dim, generator=generator, dtype=like.dtype)
    return layer.condition(context)


def points(*shape, dtype=torch.float64, scale=1.5):
    """Inside the splines, at their edges and in their tails."""
    generator = torch.Generator().manual_seed(2)
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def flow_of(name, D, C=0, dtype=torch.float64, N=4, **kwargs):
    flow = flows.Flow(flows.standard_normal(D), [build(name, D, C, **kwargs)]).to(dtype)
    if not C:
        return flow
    generator = torch.Generator().manual_seed(1)
    return flow.condition(torch.randn(N, C, generator=generator, dtype=torch.float64).to(dtype))


def jacobians(f, v):
    """(N, D, D): d f(v)_n / d v_n, row by row."""
    rows = torch.autograd.functional.jacobian(lambda v: f(v).sum(0), v)  # (D, N, D)
    return rows.movedim(1, 0)


# ---------------------------------------------------------------- every layer, the same tests


@pytest.mark.parametrize(("name", "D", "C"), CASES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9)])
def test_round_trip_both_ways(name, D, C, dtype, tolerance):
    T = conditioned(build(name, D, C, dtype), 50)
    v = points(3, 50, D, dtype=dtype)
    for there, back in ((T, T.inv), (T.inv, T)):
        assert torch.allclose(back(there(v)), v, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "D", "C"), CASES)
def test_log_det_is_that_of_the_autograd_jacobian(name, D, C):
    T = conditioned(build(name, D, C), 20)
    z = points(20, D)
    x, log_det = T.push(z)
    expected = jacobians(T, z).slogdet().logabsdet
    assert log_det.shape == (20,)
    assert torch.allclose(log_det, expected, atol=1e-9)
    assert torch.allclose(T.log_abs_det_jacobian(z, x), expected, atol=1e-9)


@pytest.mark.parametrize(("name", "D", "C"), CASES)
def test_log_det_of_the_inverse_is_that_of_its_own_jacobian(name, D, C):
    T = conditioned(build(name, D, C), 20)
    x = points(20, D)
    z, log_det = T.pull(x)
    expected = jacobians(T.inv, x).slogdet().logabsdet
    assert torch.allclose(-log_det, expected, atol=1e-8)
    assert torch.allclose(T.inv.log_abs_det_jacobian(x, z), expected, atol=1e-8)


@pytest.mark.parametrize(("name", "D", "C"), [case for case in CASES if case.values[1] < 3])
def test_the_density_integrates_to_1(name, D, C):
    q = flow_of(name, D, C, N=2)
    axis = torch.linspace(-14, 14, 4001 if D == 1 else 281, dtype=torch.float64)

    def log_density(z):
        return q.log_prob(z.unsqueeze(1) if C else z).movedim(0, -1)

    total = exact.log_evidence(log_density, axis if D == 1 else (axis, axis)).exp()
    assert torch.allclose(total, torch.ones_like(total), atol=1e-3)


@pytest.mark.parametrize(("name", "D", "C"), CASES)
def test_a_sample_and_its_log_prob_agree_with_log_prob(name, D, C):
    q = flow_of(name, D, C)
    x, log_q = q.rsample_and_log_prob((6,))
    assert x.shape == (6, *q.batch_shape, D)
    assert torch.allclose(q.log_prob(x), log_q, atol=1e-9)
    torch.manual_seed(5)
    x = q.rsample((2,))
    torch.manual_seed(5)
    assert q.rsample_and_log_prob((2,))[0].equal(x)
    torch.manual_seed(5)
    assert q.sample((2,)).equal(x.detach())
    assert not q.sample().requires_grad


@pytest.mark.parametrize(("name", "D", "C"), CASES)
def test_the_density_of_samples_is_log_prob(name, D, C):
    """Pushing the base through T, with the log-determinant of autograd and no code of Flow's."""
    q = flow_of(name, D, C, N=20)
    z = points(20, D)
    layer = conditioned(build(name, D, C), 20)
    expected = (
        MultivariateNormal(
            torch.zeros(D, dtype=torch.float64), torch.eye(D, dtype=torch.float64)
        ).log_prob(z)
        - jacobians(layer, z).slogdet().logabsdet
    )
    assert torch.allclose(q.log_prob(layer(z)), expected, atol=1e-8)


def free(layer):
    """For every parameter, which of its entries can matter: all that no mask covers."""
    masks = {
        f"{name}.weight".removeprefix("."): module.mask
        for name, module in layer.named_modules()
        if hasattr(module, "mask")
    }
    for name, p in layer.named_parameters():
        yield name, p, masks.get(name, torch.ones_like(p)).bool()


@pytest.mark.parametrize(("name", "D", "C"), CASES)
@pytest.mark.parametrize("loss", ["likelihood", "rsample"])
def test_every_parameter_gets_a_gradient(name, D, C, loss):
    q = flow_of(name, D, C, N=200)
    if loss == "likelihood":
        value = -q.log_prob(points(200, D)).mean()
    else:
        x, log_q = q.rsample_and_log_prob((20,))
        value = (log_q + (x - 1).abs().sum(-1)).mean()
    if value.requires_grad:
        value.backward()
    for parameter, p, matters in free(q):
        assert p.grad is not None and p.grad.isfinite().all(), parameter
        assert not matters.any() or p.grad[matters].any(), parameter
        assert not p.grad[~matters].any(), parameter


@pytest.mark.parametrize(("name", "D", "C"), CASES)
@pytest.mark.parametrize("batch", [(), (3,), (3, 4)])
def test_batch_shapes(name, D, C, batch):
    flow = flows.Flow(flows.standard_normal(D), [build(name, D, C, torch.float32)])
    if C:
        context = torch.randn(*batch, C)
        q = flow.condition(context)
        row = flow.condition(context.reshape(-1, C)[-1])
    else:
        q, row = flow.expand(batch), flow
    assert (q.batch_shape, q.event_shape) == (batch, (D,))
    x, log_q = q.rsample_and_log_prob((5,))
    assert x.shape == q.sample((5,)).shape == (5, *batch, D)
    assert log_q.shape == q.log_prob(x).shape == (5, *batch)
    assert q.log_prob(x[0]).shape == batch and q.rsample().shape == (*batch, D)
    last = x.reshape(5, -1, D)[:, -1]
    assert torch.allclose(row.log_prob(last), q.log_prob(x).reshape(5, -1)[:, -1], atol=1e-4)


@pytest.mark.parametrize(("name", "D", "C"), CASES)
def test_save_and_load_train_and_eval(name, D, C):
    q = flow_of(name, D, C)
    x = points(6, 4, D)
    before = q.log_prob(x)
    other = flow_of(name, D, C, seed=7)
    if any(True for _ in q.parameters()):
        assert not other.log_prob(x).equal(before)
    other.load_state_dict(q.state_dict())
    assert other.log_prob(x).equal(before)
    assert q.eval().log_prob(x).equal(before) and q.train().log_prob(x).equal(before)
    assert copy.deepcopy(q).log_prob(x).equal(before)


@pytest.mark.parametrize(("name", "D", "C"), CASES)
def test_dtype_and_device_move_with_the_base(name, D, C):
    flow = flows.Flow(flows.standard_normal(D), [ALL[name][1](D, C)])
    for move, dtype in ((flow.double, torch.float64), (flow.float, torch.float32)):
        q = move().condition(torch.randn(4, C, dtype=dtype)) if C else move()
        x, log_q = q.rsample_and_log_prob((4,))
        assert x.dtype == log_q.dtype == q.log_prob(x).dtype == dtype
    flow.to("meta")
    assert flow.base.sample().device.type == "meta"
    assert {t.device.type for t in (*flow.parameters(), *flow.buffers())} == {"meta"}


@pytest.mark.parametrize(
    ("name", "D", "C"),
    [case for case in CASES if case.values[0] not in {"Permutation", "composition"}],
)
def test_layers_start_at_the_identity(name, D, C):
    torch.manual_seed(0)
    layer = conditioned(ALL[name][1](D, C), 20)
    z = points(20, D, dtype=torch.float32)
    x, log_det = layer.push(z)
    assert torch.allclose(x, z, atol=1e-5)
    assert torch.allclose(log_det, torch.zeros(20), atol=1e-5)


@pytest.mark.parametrize(("name", "D", "C"), CASES)
def test_extreme_inputs_have_finite_densities_and_gradients_in_float32(name, D, C):
    q = flow_of(name, D, C, torch.float32)
    far = torch.tensor([1e4, -1e4, 3.0, -3.0, 0.0])
    x = far[torch.cartesian_prod(*[torch.arange(5)] * D).reshape(-1, D)].unsqueeze(1)
    x = x.expand(-1, *(q.batch_shape or (1,)), -1).clone().requires_grad_()
    log_q = q.log_prob(x)
    z_q = sum(layer.push(x)[0].sum() + layer.push(x)[1].sum() for layer in q.transforms)
    assert log_q.isfinite().all() and z_q.isfinite()
    (log_q.sum() + z_q).backward()
    assert x.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in q.parameters())


@pytest.mark.parametrize(("name", "D", "C"), CASES)
@pytest.mark.parametrize("size", [100.0, -100.0])
def test_extreme_biases_have_finite_densities_and_gradients_in_float32(name, D, C, size):
    """Free numbers and last biases at ±100: log-scales saturate, splines degenerate."""
    q = flow_of(name, D, C, torch.float32)
    with torch.no_grad():
        for parameter, p in q.named_parameters():
            if parameter.endswith((".t", "layers.2.bias")):
                p.fill_(size)
            elif parameter.endswith("theta.free"):
                p[..., -1:] = size  # planar: b; radial: gamma; affine: t; spline: a slope
    x = points(50, *q.batch_shape, D, dtype=torch.float32).requires_grad_()
    log_q = q.log_prob(x)
    y, log_p = q.rsample_and_log_prob((20,))
    assert log_q.isfinite().all() and log_p.isfinite().all()
    (log_q.sum() + log_p.sum() + y.sum()).backward()
    assert x.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in q.parameters())


@pytest.mark.parametrize(("name", "D", "C"), CASES)
def test_layers_work_in_torchs_own_distributions(name, D, C):
    T = conditioned(build(name, D, C), 4)
    batch = (4,) if T.context_dim else ()
    base = flows.standard_normal(D)
    base = Independent(Normal(base.mean.double(), 1.0), 1).expand(batch)
    theirs = TransformedDistribution(base, [T])
    q = flow_of(name, D, C)
    x = points(6, 4, D)
    assert (theirs.batch_shape, theirs.event_shape) == (q.batch_shape, q.event_shape)
    assert torch.allclose(theirs.log_prob(x), q.log_prob(x), atol=1e-9)
    assert theirs.rsample((6,)).shape == q.rsample((6,)).shape


# ---------------------------------------------------------------- the Jacobian's exact zeros


AUTOREGRESSIVE = ["MaskedAutoregressive", "InverseAutoregressive", "AutoregressiveSpline"]


@pytest.mark.parametrize("C", [0, 2])
@pytest.mark.parametrize("name", [*AUTOREGRESSIVE, "linear network"])
def test_autoregressive_jacobians_are_exactly_lower_triangular(name, C):
    T = conditioned(build(name, 4, C), 5)
    for f in (T, T.inv):
        J = jacobians(f, points(5, 4))
        assert (J.triu(1) == 0).all()
        assert (J.diagonal(dim1=1, dim2=2) > 0).all()
        assert (J.tril(-1).abs().sum((0,)) > 0).sum() == 6  # every one below is used


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("AffineCoupling", [0, 1]),
        ("SplineCoupling", [0, 1]),
        ("AffineCoupling flipped", [3, 4]),
        ("SplineCoupling flipped", [3, 4]),
    ],
)
def test_couplings_keep_half_and_move_the_rest_on_its_own(name, kept):
    T = conditioned(build(name, 5), 5)
    z = points(5, 5, scale=0.8)
    J = jacobians(T, z)
    moved = [d for d in range(5) if d not in kept]
    assert T(z)[:, kept].equal(z[:, kept])
    assert (J[:, kept][:, :, moved] == 0).all()
    block = J[:, moved][:, :, moved]
    assert (block == torch.diag_embed(block.diagonal(dim1=1, dim2=2))).all()
    assert (J[:, moved][:, :, kept] != 0).any(0).all()


@pytest.mark.parametrize("name", ["Affine", "Spline"])
def test_elementwise_jacobians_are_diagonal(name):
    J = jacobians(build(name, 3), points(5, 3))
    assert (torch.diag_embed(J.diagonal(dim1=1, dim2=2)) == J).all()


@given(dim=st.integers(1, 6), hidden=st.lists(st.integers(1, 9), max_size=3), C=st.integers(0, 2))
@few
def test_masks_let_through_exactly_what_comes_before(dim, hidden, C):
    masks = made_masks(dim, 2, tuple(hidden), C)
    paths = masks[0]
    for mask in masks[1:]:
        paths = mask @ paths
    reached = paths.unflatten(0, (dim, 2)) > 0
    allowed = torch.ones(dim, dim).tril(-1).bool()[:, None]
    assert not (reached & ~allowed).any()
    if all(size >= dim for size in hidden):
        assert (reached == allowed).all()


def test_the_context_reaches_every_dimension_also_the_first():
    for name in LAYERS:
        D = 3
        layer = build(name, D, 2)
        z, c = points(7, D, scale=0.5), points(7, 2)
        J = torch.autograd.functional.jacobian(lambda c: layer.condition(c)(z).sum(0), c)  # noqa: B023
        moves = (J != 0).any(1).any(-1)
        assert moves.sum() == (D - D // 2 if "Coupling" in name else D), name


@pytest.mark.parametrize(
    ("name", "passes"), [("MaskedAutoregressive", (3, 1)), ("InverseAutoregressive", (1, 3))]
)
def test_passes_of_the_network(name, passes, monkeypatch):
    """MAF: D passes for a sample, one for a density; IAF the other way round."""
    q = flow_of(name, 3)
    network, calls = q.transforms[0].network, []
    network.register_forward_hook(lambda *_: calls.append(1))
    x = q.sample((5,))
    sampling = len(calls)
    q.log_prob(x)
    assert (sampling, len(calls) - sampling) == passes
    calls.clear()
    q.rsample_and_log_prob((5,))
    assert len(calls) == passes[0]


# ---------------------------------------------------------------- one layer at a time


def test_the_log_scale_is_bounded():
    a = torch.tensor([[-1e6, 0.0], [0.5, 0.0], [1e6, 0.0]])
    _, s = AffineMap().forward(torch.ones(3), a)
    assert s[0] == -3 and s[2] == 3
    assert s[1].item() == pytest.approx(3 * math.tanh(0.5 / 3))


def test_planar_stays_invertible_whatever_u_and_w():
    layer = flows.Planar(2).double()
    for size in (-30.0, -3.0, 3.0, 30.0):
        with torch.no_grad():
            layer.theta.free[:2] = torch.tensor([1.5, -0.5])
            layer.theta.free[2:4] = size * torch.tensor([1.5, -0.5])
        w, u_hat, *_ = layer._unpack()
        wu = (layer.theta.free[:2] * layer.theta.free[2:4]).sum()
        assert (w @ u_hat).item() > -1 - 1e-12
        assert torch.isclose(w @ u_hat, -1 + torch.nn.functional.softplus(wu))
        z = points(50, 2)
        assert jacobians(layer, z).det().min() > 0


@given(
    y=st.floats(-50, 50),
    wu_hat=st.one_of(st.floats(-0.9999, 100), st.just(-0.999999)),
)
@few
def test_planar_solves_its_equation(y, wu_hat):
    y, wu_hat = torch.tensor(y).double(), torch.tensor(wu_hat).double()
    a = flows.Planar._solve(y, wu_hat)
    assert torch.isclose(a + wu_hat * a.tanh(), y, rtol=1e-12, atol=1e-12)


def test_planar_moves_along_u_hat_only():
    layer = build("Planar", 3)
    z = points(9, 3)
    step = layer(z) - z
    _, u_hat, *_ = layer._unpack()
    assert torch.linalg.matrix_rank(torch.cat([step, u_hat[None]]), tol=1e-9) == 1


@pytest.mark.parametrize(
    ("alpha", "gamma", "radii"),
    [(1e-3, 50.0, (1e-3, 1.0, 20.0)), (1e-3, 50.0, (60.0, 100.0, 1e3)), (5.0, 5.0, (1.0, 20.0))],
)
def test_radials_inverse_loses_no_digits_on_either_side_of_gamma(alpha, gamma, radii):
    """float32 against float64: each form of the root would cancel on the other's side."""
    layer = flows.Radial(1)
    with torch.no_grad():
        layer.theta.free[0] = 0
        layer.theta.free[1:] = torch.tensor([alpha, gamma]).double().expm1().log()
    x = torch.tensor(radii)[:, None]
    z, log_det = layer.pull(x)
    double = copy.deepcopy(layer).double()
    expected_z, expected_log_det = double.pull(x.double())
    torch.testing.assert_close(z.double(), expected_z, rtol=3e-6, atol=0)
    torch.testing.assert_close(log_det.double(), expected_log_det, rtol=3e-6, atol=3e-6)
    torch.testing.assert_close(double(expected_z), x.double(), rtol=1e-12, atol=0)


def test_radial_moves_along_rays_from_its_centre():
    layer = build("Radial", 2)
    z_0, alpha, gamma = layer._unpack()
    z = points(9, 2)
    ray, moved = z - z_0, layer(z) - z_0
    cross = ray[:, 0] * moved[:, 1] - ray[:, 1] * moved[:, 0]
    assert torch.allclose(cross, torch.zeros(9, dtype=z.dtype), atol=1e-12)
    r = ray.norm(dim=1)
    assert torch.allclose(moved.norm(dim=1), r * (1 + (gamma - alpha) / (alpha + r)))
    assert torch.allclose(layer(z_0[None]), z_0) and torch.allclose(layer.inv(z_0[None]), z_0)


def test_mixing_is_a_linear_map_with_any_sign_off_the_diagonal():
    layer = build("Mixing", 4, noise=2.0)
    J = jacobians(layer, points(3, 4))
    assert torch.allclose(J, J[:1].expand_as(J))
    assert torch.allclose(layer(points(3, 4)), points(3, 4) @ J[0].T + layer.t)


def test_permutation_reads_its_order():
    layer = flows.Permutation([2, 0, 1])
    assert layer(torch.tensor([10.0, 11, 12])).tolist() == [12, 10, 11]
    assert layer.inv(torch.tensor([12.0, 10, 11])).tolist() == [10, 11, 12]


# ---------------------------------------------------------------- the spline


def spline(theta_seed=0, K=6, B=3.0):
    generator = torch.Generator().manual_seed(theta_seed)
    theta = 2 * torch.randn(3 * K - 1, generator=generator, dtype=torch.float64)
    return SplineMap(K, B), theta


def test_a_spline_passes_through_its_knots_with_their_slopes():
    monotone, theta = spline()
    z_k, x_k, d_k = monotone.knots(theta)
    z = z_k.clone().requires_grad_()
    x, log_slope = monotone.forward(z, theta)
    assert torch.allclose(x, x_k, atol=1e-12)
    assert torch.allclose(log_slope.exp(), d_k)
    assert torch.allclose(torch.autograd.grad(x.sum(), z)[0][1:-1], d_k[1:-1])
    assert (z_k.diff() > 0).all() and (x_k.diff() > 0).all()
    ends = torch.tensor([-3.0, 3.0], dtype=z.dtype)
    assert torch.allclose(z_k[[0, -1]], ends) and torch.allclose(x_k[[0, -1]], ends)
    assert torch.allclose(d_k[[0, -1]], torch.ones(2, dtype=z.dtype))


def test_a_spline_is_increasing_and_the_identity_in_its_tails():
    monotone, theta = spline(1)
    z = torch.linspace(-6, 6, 2001, dtype=torch.float64)
    x, log_slope = monotone.forward(z, theta)
    outside = z.abs() > 3
    assert (x.diff() > 0).all()
    assert x[outside].equal(z[outside]) and (log_slope[outside] == 0).all()
    assert (x - z)[~outside].abs().max() > 0.1


@pytest.mark.parametrize("direction", ["forward", "inverse"])
def test_a_value_moves_alike_whatever_is_beside_it(direction):
    """Inside alone, in the tails alone, mixed."""
    monotone, theta = spline(2)
    f = getattr(monotone, direction)
    inside = torch.linspace(-3, 3, 41, dtype=torch.float64)
    outside = torch.tensor([-1e4, -3.001, 3.001, 1e4], dtype=torch.float64)
    mixed = [torch.cat(pair) for pair in zip(f(inside, theta), f(outside, theta), strict=True)]
    for a, b in zip(f(torch.cat([inside, outside]), theta), mixed, strict=True):
        assert a.equal(b)
    single = [f(v, theta)[0] for v in torch.cat([inside, outside])]
    assert torch.allclose(torch.stack(single), mixed[0])


@pytest.mark.parametrize("direction", ["forward", "inverse"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_at_the_bound_and_beyond_are_finite(direction, dtype):
    monotone, theta = spline(3)
    beyond = torch.nextafter(torch.tensor(3.0, dtype=dtype), torch.tensor(4.0, dtype=dtype)).item()
    theta = theta.to(dtype).requires_grad_()
    v = torch.tensor([3.0, -3.0, beyond, -beyond, 1e4, -1e4, 1e30], dtype=dtype, requires_grad=True)
    moved, log_slope = getattr(monotone, direction)(v, theta)
    (moved.sum() + log_slope.sum()).backward()
    assert torch.allclose(moved, v, rtol=1e-6)
    assert log_slope.isfinite().all() and theta.grad.isfinite().all()
    assert torch.allclose(v.grad[2:], torch.ones(5, dtype=dtype))
    assert v.grad[:2].isfinite().all()


@pytest.mark.parametrize("size", [1e2, 1e4])
def test_degenerate_spline_parameters_stay_finite_in_float32(size):
    monotone = SplineMap(8, 5.0)
    theta = (size * torch.randn(400, 23)).requires_grad_()
    v = 4 * torch.randn(400)
    for f in (monotone.forward, monotone.inverse):
        moved, log_slope = f(v, theta)
        (moved.sum() + log_slope.sum()).backward()
        assert moved.isfinite().all() and log_slope.isfinite().all()
        assert theta.grad.isfinite().all()


# ---------------------------------------------------------------- against zuko and Pyro


def zuko_raw(squashed, limit):
    """The raw value that zuko squashes to the given one, by a / (1 + |a| / limit)."""
    return squashed / (1 - squashed.abs() / limit)


def zuko_spline(z_k, x_k, d_k):
    """zuko's spline through the given knots (..., K + 1)."""
    limit = -math.log(1e-3)
    shares = [k.diff().log() - k.diff().log().mean(-1, keepdim=True) for k in (z_k, x_k)]
    widths, heights = (zuko_raw(share, limit / 2) for share in shares)
    slopes = zuko_raw(d_k[..., 1:-1].log(), limit)
    return zuko.transforms.MonotonicRQSTransform(widths, heights, slopes, bound=3.0)


def test_the_spline_is_zukos_between_the_same_knots():
    monotone, theta = spline(4)
    z_k, x_k, d_k = monotone.knots(theta)
    theirs = zuko_spline(z_k, x_k, d_k)
    assert torch.allclose(theirs.horizontal, z_k) and torch.allclose(theirs.vertical, x_k)
    z = torch.linspace(-4, 4, 301, dtype=torch.float64)
    x, log_slope = monotone.forward(z, theta)
    assert torch.allclose(x, theirs(z))
    assert torch.allclose(log_slope, theirs.log_abs_det_jacobian(z, x), atol=1e-9)
    back, log_slope = monotone.inverse(z, theta)
    assert torch.allclose(back, theirs.inv(z))
    assert torch.allclose(-log_slope, theirs.inv.log_abs_det_jacobian(z, back), atol=1e-9)


def test_the_spline_is_pyros_with_the_same_parameters():
    K = 6
    monotone, theta = spline(5, K)
    widths, heights = theta[:K].softmax(0), theta[K : 2 * K].softmax(0)
    slopes = torch.nn.functional.softplus(theta[2 * K :] + math.log(math.expm1(1 - 1e-3)))
    every = [p.expand(99, -1) for p in (widths, heights, slopes)]
    theirs = ConditionedSpline((*every, None), bound=3.0, order="quadratic")
    z_k, *_ = monotone.knots(theta)
    # Their outermost slopes are 0.999, so the outermost bins differ.
    z = torch.linspace(z_k[1].item(), z_k[-2].item(), 101, dtype=torch.float64)[1:-1]
    x, log_slope = monotone.forward(z, theta)
    assert torch.allclose(x, theirs(z), atol=1e-9)
    assert torch.allclose(log_slope, theirs.log_abs_det_jacobian(z, theirs(z)), atol=1e-9)
    assert torch.allclose(monotone.inverse(x, theta)[0], theirs._inverse(x), atol=1e-9)


@pytest.mark.parametrize("D", [1, 2, 5])
def test_planar_is_pyros_with_the_same_parameters(D):
    layer = build("Planar", D)
    w, u, b = layer.theta.free.split([D, D, 1])
    theirs = ConditionedPlanar((b, u, w))
    z = points(9, D)
    x, log_det = layer.push(z)
    y = theirs(z)
    assert torch.allclose(x, y) and torch.allclose(log_det, theirs.log_abs_det_jacobian(z, y))


@pytest.mark.parametrize("D", [1, 2, 5])
def test_radial_is_pyros_with_the_same_parameters(D):
    layer = build("Radial", D)
    z_0, alpha, beta = layer.theta.free.split([D, 1, 1])
    theirs = ConditionedRadial((z_0, alpha, beta))
    z = points(9, D)
    x, log_det = layer.push(z)
    y = theirs(z)
    assert torch.allclose(x, y) and torch.allclose(log_det, theirs.log_abs_det_jacobian(z, y))


def scale_and_shift(layer, u):
    """s and t of an affine layer's network, by the formula of AffineMap's docstring."""
    a, t = layer.network(u).unflatten(-1, (-1, 2)).unbind(-1)
    return 3 * torch.tanh(a / 3), t


def test_maf_is_zukos_with_the_same_network():
    """Theirs maps data to noise: z = e^-s x - t e^-s, its log-scale squashed by a limit."""
    ours = build("MaskedAutoregressive", 3)

    def meta(x):
        s, t = scale_and_shift(ours, x)
        raw = zuko_raw(-s, math.log(1e3))
        return zuko.transforms.DependentTransform(
            zuko.transforms.MonotonicAffineTransform(-t * (-s).exp(), raw), 1
        )

    theirs = zuko.transforms.AutoregressiveTransform(meta, passes=3)
    v = points(9, 3)
    z, log_det = ours.pull(v)
    assert torch.allclose(theirs(v), z)
    assert torch.allclose(-theirs.log_abs_det_jacobian(v, z), log_det)
    assert torch.allclose(theirs.inv(v), ours(v))


def test_the_autoregressive_spline_is_zukos_with_the_same_network():
    ours = build("AutoregressiveSpline", 3)

    def meta(x):  # from data to noise
        theta = ours.network(x).unflatten(-1, (3, -1))
        z_to_x = zuko_spline(*ours.monotone.knots(theta).movedim(1, -1))
        return zuko.transforms.DependentTransform(z_to_x.inv, 1)

    theirs = zuko.transforms.AutoregressiveTransform(meta, passes=3)
    v = points(9, 3)
    assert torch.allclose(theirs(v), ours.inv(v), atol=1e-8)
    assert torch.allclose(theirs.inv(v), ours(v), atol=1e-8)


def test_iaf_is_pyros_with_the_same_network():
    ours = build("InverseAutoregressive", 3)

    class Arn(nn.Module):
        permutation = torch.arange(3)

        def forward(self, z):
            s, t = scale_and_shift(ours, z.double())  # Pyro starts from float32 zeros
            return t, s

    theirs = AffineAutoregressive(Arn())
    v = points(9, 3)
    x, log_det = ours.push(v)
    y = theirs(v)
    assert torch.allclose(x, y) and torch.allclose(log_det, theirs.log_abs_det_jacobian(v, y))
    assert torch.allclose(ours.inv(v), theirs._inverse(v))


def test_the_affine_coupling_is_pyros_with_the_same_network():
    ours = build("AffineCoupling", 5)
    theirs = AffineCoupling(2, lambda A: scale_and_shift(ours, A)[::-1])
    v = points(9, 5)
    x, log_det = ours.push(v)
    y = theirs(v)
    assert torch.allclose(x, y) and torch.allclose(log_det, theirs.log_abs_det_jacobian(v, y))
    assert torch.allclose(ours.inv(v), theirs._inverse(v))


# ---------------------------------------------------------------- the flow as a distribution


def two_splines(**kwargs):
    return flows.Flow(flows.standard_normal(1), [flows.Spline(1, **kwargs), flows.Affine(1)])


def test_a_flow_of_no_layers_is_its_base():
    flow = flows.Flow(flows.standard_normal(2), [])
    x = points(5, 2, dtype=torch.float32)
    assert torch.allclose(
        flow.log_prob(x), MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(x)
    )


def test_an_affine_flow_is_a_normal_distribution():
    layer = build("Affine", 3)
    flow = flows.Flow(flows.standard_normal(3), [layer]).double()
    _, t = layer.theta.free.unbind(-1)
    s = 3 * torch.tanh(layer.theta.free[:, 0] / 3)
    x = points(5, 3)
    assert torch.allclose(flow.log_prob(x), Independent(Normal(t, s.exp()), 1).log_prob(x))


def test_a_mixing_flow_is_a_correlated_normal_distribution():
    layer = build("Mixing", 3)
    flow = flows.Flow(flows.standard_normal(3), [layer]).double()
    J = jacobians(layer, points(1, 3))[0]
    x = points(5, 3)
    assert torch.allclose(flow.log_prob(x), MultivariateNormal(layer.t, J @ J.T).log_prob(x))


def test_layers_compose_in_order():
    a, b = build("Planar", 2), build("Radial", 2)
    flow = flows.Flow(flows.standard_normal(2), [a, b]).double()
    torch.manual_seed(3)
    x = flow.sample((4,))
    torch.manual_seed(3)
    assert torch.allclose(x, b(a(flow.base.sample((4,)))))


@pytest.mark.parametrize(
    "base",
    [
        Independent(Laplace(torch.zeros(2), torch.ones(2)), 1),
        Laplace(torch.zeros(2), torch.ones(2)),
        MultivariateNormal(torch.zeros(2), torch.eye(2)),
        MixtureSameFamily(
            Categorical(torch.ones(2)),
            Independent(Normal(torch.tensor([[-2.0, 0], [2, 0]]), torch.ones(2, 2)), 1),
        ),
    ],
    ids=["independent", "scalars", "multivariate", "mixture"],
)
def test_any_base(base):
    flow = flows.Flow(base, [build("Planar", 2, dtype=torch.float32)])
    assert flow.event_shape == (2,) and flow.batch_shape == ()
    assert flow.has_rsample == base.has_rsample
    before = flow.log_prob(points(5, 2, dtype=torch.float32))
    assert flow.sample((3,)).shape == (3, 2)
    after = flow.double().log_prob(points(5, 2))
    assert after.dtype == torch.float64 and torch.allclose(before.double(), after, atol=1e-5)
    assert flow.sample((3,)).dtype == torch.float64
    assert next(iter(vars(base).values())) is not None  # the caller's base is left alone
    assert base.sample().dtype == torch.float32


def test_a_flow_is_a_distribution_among_others():
    flow = flows.Flow(flows.standard_normal(2), [build("Planar", 2, dtype=torch.float32)])
    x = points(7, 3, 2, dtype=torch.float32)
    assert isinstance(flow, Distribution)
    together = Independent(flow.expand((3,)), 1)
    assert torch.allclose(together.log_prob(x), flow.log_prob(x).sum(-1))
    assert together.rsample().shape == (3, 2)
    further = build("Radial", 2, dtype=torch.float32)
    outer = TransformedDistribution(flow, [further])
    stacked = flows.Flow(flow.base, [*flow.transforms, further])
    assert torch.allclose(outer.log_prob(x), stacked.log_prob(x), atol=1e-5)
    nested = flows.Flow(flow, [further])  # a flow as the base of a flow
    assert torch.allclose(nested.log_prob(x), stacked.log_prob(x), atol=1e-5)
    assert len(list(nested.parameters())) == 2
    assert nested.double().sample().dtype == torch.float64


def test_no_wrong_closed_form_kl():
    """Two contexts share their layers: their bases' KL, 0, must not pass for theirs."""
    flow = flows.Flow(flows.standard_normal(1), [flows.Spline(1, context_dim=2)])
    with pytest.raises(NotImplementedError):
        kl_divergence(flow.condition(torch.randn(3, 2)), flow.condition(torch.randn(3, 2)))


def test_log_prob_broadcasts_points_against_contexts():
    for name in LAYERS:
        q = flow_of(name, 2, 2, N=3)
        x = points(5, 2)
        together = q.log_prob(x.unsqueeze(1))
        assert together.shape == (5, 3), name
        assert torch.allclose(together, q.log_prob(x.unsqueeze(1).expand(5, 3, 2).clone())), name


def test_conditioning_shares_the_weights_and_leaves_the_flow_alone():
    flow = flows.Flow(flows.standard_normal(1), [flows.Spline(1, context_dim=2), flows.Affine(1)])
    q = flow.condition(torch.randn(4, 2))
    assert [id(p) for p in q.parameters()] == [id(p) for p in flow.parameters()]
    with pytest.raises(ValueError, match="context is missing: Spline was made with context_dim=2"):
        flow.log_prob(torch.zeros(1))


def test_a_flow_is_a_posterior_and_a_prior_in_the_elbo():
    """Where q is the posterior, whatever the flow, every draw of the bound is the evidence, 0."""
    prior = flows.Flow(flows.standard_normal(2), [build("MaskedAutoregressive", 2)]).double()
    encoder = flow_of("AutoregressiveSpline", 2, 2, N=5)
    for q, log_joint in ((prior.expand((5,)), prior.log_prob), (encoder, encoder.log_prob)):
        draws = elbo.joint_minus_q(log_joint, q, 3)
        assert torch.allclose(draws, torch.zeros(3, 5, dtype=torch.float64), atol=1e-9)
    assert (elbo.joint_minus_q(prior.log_prob, encoder, 2000).mean(0) < 0).all()


def test_a_gradient_reaches_the_context():
    """So an encoder in front of the flow learns."""
    for name in LAYERS:
        context = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
        flow = flows.Flow(flows.standard_normal(2), [build(name, 2, 2)]).double()
        flow.condition(context).rsample_and_log_prob((9,))[1].sum().backward()
        assert context.grad.any(1).all(), name


def test_nothing_is_remembered_between_calls():
    """The same tensor after a step of training has another density."""
    flow = two_splines()
    x = flow.sample((5,))
    before = flow.log_prob(x)
    with torch.no_grad():
        for p in flow.parameters():
            p += 0.1
    assert not flow.log_prob(x).equal(before)


def test_a_spline_learns_two_separate_modes():
    """½N(-2, .5²) + ½N(2, .5²): the loss of the best Gaussian is .72 nats above the entropy."""
    target = MixtureSameFamily(
        Categorical(torch.ones(2)), Normal(torch.tensor([-2.0, 2.0]), torch.tensor(0.5))
    )
    flow = flows.Flow(flows.standard_normal(1), [flows.Spline(1, 16)])
    training.fit(
        flow,
        lambda x: -flow.log_prob(x).mean(),
        target.sample((10_000, 1)),
        num_steps=500,
        batch_size=512,
        lr=0.05,
        decay=True,
        progress=False,
    )
    x = torch.linspace(-6, 6, 2001)
    with torch.no_grad():
        log_p, log_q = target.log_prob(x), flow.log_prob(x[:, None])
    assert 0 < torch.trapezoid(log_p.exp() * (log_p - log_q), x).item() < 0.02


# ---------------------------------------------------------------- bad input


NOT_A_SIZE = [0, -1, 1.5, math.nan, "1", None]
NUMBERS = {
    f"{name} dim": (make, "dim", NOT_A_SIZE)
    for name, make in {
        "Planar": flows.Planar,
        "Radial": flows.Radial,
        "Affine": flows.Affine,
        "Spline": flows.Spline,
        "AffineCoupling": flows.AffineCoupling,
        "SplineCoupling": flows.SplineCoupling,
        "MaskedAutoregressive": flows.MaskedAutoregressive,
        "InverseAutoregressive": flows.InverseAutoregressive,
        "AutoregressiveSpline": flows.AutoregressiveSpline,
        "Mixing": flows.Mixing,
        "standard_normal": flows.standard_normal,
    }.items()
}
NUMBERS |= {
    "AffineCoupling dim 1": (flows.AffineCoupling, "dim", [1]),
    "SplineCoupling dim 1": (flows.SplineCoupling, "dim", [1]),
    "Permutation": (flows.Permutation, "order", [(0, 0), (1, 2), (), (0.5,), "01", None, 3]),
    "context_dim": (lambda C: flows.Planar(2, C), "context_dim", [-1, 0.5, "1", None]),
    "hidden": (
        lambda h: flows.MaskedAutoregressive(2, hidden=h),
        "hidden",
        [(0,), 3, (1.5,), None],
    ),
}
for make in (flows.Spline, flows.SplineCoupling, flows.AutoregressiveSpline):
    NUMBERS |= {
        f"{make.__name__} num_bins": (
            lambda K, make=make: make(2, num_bins=K),
            "num_bins",
            [1, 0, -1, 2.5, None, 501],
        ),
        f"{make.__name__} bound": (
            lambda B, make=make: make(2, bound=B),
            "bound",
            [0.0, -1.0, math.nan, math.inf, None],
        ),
    }


@pytest.mark.parametrize("row", NUMBERS)
def test_numbers_out_of_range_are_refused(row):
    call, argument, values = NUMBERS[row]
    for value in values:
        with pytest.raises((ValueError, TypeError), match=rf"\b{argument}\b"):
            call(value)


NAN = torch.tensor([[0.0, math.nan]])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(3, 3), r"x must be a tensor of shape \(\.\.\., 2\), got \(3, 3\)"),
        (torch.zeros(()), "x must be a tensor of shape"),
        (torch.zeros(0, 2), "x must not be empty"),
        (NAN, "x must be finite"),
        (NAN.nan_to_num(nan=math.inf), "x must be finite"),
        (torch.zeros(3, 2).double(), "x must have dtype torch.float32, got torch.float64"),
        (torch.zeros(3, 2).long(), "x must have dtype torch.float32, got torch.int64"),
        ([0.0, 0.0], "x must be a tensor"),
        (None, "x must be a tensor"),
    ],
)
def test_log_prob_refuses_bad_points(bad, message):
    flow = flows.Flow(flows.standard_normal(2), [flows.Planar(2)])
    with pytest.raises((ValueError, TypeError), match=message):
        flow.log_prob(bad)


def test_log_prob_refuses_another_number_of_contexts():
    q = flow_of("Affine", 2, 2, torch.float32, N=4)
    with pytest.raises(
        ValueError, match=r"x must be a tensor of shape \(\.\.\., 4, 2\), got \(3, 2\)"
    ):
        q.log_prob(torch.zeros(3, 2))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(4, 2), r"context must have shape \(\.\.\., 3\), got \(4, 2\)"),
        (torch.zeros(()), "context must have shape"),
        (torch.zeros(0, 3), "context must not be empty"),
        (torch.full((4, 3), math.nan), "context must be finite"),
        (torch.zeros(4, 3).double(), "context must have dtype"),
        ([0.0] * 3, "context must be a tensor"),
        (None, "context must be a tensor"),
    ],
)
def test_condition_refuses_a_bad_context(bad, message):
    flow = flows.Flow(flows.standard_normal(2), [flows.Planar(2, context_dim=3)])
    with pytest.raises((ValueError, TypeError), match=message):
        flow.condition(bad)


@pytest.mark.parametrize("name", LAYERS)
def test_a_context_that_is_a_parameter_stays_the_callers(name):
    layer = ALL[name][1](2, 3)
    before = list(layer.state_dict())
    context = nn.Parameter(torch.randn(4, 3))
    bound = layer.condition(context)
    assert list(layer.state_dict()) == list(bound.state_dict()) == before
    assert not any(p is context for p in layer.parameters())
    with pytest.raises(ValueError, match="context is missing"):
        layer(torch.zeros(4, 2))
    flow = flows.Flow(flows.standard_normal(2), [build(name, 2, 3, torch.float32)])
    assert (
        flow.condition(context)
        .log_prob(torch.zeros(4, 2))
        .equal(flow.condition(context.detach()).log_prob(torch.zeros(4, 2)))
    )
    flow.condition(context).log_prob(torch.ones(4, 2)).sum().backward()
    assert context.grad.abs().sum() > 0


def test_a_context_without_a_use_is_refused():
    flow = flows.Flow(flows.standard_normal(2), [flows.Planar(2)])
    with pytest.raises(ValueError, match="context is given, but no layer"):
        flow.condition(torch.zeros(4, 3))


@pytest.mark.parametrize("name", LAYERS)
def test_a_missing_context_is_said(name):
    layer = ALL[name][1](2, 3)
    for call in (layer, layer.inv):
        with pytest.raises(ValueError, match="context is missing"):
            call(torch.zeros(5, 2))


@pytest.mark.parametrize(
    ("base", "transforms", "message"),
    [
        (None, [], "base must be a Distribution, got NoneType"),
        (flows.standard_normal(3), [flows.Planar(2)], "transforms must be layers of dimension"),
        (flows.standard_normal(2), [torch.tanh], "transforms must be layers, got"),
        (flows.standard_normal(2), flows.Planar(2), "transforms must be a sequence of layers"),
    ],
)
def test_a_flow_refuses_what_does_not_fit(base, transforms, message):
    with pytest.raises((ValueError, TypeError), match=message):
        flows.Flow(base, transforms)
