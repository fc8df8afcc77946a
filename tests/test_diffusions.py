"""Latents that move: paths, pushes and bounds against Gaussians, quadrature and other formulas."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal, Normal

from course_utils import filtering
from course_utils.diffusions import gaussian, grid, push, sde
from course_utils.lessons.draws import normal

Y, TIMES = normal(3, seed=4) / 2, torch.tensor([0.5, 1.0, 2.0]).double()
SEEN = sde.Seen(Y, TIMES, 0.4)
WIDE = grid.nodes(5.0, 161)


def dense(theta: float, sigma: float, seen: sde.Seen, dt: float) -> tuple:
    """Euler's chain of `ou` as one Gaussian: p(y), and mean and covariance of X_0 ... X_T given y."""
    T, a = int(seen.steps(dt)[-1]), 1 - theta * dt
    L = torch.zeros(T + 1, T + 1).double()  # X = L eps
    L[:, 0] = a ** torch.arange(T + 1).double() * sigma / math.sqrt(2 * theta)
    for k in range(T):
        L[k + 1 :, k + 1] = a ** torch.arange(T - k).double() * sigma * math.sqrt(dt)
    C, A = L @ L.T, torch.eye(T + 1).double()[seen.steps(dt)]
    V = A @ C @ A.T + seen.scale**2 * torch.eye(len(seen.y)).double()
    gain = torch.linalg.solve(V, A @ C).T
    log_p = MultivariateNormal(torch.zeros_like(seen.y), V).log_prob(seen.y)
    return log_p, gain @ seen.y, C - gain @ A @ C


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.floats(0.3, 2), st.floats(0.4, 1.5), st.sampled_from([0.25, 0.125]), st.floats(0.3, 1))
def test_the_grid_knows_the_evidence_of_a_dense_gaussian(theta, sigma, dt, scale):
    seen = sde.Seen(Y, TIMES, scale)
    chain = grid.chain(sde.ou(theta, sigma), seen, dt, grid.nodes(8.0, 161))
    exact = dense(theta, sigma, seen, dt)[0]
    assert filtering.forward(*chain).log_evidence.item() == pytest.approx(exact.item(), abs=1e-6)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.floats(0.3, 2), st.floats(0.4, 1.5), st.sampled_from([0.25, 0.125]), st.floats(0.3, 1))
def test_the_linear_push_is_short_of_the_evidence_by_its_noise_alone(theta, sigma, dt, scale):
    seen = sde.Seen(Y, TIMES, scale)
    exact, mean, _ = dense(theta, sigma, seen, dt)
    start, u = push.linear(theta, sigma, seen, dt)
    nodes = grid.nodes(8.0, 161)
    found = grid.grid_elbo(sde.ou(theta, sigma), u, seen, dt, nodes, start)
    rho = 1 + push.backward(theta, sigma, seen, dt).precision[1:] * sigma**2 * dt
    gap = 0.5 * (rho - 1 - rho.log()).sum()
    assert (found.elbo + gap).item() == pytest.approx(exact.item(), abs=1e-5)
    torch.testing.assert_close(found.masses @ nodes, mean[1:], atol=1e-6, rtol=0)
    torch.testing.assert_close(start.mean, mean[0])


def test_messages_are_the_likelihood_of_the_data_to_come():
    dt, theta, sigma = 0.25, 1.3, 0.7
    precision, shift = push.backward(theta, sigma, SEEN, dt)
    chain = grid.chain(sde.ou(theta, sigma), SEEN, dt, WIDE)
    log_h = filtering.backward(chain.moves, chain.log_likelihood) + chain.log_likelihood
    middle = WIDE.abs() < 2
    for k in (1, 2, 5, 8):
        form = -precision[k] * WIDE**2 / 2 + shift[k] * WIDE
        off = (log_h[k - 1] - form)[middle]
        assert off.std() < 1e-6  # equal but for a constant


def test_the_grids_push_is_the_formulas():
    dt, theta, sigma = 0.25, 1.3, 0.7
    table = grid.exact_push(sde.ou(theta, sigma), SEEN, dt, WIDE)
    _, u = push.linear(theta, sigma, SEEN, dt)
    x = torch.linspace(-1.5, 1.5, 23).double()
    for k in range(8):
        torch.testing.assert_close(table(k, x), u(k, x), atol=1e-6, rtol=0)


def test_a_short_steps_push_is_the_slope_of_log_h():
    model, seen = sde.double_well(), sde.Seen(TIMES[:1] * 2, TIMES[:1] * 2, 0.5)
    nodes, dt = grid.nodes(3.0, 241), 0.00625
    table = grid.exact_push(model, seen, dt, nodes)
    chain = grid.chain(model, seen, dt, nodes)
    log_h = filtering.backward(chain.moves, chain.log_likelihood) + chain.log_likelihood
    slope = torch.gradient(log_h[79], spacing=0.025)[0]
    near = nodes.abs() < 1.5
    assert (table.values[79] - slope)[near].abs().max() < 0.1 * slope[near].abs().max()


