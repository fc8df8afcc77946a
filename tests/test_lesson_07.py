import itertools
from functools import lru_cache
from math import log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import drawn_texts, faults, unreadable
from torch.distributions import Categorical, MixtureSameFamily, Normal
from torch.distributions import transforms as torch_transforms

from course_utils import data, deep, flows, vae
from course_utils.lessons import l07_normalizing_flows as lesson

few = settings(deadline=None, max_examples=25, derandomize=True)

# --- Exercises: the solution, the stub, and wrong answers as a student would write them -----


def stub_1(x, inverse, slope):
    z = inverse(x)
    log_p = -(z**2) / 2 - log(2 * torch.pi) / 2
    return log_p - ...


def stub_2(z, w, u, b):
    wu = w @ u
    m = -1 + (1 + wu.exp()).log()
    u_hat = u + (m - wu) * ...
    h = (z @ w + b).tanh()
    return z + h[:, None] * u_hat, ...


def stub_3(z, s, t):
    z_A, z_B = z.chunk(2, -1)
    x_B = z_B * ...
    return torch.cat([z_A, x_B], -1), ...


def stub_4(x, s, t):
    raise NotImplementedError


def stub_5(log_q, log_prior, log_likelihood, beta):
    r = log_q - log_prior - beta * log_likelihood
    return r - ...


def normal(z):
    return Normal(torch.zeros(()).double(), 1.0).log_prob(z)


def added(x, inverse, slope):
    z = inverse(x)
    return normal(z) + slope(z).abs().log()


def no_volume(x, inverse, slope):
    return normal(inverse(x))


def slope_at_x(x, inverse, slope):
    return normal(inverse(x)) - torch.log(torch.abs(slope(x)))


def never_back(x, inverse, slope):
    return normal(x) - torch.log(torch.abs(slope(x)))


def no_absolute_value(x, inverse, slope):
    z = inverse(x)
    return normal(z) - torch.log(slope(z))


def averaged(x, inverse, slope):
    z = inverse(x)
    return torch.mean(normal(z) - torch.log(torch.abs(slope(z))))


def planar_with(z, w, u, b, *, norm=None, safe=True, h_slope=None, det_u=None, sign=1.0):
    """A planar layer from its determinant by autograd-free algebra, with parts exchanged."""
    m = torch.log1p(torch.exp(torch.dot(w, u))) - 1
    norm = torch.dot(w, w) if norm is None else norm
    moved = u + (m - torch.dot(w, u)) / norm * w if safe else u
    a = torch.einsum("nd,d->n", z, w) + b
    slope = 1 / torch.cosh(a) ** 2 if h_slope is None else h_slope(a)
    det = 1 + slope * torch.dot(w, moved if det_u is None else det_u)
    return z + torch.outer(torch.tanh(a), moved), sign * torch.log(det)


def divided_by_the_norm(z, w, u, b):
    return planar_with(z, w, u, b, norm=torch.linalg.vector_norm(w))


def folding(z, w, u, b):
    return planar_with(z, w, u, b, safe=False)


def determinant_of_u(z, w, u, b):
    return planar_with(z, w, u, b, det_u=u)


def wrong_derivative(z, w, u, b):
    return planar_with(z, w, u, b, h_slope=lambda a: 1 - torch.tanh(a))


def no_logarithm(z, w, u, b):
    x, log_det = planar_with(z, w, u, b)
    return x, torch.exp(log_det)


def inverse_determinant(z, w, u, b):
    return planar_with(z, w, u, b, sign=-1.0)


