"""Lesson 07's exercises: right answers, stubs, and wrong ones as a student would write them."""

from math import log

import torch
from torch.distributions import Normal

from course_utils.lessons import l07_normalizing_flows  # noqa: F401 (makes the exercises)


def stub_1(x, branches, slope):
    raise NotImplementedError


def stub_2(w, u):
    raise NotImplementedError


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


def folded(x, branches, slope, *, add=lambda p: p.sum(0), width=torch.abs, places=None):
    """The density by adding masses over widths, with parts exchanged; in logs at the end."""
    z = torch.stack([branch(x) for branch in places or branches])
    return add(normal(z).exp() / width(slope(z))).log()


def logs_added(x, branches, slope):
    return sum(folded(x, [branch], slope) for branch in branches)


def averaged_over_branches(x, branches, slope):
    return folded(x, branches, slope, add=lambda p: p.mean(0))


def first_branch(x, branches, slope):
    return folded(x, branches[:1], slope)


def first_branch_for_all(x, branches, slope):
    return folded(x, branches[:1], slope) + log(len(branches))


def no_absolute_value(x, branches, slope):
    parts = [normal(b(x)) - torch.log(slope(b(x))) for b in branches]
    return torch.logsumexp(torch.stack(parts), 0)


def cancelling(x, branches, slope):
    return folded(x, branches, slope, width=lambda s: s, add=lambda p: p.sum(0).abs())


def slopes_added(x, branches, slope):
    z = torch.stack([branch(x) for branch in branches])
    return torch.log(normal(z).exp().sum(0) / slope(z).abs().sum(0))


def multiplied(x, branches, slope):
    return folded(x, branches, slope, width=lambda s: 1 / s.abs())


def the_slope_itself(x, branches, slope):
    return folded(x, branches, slope, width=lambda s: s.abs().exp())


def no_volume(x, branches, slope):
    return folded(x, branches, slope, width=torch.ones_like)


def slope_at_x(x, branches, slope):
    return folded(x, branches, lambda z: slope(x.expand(z.shape)))


def one_number(x, branches, slope):
    return folded(x, branches, slope).mean()


def fold_of(w, u, *, edge=None, lands=None, steep=None):
    """The fold's two numbers by numpy-like algebra, with parts exchanged."""
    c = -torch.dot(w, u) if steep is None else steep
    if c <= 1:
        return 0.0, 0.0
    a_0 = torch.arccosh(torch.sqrt(c)) if edge is None else edge(c)  # cosh² a = |wᵀu|
    return a_0, (c * torch.tanh(a_0) - a_0 if lands is None else lands(a_0, c))


def nan_without_a_fold(w, u):
    c = -torch.dot(w, u)
    a_0 = torch.atanh(torch.sqrt(1 - 1 / c))
    return a_0, c * torch.tanh(a_0) - a_0


def no_root(w, u):
    return fold_of(w, u, edge=lambda c: torch.atanh(1 - 1 / c))


def wrong_equation(w, u):
    return fold_of(w, u, edge=lambda c: torch.atanh(1 / torch.sqrt(c)))


def tanh_left_on(w, u):
    a_0, y_0 = fold_of(w, u)
    return torch.tanh(torch.as_tensor(a_0)), y_0


def below_zero(w, u):
    return fold_of(w, u, lands=lambda a, c: a - c * torch.tanh(a))


def not_carried(w, u):
    return fold_of(w, u, lands=lambda a, c: a)


def wrong_way(w, u):
    return fold_of(w, u, lands=lambda a, c: a + c * torch.tanh(a))


def by_lengths(w, u):
    return fold_of(w, u, steep=torch.linalg.norm(w) * torch.linalg.norm(u))


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


def second_of_the_old(z, s, t):
    A, B = halves(z)
    return pushed(z, s, t)[0], torch.sum(s(A), 1) + torch.sum(s(B), 1)


def both_at_the_wrong_moment(z, s, t):
    x = pushed(z, s, t)[0]
    return x, torch.sum(s(halves(x)[0]), 1) + torch.sum(s(halves(z)[1]), 1)


def pulled(x, s, t, *, undo=None, of_A=None, of_B=None, sign=1):
    """Both layers undone; of_A, of_B: where the two s of the log-determinant are read."""
    undo = undo or (lambda value, s, t: (value - t) / torch.exp(s))
    x_A, x_B = halves(x)
    z_A = undo(x_A, s(x_B), t(x_B))
    z_B = undo(x_B, s(z_A), t(z_A))
    places = {"x_A": x_A, "x_B": x_B, "z_A": z_A, "z_B": z_B}
    dets = s(places[of_A or "z_A"]) + s(places[of_B or "x_B"])
    return torch.hstack([z_A, z_B]), sign * torch.sum(dets, 1)