def test_log_weights_are_densities_divided():
    model = sde.ou(1.3, 0.7)
    start = Normal(torch.tensor(0.2).double(), torch.tensor(0.4).double())
    torch.manual_seed(0)
    made = sde.paths(model, lambda k, x: torch.sin(3 * x) + k, 0.25, 8, 5, start)
    x, width = made.x, 0.7 * math.sqrt(0.25)
    p, q = model.start.log_prob(x[0]), start.log_prob(x[0])
    for k in range(8):
        f = -1.3 * x[k]
        u = torch.sin(3 * x[k]) + k
        p = p + Normal(x[k] + f * 0.25, width).log_prob(x[k + 1])
        q = q + Normal(x[k] + (f + 0.7 * u) * 0.25, width).log_prob(x[k + 1])
    fit = Normal(x[[2, 4, 8]], 0.4).log_prob(Y[:, None]).sum(0)
    torch.testing.assert_close(sde.log_weights(made, model, SEEN), fit + p - q)


def test_the_mean_weight_is_the_evidence_and_the_mean_bound_the_grids():
    model, dt = sde.ou(1.3, 0.7), 0.25
    start, best = push.linear(1.3, 0.7, SEEN, dt)

    def half(k, x):
        return 0.5 * best(k, x)

    torch.manual_seed(0)
    made = sde.paths(model, half, dt, 8, 40_000, start)
    log_w, bounds = sde.log_weights(made, model, SEEN), sde.elbo(made, model, SEEN)
    exact = dense(1.3, 0.7, SEEN, dt)[0]
    assert (log_w.logsumexp(0) - math.log(40_000) - exact).abs() < 0.02
    elbo = grid.grid_elbo(model, half, SEEN, dt, WIDE, start)
    for one in (log_w, bounds):
        assert (one.mean() - elbo.elbo).abs() < 4 * one.std() / 200
    torch.testing.assert_close(elbo.elbo, elbo.fit - elbo.kl - elbo.cost)


def test_a_known_start_and_a_series_a_path():
    model, seen = sde.double_well(), sde.Seen(normal(4, 2, seed=1), TIMES[:2], 0.5)
    torch.manual_seed(0)
    made = sde.paths(model, None, 0.125, 8, 4)
    assert (made.x[0] == -1).all() and (made.u == 0).all()
    expected = Normal(made.x[[4, 8]].T, 0.5).log_prob(seen.y).sum(1)
    torch.testing.assert_close(sde.elbo(made, model, seen), expected)
    torch.testing.assert_close(sde.log_weights(made, model, seen), expected)
    squares = made.x.diff(dim=0) - model.drift(made.x[:-1]) * 0.125
    torch.testing.assert_close(squares, made.dW)


def test_no_push_on_the_grid_is_the_mean_over_the_model():
    model, seen = sde.double_well(), sde.Seen(*torch.tensor([[1.0], [3.0]]).double(), 0.5)
    found = grid.grid_elbo(model, None, seen, 0.05, grid.nodes())
    torch.manual_seed(0)
    value = sde.elbo(sde.paths(model, None, 0.05, 60, 20_000), model, seen)
    assert (value.mean() - found.elbo).abs() < 4 * value.std() / 20_000**0.5
    fine = grid.grid_elbo(model, None, seen, 0.05, grid.nodes(3.5, 281))
    assert (fine.elbo - found.elbo).abs() < 1e-6


def test_the_gaussian_fit_is_worth_what_the_grid_says_and_exact_for_a_linear_model():
    model, seen = sde.double_well(), sde.Seen(*torch.tensor([[1.0], [3.0]]).double(), 0.5)
    bell = gaussian.fit(model, seen, 0.1, torch.linspace(-1, 1, 30).double())
    on_grid = grid.grid_elbo(model, bell.push, seen, 0.1, grid.nodes())
    assert bell.elbo == pytest.approx(on_grid.elbo.item(), abs=2e-3)
    torch.testing.assert_close(on_grid.masses @ grid.nodes(), bell.mean, atol=1e-3, rtol=0)
    known = sde.Diffusion(lambda x: -x, 1.0, 0.5, 0.0)
    linear = gaussian.fit(known, SEEN, 0.25, torch.zeros(8).double())
    best = grid.grid_elbo(known, grid.exact_push(known, SEEN, 0.25, WIDE), SEEN, 0.25, WIDE)
    assert linear.elbo == pytest.approx(best.elbo.item(), abs=1e-5)