def halves(z):
    return z[:, : z.shape[1] // 2], z[:, z.shape[1] // 2 :]


def summed_over_points(z, s, t):
    A, B = halves(z)
    return torch.hstack([A, B * torch.exp(s(A)) + t(A)]), torch.sum(s(A), 0)


def contracting(z, s, t):
    A, B = halves(z)
    return torch.hstack([A, B * torch.exp(s(A)) + t(A)]), -torch.sum(s(A), 1)


def exponentials_added(z, s, t):
    A, B = halves(z)
    return torch.hstack([A, B * torch.exp(s(A)) + t(A)]), torch.exp(s(A)).sum(1)


def mean_over_dimensions(z, s, t):
    A, B = halves(z)
    return torch.hstack([A, B * torch.exp(s(A)) + t(A)]), torch.mean(s(A), 1)


def scale_without_exp(z, s, t):
    A, B = halves(z)
    return torch.hstack([A, B * s(A) + t(A)]), torch.sum(s(A), 1)


def shifted_first(z, s, t):
    A, B = halves(z)
    return torch.hstack([A, torch.exp(s(A)) * (B + t(A))]), torch.sum(s(A), 1)


def both_moved(z, s, t):
    A, B = halves(z)
    scale, shift = torch.exp(s(A)), t(A)
    return torch.hstack([A * scale + shift, B * scale + shift]), torch.sum(s(A), 1) * 2


def reading_itself(z, s, t):
    A, B = halves(z)
    return torch.hstack([A, B * torch.exp(s(B)) + t(B)]), torch.sum(s(B), 1)


def other_determinant(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, (B - t(A)) / torch.exp(s(A))]), -torch.sum(s(A), 1)


def wrong_order(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, B / torch.exp(s(A)) - t(A)]), torch.sum(s(A), 1)


def scaled_again(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, (B - t(A)) * torch.exp(s(A))]), torch.sum(s(A), 1)


def forward_again(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, B * torch.exp(s(A)) + t(A)]), torch.sum(s(A), 1)


def nets_of_x_B(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, (B - t(B)) / torch.exp(s(B))]), torch.sum(s(A), 1)


def no_baseline(log_q, log_prior, log_likelihood, beta):
    return log_q - (log_prior + beta * log_likelihood)


def over_the_others(log_q, log_prior, log_likelihood, beta):
    r = log_q - log_prior - beta * log_likelihood
    return r - (r.sum() - r) / (len(r) - 1)


def for_the_elbo(log_q, log_prior, log_likelihood, beta):
    r = log_prior + beta * log_likelihood - log_q
    return r - r.mean()


def all_tempered(log_q, log_prior, log_likelihood, beta):
    r = log_q - beta * (log_prior + log_likelihood)
    return r - r.mean()


def not_tempered(log_q, log_prior, log_likelihood, beta):
    r = log_q - log_prior - log_likelihood
    return r - r.mean()


def no_entropy(log_q, log_prior, log_likelihood, beta):
    r = -log_prior - beta * log_likelihood
    return r - torch.mean(r)


def by_torch(x, inverse, slope):
    """The change of variables by autograd, which knows no formula for the slope."""
    x = x.clone().requires_grad_()
    z = inverse(x)
    (rate,) = torch.autograd.grad(z.sum(), x)
    return (normal(z) + rate.abs().log()).detach()


def pull(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, (B - t(A)) / torch.exp(s(A))]), torch.einsum("nd->n", s(A))


def push(z, s, t):
    A, B = halves(z)
    return torch.hstack([A, torch.addcmul(t(A), B, torch.exp(s(A)))]), torch.einsum("nd->n", s(A))


def centred(log_q, log_prior, log_likelihood, beta):
    r = torch.stack([log_q, -log_prior, -beta * log_likelihood]).sum(0)
    return r - r.sum() / len(r)


RIGHT = {"07.1": by_torch, "07.2": planar_with, "07.3": push, "07.4": pull, "07.5": centred}
STUBS = {"07.1": stub_1, "07.2": stub_2, "07.3": stub_3, "07.4": stub_4, "07.5": stub_5}
WRONG = [
    ("07.1", added, "where T stretches"),
    ("07.1", no_volume, "The volume is missing"),
    ("07.1", slope_at_x, "a function of z"),
    ("07.1", never_back, "never goes back to z"),
    ("07.1", no_absolute_value, "A decreasing one"),
    ("07.1", averaged, "one log density per point"),
    ("07.2", divided_by_the_norm, "It must be ‖w‖²"),
    ("07.2", folding, "u itself"),
    ("07.2", determinant_of_u, "the same û"),
    ("07.2", wrong_derivative, "derivative of tanh"),
    ("07.2", no_logarithm, "Take its log"),
    ("07.2", inverse_determinant, "that of the inverse"),
    ("07.3", summed_over_points, "summed over the points"),
    ("07.3", contracting, "The sign"),
    ("07.3", exponentials_added, "the sum of s"),
    ("07.3", mean_over_dimensions, "A mean over the dimensions"),
    ("07.3", scale_without_exp, "The exp is missing"),
    ("07.3", shifted_first, "Scale first"),
    ("07.3", both_moved, "moved both halves"),
    ("07.3", reading_itself, "They read z_A"),
    ("07.4", other_determinant, "log|det dz/dx|"),
    ("07.4", wrong_order, "undone first"),
    ("07.4", scaled_again, "scaled once more"),
    ("07.4", forward_again, "from z to x again"),
    ("07.4", nets_of_x_B, "From x_B"),
    ("07.5", no_baseline, "without the baseline"),
    ("07.5", over_the_others, "over the other samples"),
    ("07.5", for_the_elbo, "not to the ELBO"),
    ("07.5", all_tempered, "likelihood alone"),
    ("07.5", not_tempered, "β is missing"),
    ("07.5", no_entropy, "log q is missing"),
]


