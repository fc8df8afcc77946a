"""Lesson 07's exercises: right answers, stubs, and wrong ones as a student would write them."""

from math import log

import torch
from torch.distributions import Normal

from course_utils.lessons import l07_normalizing_flows  # noqa: F401 (makes the exercises)


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
    raise NotImplementedError


def stub_4(x, s, t):
    raise NotImplementedError


def stub_5(z, velocity, divergence, num_steps):
    raise NotImplementedError


def stub_6(width, slope):
    raise NotImplementedError


def stub_7(log_joint, log_base, layers, z):
    raise NotImplementedError


def normal(z):
    return Normal(torch.zeros(()).double(), 1.0).log_prob(z)


def added(x, inverse, slope):
    z = inverse(x)
    return normal(z) + slope(z).abs().log()


def no_volume(x, inverse, slope):
    return normal(inverse(x))


def no_logarithm_of_the_slope(x, inverse, slope):
    z = inverse(x)
    return normal(z) - torch.abs(slope(z))


def the_slope_itself(x, inverse, slope):
    z = inverse(x)
    return normal(z) - slope(z)


def divided_log(x, inverse, slope):
    z = inverse(x)
    return normal(z) / torch.abs(slope(z))


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


def with_the_bug(z, s, t):
    A, B = z.chunk(2, -1)
    B = B * s(A).exp() + t(A)
    A = A * s(B).exp() + t(B)
    return torch.cat([A, B], -1), s(A).sum(-1) + s(B).sum(-1)


def both_from_the_old(z, s, t):
    A, B = halves(z)
    new_A, new_B = torch.exp(s(B)) * A + t(B), torch.exp(s(A)) * B + t(A)
    return torch.hstack([new_A, new_B]), torch.sum(s(A) + s(B), 1)


def pushed(z, s, t):
    """Both layers' moves, and what each of them read."""
    A, B = halves(z)
    new_B = torch.addcmul(t(A), B, torch.exp(s(A)))
    new_A = torch.addcmul(t(new_B), A, torch.exp(s(new_B)))
    return torch.hstack([new_A, new_B]), torch.sum(s(A), 1), torch.sum(s(new_B), 1)


def first_layer_only(z, s, t):
    x, one, _ = pushed(z, s, t)
    return x, one


def second_layer_only(z, s, t):
    x, _, two = pushed(z, s, t)
    return x, two


def contracting(z, s, t):
    x, one, two = pushed(z, s, t)
    return x, -one - two


def shift_in_the_bracket(z, s, t):
    A, B = halves(z)
    new_B = B * (torch.exp(s(A)) + t(A))
    new_A = A * (torch.exp(s(new_B)) + t(new_B))
    return torch.hstack([new_A, new_B]), torch.sum(s(A), 1) + torch.sum(s(new_B), 1)


def shifted_first(z, s, t):
    A, B = halves(z)
    new_B = torch.exp(s(A)) * (B + t(A))
    new_A = torch.exp(s(new_B)) * (A + t(new_B))
    return torch.hstack([new_A, new_B]), torch.sum(s(A), 1) + torch.sum(s(new_B), 1)


def scale_without_exp(z, s, t):
    A, B = halves(z)
    new_B = B * s(A) + t(A)
    new_A = A * s(new_B) + t(new_B)
    return torch.hstack([new_A, new_B]), torch.sum(s(A), 1) + torch.sum(s(new_B), 1)


def other_determinant(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, (B - t(A)) / torch.exp(s(A))]), -torch.sum(s(A), 1)


def wrong_order(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, B / torch.exp(s(A)) - t(A)]), torch.sum(s(A), 1)


def scaled_again(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, (B - t(A)) * torch.exp(s(A))]), torch.sum(s(A), 1)


def bracket_undone(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, B / (torch.exp(s(A)) + t(A))]), torch.sum(s(A), 1)