def test_interpolation_is_exact_on_lines_and_flat_beyond():
    nodes = grid.nodes(1.0, 5)
    table = push.OnGrid(nodes, torch.stack([2 * nodes + 1, -nodes]))
    x = torch.tensor([-3.0, -1.0, -0.3, 0.5, 1.0, 2.0]).double()
    torch.testing.assert_close(table(0, x), 2 * x.clamp(-1, 1) + 1)
    torch.testing.assert_close(table(1, x), -x.clamp(-1, 1))


def test_a_network_pushes_each_path_by_its_own_context():
    torch.manual_seed(0)
    network = push.Network(0.1 * torch.arange(6).double(), 3)
    context, x = normal(6, 4, 3), normal(4, seed=2)
    together = network.push(context)
    for p in range(4):
        alone = network.push(context[:, p])
        torch.testing.assert_close(together(5, x)[p], alone(5, x[p : p + 1])[0])
    with pytest.raises(ValueError, match="context must be given"):
        network.push()
    with pytest.raises(ValueError, match="context must be given"):
        push.Network(torch.arange(3).double()).push(normal(3, 2))


@pytest.mark.parametrize("backwards", [True, False])
def test_an_encoder_knows_what_is_ahead_or_what_has_been(backwards):
    torch.manual_seed(0)
    encoder, steps = push.Encoder(4, backwards), torch.tensor([2, 5, 6])
    y = normal(2, 3)
    said = encoder(y, steps)
    assert said.shape == (6, 2, 4)
    torch.testing.assert_close(said[:, 1], encoder(y[1], steps))
    for i, first in enumerate((0, 2, 5)):  # the first step towards observation i
        other = y.clone()
        other[:, i] += 1.0
        changed = (encoder(other, steps) != said).any(-1).any(-1)
        expected = torch.arange(6) < steps[i] if backwards else torch.arange(6) >= steps[i]
        assert torch.equal(changed, expected), (i, first)


def test_gradients_reach_every_weight_through_the_solver():
    torch.manual_seed(0)
    encoder, network = push.Encoder(4), push.Network(0.1 * torch.arange(6).double(), 4)
    seen = sde.Seen(normal(5, 2), torch.tensor([0.3, 0.6]).double(), 0.5)
    u = network.push(encoder(seen.y, torch.tensor([3, 6])))
    model = sde.double_well()
    sde.elbo(sde.paths(model, u, 0.1, 6, 5), model, seen).mean().backward()
    for parameter in (*encoder.parameters(), *network.parameters()):
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: sde.Seen(Y, TIMES.flip(0), 0.4), "times must be above 0"),
        (lambda: SEEN.steps(0.3), "dt must divide all times"),
        (lambda: sde.ou(-1.0, 1.0), "theta"),
        (
            lambda: sde.paths(sde.double_well(), None, 0.1, 2, 3, sde.ou(1.0, 1.0).start),
            "start must be None",
        ),
        (lambda: sde.paths(sde.ou(1.0, 1.0), lambda k, x: x[:1], 0.1, 2, 3), "push must give"),
        (
            lambda: sde.paths(
                sde.Diffusion(lambda x: 4 * (x - x**3), 1.0, 9.0, 0.0), None, 0.1, 30, 3
            ),
            "dt must be smaller",
        ),
        (
            lambda: sde.elbo(sde.paths(sde.ou(1.0, 1.0), None, 0.25, 3, 2), sde.ou(1.0, 1.0), SEEN),
            "seen must end within",
        ),
        (lambda: grid.chain(sde.ou(1.0, 1.0), SEEN, 0.25, grid.nodes(3.0, 9)), "nodes must be"),
        (
            lambda: grid.grid_elbo(sde.ou(1.0, 1.0), None, SEEN, 0.25, grid.nodes(0.5, 30)),
            "nodes must hold q's mass",
        ),
        (
            lambda: grid.grid_elbo(sde.ou(1.0, 1.0), lambda k, x: x / 0, SEEN, 0.25, WIDE),
            "push must give a finite",
        ),
        (
            lambda: gaussian.fit(sde.ou(1.0, 1.0), SEEN, 0.25, torch.zeros(8).double()),
            "model must know X_0",
        ),
        (
            lambda: gaussian.fit(sde.double_well(), SEEN, 0.25, torch.zeros(7).double()),
            "mean must have 8",
        ),
        (
            lambda: gaussian.fit(sde.double_well(), SEEN, 0.25, torch.zeros(8).double(), 2),
            "max_steps must let the fit converge",
        ),
        (
            lambda: grid.chain(sde.ou(1.0, 1.0), SEEN, 0.25, grid.nodes(0.9, 61)),
            "nodes must hold the model's mass",
        ),
        (
            lambda: grid.chain(
                sde.ou(1.0, 1.0), sde.Seen(Y + 9, TIMES, 0.1), 0.25, grid.nodes(4.0, 61)
            ),
            "nodes must reach beyond the data",
        ),
    ],
)
def test_errors_name_the_argument(call, says):
    with pytest.raises(ValueError, match=says):
        call()