# --- The references ---------------------------------------------------------------------------


@given(st.floats(-3, 3), st.floats(0.2, 4), st.booleans())
@few
def test_the_density_is_that_of_torchs_transformed_distribution(shift, scale, decreasing):
    slope = -scale if decreasing else scale
    base = Normal(torch.zeros(()).double(), 1.0)
    affine = torch_transforms.AffineTransform(shift, slope)
    x = torch.linspace(-5, 5, 11).double()
    ours = lesson.log_density(x, lambda x: (x - shift) / slope, lambda z: 0 * z + slope)
    theirs = torch.distributions.TransformedDistribution(base, [affine]).log_prob(x)
    torch.testing.assert_close(ours, theirs)


def jacobian_log_det(f, z):
    rows = [torch.autograd.functional.jacobian(lambda v: f(v[None])[0][0], v) for v in z]
    return torch.stack(rows).det().abs().log()


@given(st.integers(0, 9999))
@few
def test_log_determinants_are_autograds(seed):
    torch.manual_seed(seed)
    z, (s, t) = torch.randn(4, 4).double(), lesson._nets()
    w, u, b = 2 * torch.randn(4).double(), 2 * torch.randn(4).double(), torch.randn(()).item()
    for f in (lambda z: lesson.coupling_push(z, s, t), lambda z: lesson.planar(z, w, u, b)):
        torch.testing.assert_close(f(z)[1], jacobian_log_det(f, z))
    x, log_det = lesson.coupling_push(z, s, t)
    torch.testing.assert_close(lesson.coupling_pull(x, s, t), (z, log_det))


@given(st.integers(0, 9999))
@few
def test_the_planar_reference_is_the_librarys_layer(seed):
    torch.manual_seed(seed)
    layer, z = flows.Planar(3).double(), torch.randn(5, 3).double()
    torch.nn.init.normal_(layer.theta.free, std=2.0)
    w, u, b = layer.theta.free.detach().split([3, 3, 1])
    with torch.no_grad():
        torch.testing.assert_close(lesson.planar(z, w, u, b.item()), layer.push(z))


@given(st.integers(0, 99), st.floats(0, 1))
@few
def test_the_weights_make_the_gradient_of_the_kl(seed, beta):
    torch.manual_seed(seed)
    mean = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    q, prior = Normal(mean, 0.7), Normal(torch.zeros(1).double(), 1.0)
    z = q.sample((100_000,))
    log_likelihood = 2 * z[:, 0]  # linear, so that the tempered posterior is N(2 beta, 1)
    log_q = q.log_prob(z)[:, 0]
    weights = lesson.score_weights(log_q.detach(), prior.log_prob(z)[:, 0], log_likelihood, beta)
    scores = torch.autograd.grad(log_q, mean, weights / len(z))[0]
    spread = (weights * z[:, 0] / 0.49).std().item() / len(z) ** 0.5
    assert abs(scores.item() - (0 - 2 * beta)) < 5 * spread
    assert abs(weights.mean().item()) < 1e-10


def test_the_truths_integrate_to_one_and_have_the_known_entropies():
    axis = torch.linspace(-2.5, 3.5, 401, dtype=torch.float64)
    grid, cell = torch.cartesian_prod(axis, axis), (axis[1] - axis[0]) ** 2
    for truth, entropy in ((lesson.log_moons, None), (lesson.log_ring, 0.9517)):
        log_p = truth(grid)
        assert (log_p.exp().sum() * cell).item() == pytest.approx(1, abs=1e-6)
        if entropy:
            assert (-(log_p.exp() * log_p).sum() * cell).item() == pytest.approx(entropy, abs=1e-4)
    board = lesson.log_checkerboard(data.checkerboard(1000).x)
    assert (board == -log(32)).all()
    assert lesson.log_checkerboard(torch.tensor([[-3.0, -1.0], [5.0, 1.0]])).isneginf().all()