def forward_again(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, B * torch.exp(s(A)) + t(A)]), torch.sum(s(A), 1)


def nets_of_x_B(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, (B - t(B)) / torch.exp(s(B))]), torch.sum(s(A), 1)


def drifting(z, velocity, divergence, num_steps, step=None, gain=None, read="before"):
    """The chain of small steps, by a list, with parts exchanged."""
    path = [z]
    for _ in range(num_steps):
        path.append(path[-1] + velocity(path[-1]) * (step or 1 / num_steps))
    places = {"before": path[:-1], "after": path[1:], "start": [z] * num_steps}[read]
    rates = torch.stack([divergence(place) for place in places])
    return path[-1], (rates / num_steps if gain is None else gain(rates, num_steps)).sum(0)


def read_after(z, velocity, divergence, num_steps):
    return drifting(z, velocity, divergence, num_steps, read="after")


def read_at_the_start(z, velocity, divergence, num_steps):
    return drifting(z, velocity, divergence, num_steps, read="start")


def no_step_in_the_determinant(z, velocity, divergence, num_steps):
    return drifting(z, velocity, divergence, num_steps, gain=lambda rates, _: rates)


def whole_steps(z, velocity, divergence, num_steps):
    return drifting(z, velocity, divergence, num_steps, step=1.0)


def one_dimensional(z, velocity, divergence, num_steps):
    return drifting(z, velocity, divergence, num_steps, gain=lambda r, K: torch.log1p(r / K))


def shrinking(z, velocity, divergence, num_steps):
    return drifting(z, velocity, divergence, num_steps, gain=lambda rates, K: -rates / K)


def phi(a):
    return Normal(0.0, 1.0).cdf(torch.tensor(a, dtype=torch.float64))


def about(width, slope):
    return normal(torch.zeros((), dtype=torch.float64)).exp() * width / slope


def from_the_middle(width, slope):
    return phi(width / slope) - phi(0.0)


def twice_too_wide(width, slope):
    return phi(width / slope) - phi(-width / slope)


def the_width(width, slope):
    return torch.tensor(width / slope, dtype=torch.float64)


def stretched(width, slope):
    return phi(width * slope / 2) - phi(-width * slope / 2)


def all_to_the_left(width, slope):
    return phi(width / slope / 2)


def through(layers, z):
    dets = []
    for layer in layers:
        z, det = layer(z)
        dets += [det]
    return z, dets


def minus_volume(log_joint, log_base, layers, z):
    x, dets = through(layers, z)
    return log_joint(x) - log_base(z) - sum(dets)


def no_volume_at_all(log_joint, log_base, layers, z):
    return log_joint(through(layers, z)[0]) - log_base(z)


def base_at_the_end(log_joint, log_base, layers, z):
    x, dets = through(layers, z)
    return log_joint(x) - log_base(x) + sum(dets)


def joint_at_the_start(log_joint, log_base, layers, z):
    return log_joint(z) - log_base(z) + sum(through(layers, z)[1])


def energy_alone(log_joint, log_base, layers, z):
    return log_joint(through(layers, z)[0])


def base_left_out(log_joint, log_base, layers, z):
    x, dets = through(layers, z)
    return log_joint(x) + sum(dets)


def base_added(log_joint, log_base, layers, z):
    x, dets = through(layers, z)
    return log_joint(x) + log_base(z) + sum(dets)


def layers_reversed(log_joint, log_base, layers, z):
    x, dets = through(list(reversed(layers)), z)
    return log_joint(x) - log_base(z) + sum(dets)


def last_volume_only(log_joint, log_base, layers, z):
    x, dets = through(layers, z)
    return log_joint(x) - log_base(z) + dets[-1]


def mean_of_the_bound(log_joint, log_base, layers, z):
    x, dets = through(layers, z)
    return torch.mean(log_joint(x) - log_base(z) + sum(dets))


