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
    z_A, z_B = z.chunk(2, -1)
    x_B = z_B * ...
    return torch.cat([z_A, x_B], -1), ...


def stub_4(x, s, t):
    raise NotImplementedError


def stub_5(log_q, log_prior, log_likelihood, power):
    cost = log_q - log_prior - power * log_likelihood
    return cost - ...


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


def no_baseline(log_q, log_prior, log_likelihood, power):
    return log_q - (log_prior + power * log_likelihood)


def over_the_others(log_q, log_prior, log_likelihood, power):
    r = log_q - log_prior - power * log_likelihood
    return r - (r.sum() - r) / (len(r) - 1)


def for_the_elbo(log_q, log_prior, log_likelihood, power):
    r = log_prior + power * log_likelihood - log_q
    return r - r.mean()


def all_tempered(log_q, log_prior, log_likelihood, power):
    r = log_q - power * (log_prior + log_likelihood)
    return r - r.mean()


def not_tempered(log_q, log_prior, log_likelihood, power):
    r = log_q - log_prior - log_likelihood
    return r - r.mean()


def no_entropy(log_q, log_prior, log_likelihood, power):
    r = -log_prior - power * log_likelihood
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


def centred(log_q, log_prior, log_likelihood, power):
    r = torch.stack([log_q, -log_prior, -power * log_likelihood]).sum(0)
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
    ("07.5", not_tempered, "η is missing"),
    ("07.5", no_entropy, "log q is missing"),
]