def test_the_rings_truth_is_quadrature_over_its_latent():
    x = data.ring(20, seed=3).x
    torch.testing.assert_close(
        lesson.log_ring(x), deep.log_evidence(x, deep.ring()), rtol=0, atol=2e-4
    )


def test_the_moons_truth_is_a_smoothed_histogram_of_its_data():
    x = data.two_moons(1_000_000, seed=5).x
    for centre in ([0.0, 1.0], [1.0, -0.5], [1.0, 0.0], [0.0, 0.5]):
        middle = torch.tensor([centre], dtype=torch.float64)
        share = ((x - middle).abs() < 0.05).all(1).double().mean().item()
        corner = torch.cartesian_prod(*[torch.linspace(-0.05, 0.05, 21).double()] * 2)
        expected = lesson.log_moons(middle + corner).exp().mean().item() * 0.01
        assert share == pytest.approx(expected, abs=4 * (expected / len(x)) ** 0.5 + 5e-5)


def test_kl_by_the_trapezoid_rule_is_the_closed_form():
    nodes = torch.linspace(-12, 12, 2001, dtype=torch.float64)
    p, q = Normal(torch.tensor(0.3).double(), 1.2), Normal(torch.tensor(-0.5).double(), 0.6)
    ours = lesson.kl(q.log_prob(nodes), p.log_prob(nodes), nodes)
    torch.testing.assert_close(ours, torch.distributions.kl_divergence(q, p))


# --- Explorers --------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def small_flow():
    torch.manual_seed(0)
    flow = flows.Flow(
        flows.standard_normal(2),
        [flows.SplineCoupling(2, 4, 3.0, flip=f, hidden=(8,)) for f in (False, True, False)],
    )
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return flow


@lru_cache(maxsize=1)
def seam():
    nodes = torch.linspace(-7, 7, 701, dtype=torch.float64)
    halves = Categorical(torch.ones(2).double())
    posterior = MixtureSameFamily(halves, Normal(torch.tensor([-2.2, 2.2]).double(), 0.35))
    gaussian = Normal(torch.tensor(-2.2).double(), 0.35)
    wide, run = Normal(torch.zeros(()).double(), 1.0), []
    for weight in torch.linspace(0.02, 0.98, 5).double():
        parts = torch.stack([wide.log_prob(nodes), posterior.log_prob(nodes)])
        run.append(torch.logsumexp(parts + torch.stack([1 - weight, weight]).log()[:, None], 0))
    films = torch.stack([torch.stack(run), torch.stack(run).flip(0)])  # two runs, five times
    runs = {"pathwise": films, "score function, annealed": films.flip(0)}
    return nodes, posterior.log_prob(nodes), gaussian.log_prob(nodes), runs


@pytest.mark.parametrize(
    "make",
    [
        lesson.explore_bins,
        lambda: lesson.explore_layers(small_flow()),
        lambda: lesson.explore_seam(*seam()),
    ],
    ids=["bins", "layers", "seam"],
)
def test_every_corner_is_a_frame_that_can_be_read(make):
    assert not faults(make())


@given(st.floats(0.4, 5), st.floats(0.4, 0.7))
@few
def test_every_bin_holds_a_twentieth_of_the_density_drawn(slope, share):
    frame = lesson.explore_bins().frame(slope=slope, share=share)
    density, x = frame["density"]
    _, lands = lesson.bins(slope, share)
    for low, high in itertools.pairwise(lands[1:-1]):
        inside = (x >= low) & (x <= high)
        edges = torch.cat([low[None], x[inside], high[None]])
        heights = torch.cat([density[inside][:1], density[inside], density[inside][-1:]])
        assert torch.trapezoid(heights, edges).item() == pytest.approx(0.05, abs=0.006)
    bars = torch.as_tensor(frame["bars"])
    areas = (bars[1:-1:2, 0] * (bars[2::2, 1] - bars[1:-1:2, 1]))[:20]
    torch.testing.assert_close(areas, torch.full((20,), 0.05).double())