def by_torch(x, inverse, slope):
    """The change of variables by autograd, which knows no formula for the slope."""
    x = x.clone().requires_grad_()
    z = inverse(x)
    (rate,) = torch.autograd.grad(z.sum(), x)
    return (normal(z) + rate.abs().log()).detach()


def pull(x, s, t):
    A, B = halves(x)
    return torch.hstack([A, (B - t(A)) / torch.exp(s(A))]), torch.einsum("nd->n", s(A))


def two_pushed(z, s, t):
    x, one, two = pushed(z, s, t)
    return x, one + two


def symmetric(width, slope):
    return torch.erf(torch.tensor(width / slope / 8**0.5, dtype=torch.float64))


def by_composition(log_joint, log_base, layers, z):
    x, dets = through(layers, z)
    return log_joint(x) - (log_base(z) - torch.stack(dets, 1).sum(1))


RIGHT = {
    "07.1": by_torch,
    "07.2": planar_with,
    "07.3": two_pushed,
    "07.4": pull,
    "07.5": drifting,
    "07.6": symmetric,
    "07.7": by_composition,
}
STUBS = {
    "07.1": stub_1,
    "07.2": stub_2,
    "07.3": stub_3,
    "07.4": stub_4,
    "07.5": stub_5,
    "07.6": stub_6,
    "07.7": stub_7,
}
WRONG = [
    ("07.1", added, "where T stretches"),
    ("07.1", no_volume, "The volume is missing"),
    ("07.1", no_logarithm_of_the_slope, "You subtracted the slope itself. A"),
    ("07.1", the_slope_itself, "sign and all"),
    ("07.1", divided_log, "has the slope's log subtracted"),
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
    ("07.3", with_the_bug, "the bug itself"),
    ("07.3", both_from_the_old, "both halves move by the old ones"),
    ("07.3", first_layer_only, "The second layer stretches too"),
    ("07.3", second_layer_only, "The first layer stretches too"),
    ("07.3", contracting, "The sign"),
    ("07.3", shift_in_the_bracket, "the bracket multiplies the shift"),
    ("07.3", shifted_first, "Scale first"),
    ("07.3", scale_without_exp, "The exp is missing"),
    ("07.4", other_determinant, "log|det dz/dx|"),
    ("07.4", wrong_order, "undone first"),
    ("07.4", scaled_again, "scaled once more"),
    ("07.4", bracket_undone, "You undid z_B (exp(s) + t)"),
    ("07.4", forward_again, "from z to x again"),
    ("07.4", nets_of_x_B, "From x_B"),
    ("07.5", read_after, "where the step ends"),
    ("07.5", read_at_the_start, "at z throughout"),
    ("07.5", no_step_in_the_determinant, "The step in the log-determinant"),
    ("07.5", whole_steps, "x takes whole ones"),
    ("07.5", one_dimensional, "right in one dimension"),
    ("07.5", shrinking, "The sign"),
    ("07.6", about, "took the base as flat"),
    ("07.6", from_the_middle, "begins at z = 0"),
    ("07.6", twice_too_wide, "Twice too wide"),
    ("07.6", the_width, "the width of the sliver"),
    ("07.6", stretched, "divide"),
    ("07.6", all_to_the_left, "Take off what lies left"),
    ("07.7", minus_volume, "The sign of the log-determinants"),
    ("07.7", no_volume_at_all, "The volumes are missing"),
    ("07.7", base_at_the_end, "at the base's sample</i>"),
    ("07.7", joint_at_the_start, "must see the flow's sample"),
    ("07.7", energy_alone, "shrinking to a point"),
    ("07.7", base_left_out, "is missing. For fixed layers"),
    ("07.7", base_added, "The sign of log q(z_0)"),
    ("07.7", layers_reversed, "order of the <i>inverse"),
    ("07.7", last_volume_only, "Only the last layer"),
    ("07.7", mean_of_the_bound, "one value per sample"),
]
