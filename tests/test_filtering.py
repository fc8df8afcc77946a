"""Filters against dense Gaussians, enumeration and each other."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal, Normal

from course_utils import filtering


def chain(num_nodes=3, num_steps=4):
    """A discrete chain: start, moves and log-likelihood."""
    start = torch.rand(num_nodes).double().softmax(0)
    moves = torch.randn(num_nodes, num_nodes).double().softmax(1)
    return start, moves, torch.randn(num_steps, num_nodes).double()


def enumerated(start, moves, log_likelihood):
    """p(path, y) of every path, (G,) * T."""
    T, G = log_likelihood.shape
    joint = torch.zeros((G,) * T).double()
    for path in itertools.product(range(G), repeat=T):
        p = start[path[0]].log() + log_likelihood[0, path[0]]
        for t in range(1, T):
            step = moves if moves.ndim == 2 else moves[t - 1]
            p = p + step[path[t - 1], path[t]].log() + log_likelihood[t, path[t]]
        joint[path] = p.exp()
    return joint


@pytest.mark.parametrize("varies", [False, True])
def test_all_three_against_every_path(varies):
    start, moves, log_likelihood = chain()
    if varies:
        moves = torch.randn(3, 3, 3).double().softmax(2)
    log_likelihood[2] = 0.0  # nothing seen
    log_likelihood[1, 0] = -math.inf
    joint = enumerated(start, moves, log_likelihood)
    smooth, evidence = filtering.forward_backward(start, moves, log_likelihood)
    assert torch.allclose(evidence, joint.sum().log(), rtol=0, atol=1e-12)
    for t in range(4):
        others = [s for s in range(4) if s != t]
        assert torch.allclose(smooth[t], joint.sum(others) / joint.sum(), atol=1e-12)
    log_h = filtering.backward(moves, log_likelihood)
    assert torch.equal(log_h[-1], torch.zeros(3).double())
    for t in range(4):
        before = moves[:t] if varies else moves
        together = filtering.forward(start, before, log_likelihood[: t + 1])
        p = (together.masses[-1].log() + log_h[t]).logsumexp(0) + together.log_evidence
        assert torch.allclose(p, evidence, atol=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_a_batch_is_its_members_and_has_gradients(seed):
    torch.manual_seed(seed)
    start, moves, one = chain(5, 6)
    many = torch.stack([one, one * 3, torch.randn(6, 5).double() * 100])
    moves.requires_grad_()
    masses, evidence = filtering.forward(start, moves, many)
    assert masses.shape == (3, 6, 5)
    assert evidence.shape == (3,)
    for n in range(3):
        alone = filtering.forward(start, moves, many[n])
        assert torch.allclose(masses[n], alone.masses, atol=1e-12)
        assert torch.allclose(evidence[n], alone.log_evidence, atol=1e-10)
    assert torch.autograd.grad(evidence.sum(), moves)[0].isfinite().all()


def test_gradients_where_no_mass_is():
    start, moves, log_likelihood = chain()
    start, moves = start * torch.tensor([1, 1, 0]), moves * (1 - torch.eye(3)).double()
    start.requires_grad_()
    for f in (filtering.forward, filtering.forward_backward):
        masses, evidence = f(start, moves, log_likelihood)
        total = evidence + masses[1, 0]
        assert torch.autograd.grad(total, start)[0].isfinite().all()


def gaussian_model(H=2, D=3):
    def covariance(d):
        root = torch.randn(d, d).double()
        return root @ root.T + 0.3 * torch.eye(d).double()

    return filtering.LinearGaussian(
        A=0.6 * torch.randn(H, H).double(),
        Q=covariance(H),
        C=torch.randn(D, H).double(),
        R=covariance(D),
        mean=torch.randn(H).double(),
        cov=covariance(H),
    )


def dense(model, T):
    """Mean and covariance of (z_1, ..., z_T, y_1, ..., y_T), built from the noises alone."""
    H, D = len(model.mean), len(model.C)
    powers = [torch.linalg.matrix_power(model.A, k) for k in range(T)]
    zero = torch.zeros(H, H).double()
    spread = torch.cat(
        [torch.cat([powers[t - s] if s <= t else zero for s in range(T)], 1) for t in range(T)]
    )
    noise = torch.block_diag(model.cov, *[model.Q] * (T - 1))
    see = torch.block_diag(*[model.C] * T)
    mean_z = torch.cat([powers[t] @ model.mean for t in range(T)])
    cov_z = spread @ noise @ spread.T
    cov_y = see @ cov_z @ see.T + torch.block_diag(*[model.R] * T)
    return mean_z, cov_z, see @ mean_z, cov_y, cov_z @ see.T, H, D


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=10, deadline=None)
def test_kalman_and_rts_against_the_dense_gaussian(seed, T):
    torch.manual_seed(seed)
    model = gaussian_model()
    mean_z, cov_z, mean_y, cov_y, cross, H, D = dense(model, T)
    seen = torch.rand(T, D) < 0.6
    y = torch.randn(4, T, D).double()
    filtered, smooth = (f(y, model, seen) for f in (filtering.kalman, filtering.rts))
    for t in range(T):
        for moments, kept in ((filtered, t + 1), (smooth, T)):
            mask = seen.clone()
            mask[kept:] = False
            m = mask.flatten()
            gain = cross[:, m] @ torch.linalg.inv(cov_y[m][:, m])
            mean = mean_z + (y.flatten(1)[:, m] - mean_y[m]) @ gain.T
            cov = cov_z - gain @ cross[:, m].T
            at = slice(t * H, (t + 1) * H)
            assert torch.allclose(moments.mean[:, t], mean[:, at], atol=1e-10)
            assert torch.allclose(moments.cov[t], cov[at, at], atol=1e-10)
    m = seen.flatten()
    if m.any():
        log_p = MultivariateNormal(mean_y[m], cov_y[m][:, m]).log_prob(y.flatten(1)[:, m])
        assert torch.allclose(filtered.log_evidence, log_p, rtol=0, atol=1e-10)
    else:
        assert not filtered.log_evidence.any()


def random_walk():
    """A linear Gaussian chain, and the same on a grid."""
    one = torch.ones(1, 1).double()
    model = filtering.LinearGaussian(0.9 * one, 0.25 * one, one, 0.5 * one, one[0] * 0.3, one)
    nodes = torch.arange(-8, 8, 0.5).double()
    weights = torch.full_like(nodes, 0.5)
    moves = filtering.transition(nodes, weights, 0.9 * nodes, 0.5)
    start = weights * Normal(0.3, 1.0).log_prob(nodes).exp()
    y = torch.tensor([0.2, -0.4, 1.1, 2.0, 0.0, 0.3]).double()
    seen = torch.tensor([True, True, False, True, False, True])
    log_likelihood = Normal(nodes, math.sqrt(0.5)).log_prob(y[:, None]) * seen[:, None]
    return model, nodes, moves, start, y, seen, log_likelihood


def test_the_grid_is_kalman_and_rts_where_both_apply():
    model, nodes, moves, start, y, seen, log_likelihood = random_walk()
    masses, evidence = filtering.forward_backward(start, moves, log_likelihood)
    exact = filtering.rts(y[:, None], model, seen[:, None])
    assert torch.allclose(evidence, exact.log_evidence, rtol=0, atol=1e-7)
    assert torch.allclose(masses @ nodes, exact.mean[:, 0], atol=1e-7)
    second = masses @ nodes.square() - (masses @ nodes).square()
    assert torch.allclose(second, exact.cov[:, 0, 0], atol=1e-6)


def test_particles_estimate_the_evidence_without_bias():
    model, _, _, _, y, seen, _ = random_walk()
    exact = filtering.kalman(y[:, None], model, seen[:, None]).log_evidence
    runs = [
        filtering.particle(
            lambda P: 0.3 + torch.randn(P).double(),
            lambda z: 0.9 * z + 0.5 * torch.randn_like(z),
            lambda t, z: Normal(z, math.sqrt(0.5)).log_prob(y[t]) * seen[t],
            len(y),
            1000,
        )
        for _ in range(30)
    ]
    ratio = torch.stack([run.log_evidence for run in runs]).sub(exact).exp()
    assert abs(ratio.mean() - 1) < 3 * ratio.std() / math.sqrt(30)
    assert ratio.std() < 0.1
    assert runs[0].effective[2] == pytest.approx(1000)  # nothing seen: all weights equal


def test_what_cannot_be_is_named():
    start, moves, log_likelihood = chain()
    with pytest.raises(ValueError, match=r"log_likelihood rules out every node .* step 2"):
        filtering.forward(start, moves, log_likelihood.index_fill(0, torch.tensor(2), -math.inf))
    with pytest.raises(ValueError, match="moves must have shape"):
        filtering.forward(start, moves.expand(2, 3, 3), log_likelihood)
    with pytest.raises(ValueError, match="start must be masses"):
        filtering.forward(start.log(), moves, log_likelihood)
    with pytest.raises(ValueError, match="Q must be a covariance"):
        one = torch.ones(1, 1).double()
        filtering.LinearGaussian(one, -one, one, one, one[0], one)
    with pytest.raises(ValueError, match="log_likelihood must return shape"):
        filtering.particle(torch.randn, torch.sin, lambda t, z: z.sum(), 2, 5)