def test_the_slope_in_the_middle_is_the_one_set():
    for slope in (0.4, 1.0, 5.0):
        theta = lesson.by_hand(slope, 0.5)
        x, log_slope = lesson.HAND.forward(torch.zeros(1).double(), theta)
        assert (x.item(), log_slope.exp().item()) == pytest.approx((0, slope), abs=1e-9)


def test_a_square_keeps_its_mass_under_the_layers():
    flow = small_flow()
    torch.manual_seed(1)
    with torch.no_grad():
        z = torch.randn(200_000, 2)
        share = ((z >= 0) & (z < 1)).all(1).double().mean().item()
    assert lesson.SQUARES[10] == (0, 0)
    assert share == pytest.approx(lesson.mass(10), abs=5e-3)
    assert lesson.area(lesson.square_outline(10)) == pytest.approx(1, abs=1e-6)
    frame = lesson.explore_layers(flow).frame(layers=3, square=11)
    # The density's mean over the image is the mass over the area: by pixels inside the outline.
    outline, density = torch.as_tensor(frame["square"]), torch.as_tensor(frame["density"])
    pixels = lesson._lattice(120)
    back, _ = lesson._pull(flow.transforms, pixels)
    inside = ((back >= 0) & (back < 1)).all(1).reshape(120, 120)
    cell = (2 * lesson.WINDOW / 120) ** 2
    assert (density[inside].sum() * cell).item() == pytest.approx(lesson.mass(10), rel=0.05)
    assert inside.sum().item() * cell == pytest.approx(lesson.area(outline), rel=0.05)


def test_the_seams_numbers_are_divergences():
    nodes, log_posterior, log_gaussian, runs = seam()
    frame = lesson.explore_seam(nodes, log_posterior, log_gaussian, runs).frame(
        gradient="pathwise", run=2, time=4
    )
    gap = lesson.kl(runs["pathwise"][1, 4], log_posterior, nodes).item()
    assert f"KL {gap:.3f}" in frame["numbers"] and "run 2, after 100%" in frame["alt"]
    assert lesson.kl(log_gaussian, log_posterior, nodes).item() == pytest.approx(log(2), abs=1e-6)


# --- Questions and figures --------------------------------------------------------------------


def test_every_question_has_one_right_answer_and_every_option_a_reason():
    polls = [lesson.recall(k) for k in (1, 2, 3)]
    polls += [lesson.poll_stretch(), lesson.poll_maf_or_iaf(), lesson.poll_topology()]
    polls += [lesson.predict_bins().poll, lesson.predict_seam(*seam()).poll]
    for poll in polls:
        assert sum(option.right for option in poll.options) == 1
        assert all(option.why for option in poll.options)


def two_peaks():
    peaks = MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.tensor([-2.0, 2.0]), 0.5))
    line = flows.Flow(flows.standard_normal(1), [flows.Spline(1, 4, 5.0)])
    return lesson.plot_two_peaks(line, peaks)


def warps():
    torch.manual_seed(0)
    return lesson.plot_warps({"Planar": flows.Planar(2), "Radial": flows.Radial(2)})


def branches():
    torch.manual_seed(0)
    encoder, decoder = vae.MixtureEncoder(2, 1), vae.Decoder(1, 2)
    with torch.no_grad():
        encoder.network[0].weight.zero_()
        encoder.network[0].bias.copy_(torch.tensor([0.0, log(3), -1.5, 2.0, 0.0, 0.0]))
    return lesson.plot_branches(encoder, decoder)


FIGURES = {
    "branches": (branches, "the weights are 0.25 at z = -1.5, 0.75 at z = 2.0"),
    "peaks": (two_peaks, "slope 1.0"),
    "checkerboard": (
        lambda: lesson.plot_density(small_flow(), lesson.log_checkerboard, 4.4, "Checkerboard"),
        "the true one 0.03",
    ),
    "moons": (
        lambda: lesson.plot_density(small_flow(), lesson.log_moons, 2.4, "Two moons"),
        "the true one 0.6",
    ),
    "warps": (warps, "from 0.00 to 0.00"),
    "bridge": (lambda: lesson.plot_bridge(small_flow(), lesson.log_ring), "10 to the -21"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_can_be_read_and_describe_themselves_with_numbers(name):
    draw, says = FIGURES[name]
    with drawn_texts() as texts:
        picture = draw()
    assert not unreadable(texts)
    assert says in picture.alt