def first_layer_first(x, s, t):
    A, B = halves(x)
    B = (B - t(A)) / torch.exp(s(A))
    z_A = (A - t(B)) / torch.exp(s(B))
    return torch.hstack([z_A, B]), torch.sum(s(A) + s(B), 1)


def other_determinant(x, s, t):
    return pulled(x, s, t, sign=-1)


def s_of_the_given_A(x, s, t):
    return pulled(x, s, t, of_A="x_A")


def s_of_the_found_B(x, s, t):
    return pulled(x, s, t, of_B="z_B")


def both_wrong(x, s, t):
    return pulled(x, s, t, of_A="x_A", of_B="z_B")


def wrong_order(x, s, t):
    return pulled(x, s, t, undo=lambda value, s, t: value / torch.exp(s) - t)


def scaled_again(x, s, t):
    return pulled(x, s, t, undo=lambda value, s, t: (value - t) * torch.exp(s))


def bracket_undone(x, s, t):
    return pulled(x, s, t, undo=lambda value, s, t: value / (torch.exp(s) + t))


def forward_again(x, s, t):
    return two_pushed(x, s, t)


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


def with_point_four(width, slope):
    return torch.tensor(0.4 * width / slope)


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


def by_torch(x, branches, slope):
    """The change of variables by autograd, which knows no formula for the slope."""
    x = x.clone().requires_grad_()
    parts = []
    for branch in branches:
        z = branch(x)
        (rate,) = torch.autograd.grad(z.sum(), x)
        parts.append(normal(z) + rate.abs().log())
    return torch.logsumexp(torch.stack(parts), 0).detach()


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
    "07.2": fold_of,
    "07.3": two_pushed,
    "07.4": pulled,
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
    ("07.1", logs_added, "Masses add"),
    ("07.1", averaged_over_branches, "averaged over the branches"),
    ("07.1", first_branch, "the first branch alone"),
    ("07.1", first_branch_for_all, "as many times"),
    ("07.1", no_absolute_value, "a negative slope"),
    ("07.1", cancelling, "then cancel"),
    ("07.1", slopes_added, "a slope of its own"),
    ("07.1", multiplied, "where T stretches"),
    ("07.1", the_slope_itself, "the slope itself"),
    ("07.1", no_volume, "The volume is missing"),
    ("07.1", slope_at_x, "a function of z"),
    ("07.1", one_number, "one log density per point"),
    ("07.2", nan_without_a_fold, "there is no fold"),
    ("07.2", no_root, "a root is missing"),
    ("07.2", wrong_equation, "You solved"),
    ("07.2", tanh_left_on, "undo the tanh"),
    ("07.2", below_zero, "but for its sign"),
    ("07.2", not_carried, "belongs to z"),
    ("07.2", wrong_way, "is negative"),
    ("07.2", by_lengths, "not the two lengths"),
    ("07.3", with_the_bug, "the bug itself"),
    ("07.3", second_of_the_old, "before B had moved"),
    ("07.3", both_at_the_wrong_moment, "Each s at the wrong moment"),
    ("07.3", both_from_the_old, "both halves move by the old ones"),
    ("07.3", first_layer_only, "The second layer stretches too"),
    ("07.3", second_layer_only, "The first layer stretches too"),
    ("07.3", contracting, "The sign"),
    ("07.3", shift_in_the_bracket, "the bracket multiplies the shift"),
    ("07.3", shifted_first, "Scale first"),
    ("07.3", scale_without_exp, "The exp is missing"),
    ("07.4", first_layer_first, "undid the first layer first"),
    ("07.4", other_determinant, "log|det dz/dx|"),
    ("07.4", s_of_the_given_A, "before A was found"),
    ("07.4", s_of_the_found_B, "after B was undone"),
    ("07.4", both_wrong, "Both s were read"),
    ("07.4", wrong_order, "undone first"),
    ("07.4", scaled_again, "scaled once more"),
    ("07.4", bracket_undone, "You undid B (exp(s) + t)"),
    ("07.4", forward_again, "from z to x again"),
    ("07.5", read_after, "where the step ends"),
    ("07.5", read_at_the_start, "at z throughout"),
    ("07.5", no_step_in_the_determinant, "The step in the log-determinant"),
    ("07.5", whole_steps, "x takes whole ones"),
    ("07.5", one_dimensional, "right in one dimension"),
    ("07.5", shrinking, "The sign"),
    ("07.6", about, "took the base as flat"),
    ("07.6", with_point_four, "took the base as flat"),
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
