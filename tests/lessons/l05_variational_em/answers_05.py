"""Lesson 05's exercises: right answers, stubs, and wrong ones as a student would write them."""

import torch
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence


def stub_1(log_joint, nodes):
    raise NotImplementedError


def stub_2(log_q, log_joint, nodes, kept):
    raise NotImplementedError


def stub_3(covariance, cut):
    raise NotImplementedError


def stub_4(log_likelihood, mu, factor, eps):
    raise NotImplementedError


def stub_5(log_joint, log_levels, q):
    raise NotImplementedError


def stub_6(log_joint, means, tau):
    raise NotImplementedError


def stub_7(log_joint, log_q):
    raise NotImplementedError


def one_spacing(log_joint, nodes):
    return torch.logsumexp(log_joint, 1) + torch.log(nodes[1] - nodes[0])


def mean_spacing(log_joint, nodes):
    return torch.logsumexp(log_joint, 1) + torch.log((nodes[-1] - nodes[0]) / (len(nodes) - 1))


def a_sum(log_joint, nodes):
    return torch.logsumexp(log_joint, dim=1)


def left_ends(log_joint, nodes):
    return torch.logsumexp(log_joint[:, :-1] + (nodes[1:] - nodes[:-1]).log(), 1)


def right_ends(log_joint, nodes):
    return torch.logsumexp(log_joint[:, 1:] + (nodes[1:] - nodes[:-1]).log(), 1)


def no_half_slice(log_joint, nodes):
    return trapezoid(log_joint, nodes) + torch.log(torch.tensor(2.0))


def ends_whole(log_joint, nodes):
    weights = torch.zeros_like(nodes)
    weights[1:-1] = (nodes[2:] - nodes[:-2]) / 2
    weights[0], weights[-1] = nodes[1] - nodes[0], nodes[-1] - nodes[-2]
    return torch.logsumexp(log_joint + torch.log(weights), 1)


def straight_logs(log_joint, nodes):
    middles = (log_joint[:, :-1] + log_joint[:, 1:]) / 2
    return torch.logsumexp(middles + torch.log(nodes.diff()), dim=1)


def underflows(log_joint, nodes):
    return torch.log(torch.trapezoid(torch.exp(log_joint), nodes))


def log_integrated(log_joint, nodes):
    return torch.trapezoid(log_joint, nodes)


def a_density(log_joint, nodes):
    return torch.trapezoid(log_joint.exp(), nodes)


def trapezoid(log_joint, nodes):
    """Slice by slice: width times the mean of both ends."""
    heights = torch.logaddexp(log_joint[:, :-1], log_joint[:, 1:])
    return (heights + (nodes.diff() / 2).log()).logsumexp(1)


def lump(log_q, log_joint, nodes, kept):
    """From the normalised posterior, its share on q's side, and q against it there."""
    log_posterior = log_joint - trapezoid(log_joint, nodes)[:, None]
    share = torch.trapezoid(log_posterior.exp()[:, kept], nodes[kept], dim=1)
    whole = torch.trapezoid((log_q.exp() * (log_q - log_posterior))[:, kept], nodes[kept], dim=1)
    return -share.log(), whole + share.log()


def second_whole(*given):
    lost, shape = lump(*given)
    return lost, lost + shape


def first_whole(*given):
    lost, shape = lump(*given)
    return lost + shape, shape


def other_order(*given):
    return lump(*given)[::-1]


def lost_negated(*given):
    lost, shape = lump(*given)
    return -lost, shape


def lost_share(*given):
    lost, shape = lump(*given)
    return -torch.log1p(-torch.exp(-lost)), shape


def share_itself(*given):
    lost, shape = lump(*given)
    return torch.exp(-lost), shape


def not_a_share(log_q, log_joint, nodes, kept):
    _, shape = lump(log_q, log_joint, nodes, kept)
    return -trapezoid(log_joint[:, kept], nodes[kept]), shape


def shape_unnormalised(log_q, log_joint, nodes, kept):
    lost, _ = lump(log_q, log_joint, nodes, kept)
    terms = (log_q.exp() * (log_q - log_joint))[:, kept]
    return lost, torch.trapezoid(terms, nodes[kept], dim=1)


def integral_cut(log_q, log_joint, nodes, kept):
    log_p = log_joint - trapezoid(log_joint, nodes)[:, None]
    integrand = log_q.exp() * (log_q - log_p)
    sides = (~kept, kept)
    return tuple(torch.trapezoid(integrand[:, side], nodes[side]) for side in sides)


def shape_reversed(log_q, log_joint, nodes, kept):
    lost, _ = lump(log_q, log_joint, nodes, kept)
    log_p = log_joint[:, kept] - trapezoid(log_joint[:, kept], nodes[kept])[:, None]
    return lost, torch.trapezoid(log_p.exp() * (log_p - log_q[:, kept]), nodes[kept], dim=1)


def entropy_forgotten(log_q, log_joint, nodes, kept):
    lost, _ = lump(log_q, log_joint, nodes, kept)
    mass = trapezoid(log_joint[:, kept], nodes[kept])
    energy = torch.trapezoid((log_q.exp() * log_joint)[:, kept], nodes[kept], dim=1)
    return lost, mass - energy


def mutual_information(covariance, cut):
    """The same price from the covariances of the groups."""
    first, second = covariance[:cut, :cut], covariance[cut:, cut:]
    return 0.5 * torch.log(first.det() * second.det() / covariance.det())


def every_tie(covariance, cut):
    return 0.5 * (torch.log(torch.diag(covariance.inverse())).sum() + torch.logdet(covariance))


def cut_without_half(covariance, cut):
    return 2 * mutual_information(covariance, cut)


def cut_negated(covariance, cut):
    return -mutual_information(covariance, cut)


def cut_without_sigma(covariance, cut):
    precision = covariance.inverse()
    blocks = precision[:cut, :cut], precision[cut:, cut:]
    return sum(block.logdet() for block in blocks) / 2


def cut_sigma_subtracted(covariance, cut):
    return cut_without_sigma(covariance, cut) - 0.5 * covariance.logdet()


def marginals_kept(covariance, cut):
    blocks = torch.block_diag(covariance[:cut, :cut], covariance[cut:, cut:])
    zero = torch.zeros(len(covariance), dtype=covariance.dtype)
    return kl_divergence(MultivariateNormal(zero, blocks), MultivariateNormal(zero, covariance))


def cut_without_logs(covariance, cut):
    precision = covariance.inverse()
    blocks = precision[:cut, :cut], precision[cut:, cut:], covariance
    return 0.5 * sum(torch.det(block) for block in blocks)


def cut_in_sigma(covariance, cut):
    blocks = [covariance[:cut, :cut], covariance[cut:, cut:], covariance]
    return sum(torch.logdet(block) for block in blocks) / 2


def bound(log_likelihood, mu, factor, eps, *, sign=1.0, move=None):
    """The estimate by torch's distributions; move: what stands for L in z."""
    z = mu + torch.einsum("nij,snj->sni", factor if move is None else move, eps)
    q = MultivariateNormal(mu, scale_tril=factor)
    prior = MultivariateNormal(torch.zeros_like(mu), torch.eye(mu.shape[1], dtype=mu.dtype))
    return torch.stack([log_likelihood(one) for one in z]).mean(0) - sign * kl_divergence(q, prior)


def gaussian_kl(mu, trace, log_det):
    return 0.5 * ((mu**2).sum(-1) + trace - mu.shape[-1] - log_det)


def fit(log_likelihood, mu, factor, eps):
    return log_likelihood(mu + torch.einsum("nij,snj->sni", factor, eps)).mean(0)


def kl_added(log_likelihood, mu, factor, eps):
    return bound(log_likelihood, mu, factor, eps, sign=-1.0)


def kl_forgotten(log_likelihood, mu, factor, eps):
    return fit(log_likelihood, mu, factor, eps)


def transposed(log_likelihood, mu, factor, eps):
    return bound(log_likelihood, mu, factor, eps, move=factor.transpose(1, 2))


def diagonal_moves(log_likelihood, mu, factor, eps):
    return bound(log_likelihood, mu, factor, eps, move=factor * torch.eye(mu.shape[1]))


def diagonal_trace(log_likelihood, mu, factor, eps):
    diagonal = torch.diagonal(factor, dim1=-2, dim2=-1)
    kl = gaussian_kl(mu, (diagonal**2).sum(-1), 2 * diagonal.log().sum(-1))
    return fit(log_likelihood, mu, factor, eps) - kl


def trace_of_the_factor(log_likelihood, mu, factor, eps):
    diagonal = torch.diagonal(factor, dim1=-2, dim2=-1)
    kl = gaussian_kl(mu, diagonal.sum(-1), 2 * diagonal.log().sum(-1))
    return fit(log_likelihood, mu, factor, eps) - kl


def with_log_det(times, log_likelihood, mu, factor, eps):
    kl = gaussian_kl(mu, (factor**2).sum((-1, -2)), times * torch.logdet(factor))
    return fit(log_likelihood, mu, factor, eps) - kl


def log_det_of_the_factor(*given):
    return with_log_det(1, *given)


def no_entropy(*given):
    return with_log_det(0, *given)


def log_det_added(*given):
    return with_log_det(-2, *given)


def constant_forgotten(log_likelihood, mu, factor, eps):
    return bound(log_likelihood, mu, factor, eps) - mu.shape[1] / 2


def no_half(log_likelihood, mu, factor, eps):
    value = fit(log_likelihood, mu, factor, eps)
    return 2 * bound(log_likelihood, mu, factor, eps) - value


def kl_sampled(log_likelihood, mu, factor, eps):
    z = mu + torch.einsum("nij,snj->sni", factor, eps)
    q = MultivariateNormal(mu, scale_tril=factor)
    log_prior = Normal(torch.tensor(0.0).double(), 1.0).log_prob(z).sum(-1)
    return (log_likelihood(z) + log_prior - q.log_prob(z)).mean(0)


def samples_summed(log_likelihood, mu, factor, eps):
    more = (len(eps) - 1) * fit(log_likelihood, mu, factor, eps)
    return bound(log_likelihood, mu, factor, eps) + more


def averaged_over_points(log_likelihood, mu, factor, eps):
    return bound(log_likelihood, mu, factor, eps).mean()


def sweep(log_joint, log_levels, q):
    """The update with loops."""
    pixels = torch.stack([(row[:, None, None] * log_levels).sum(0) for row in q]).softmax(-1)
    return scores(log_joint, log_levels, pixels).softmax(1), pixels


def scores(log_joint, log_levels, pixels):
    parts = [(pixels * level).sum((1, 2)) for level in log_levels]
    return log_joint + torch.stack(parts, 1)


def blended(log_joint, log_levels, q):
    pixels = torch.tensordot(q, log_levels.exp(), 1)
    return scores(log_joint, log_levels, pixels).softmax(1), pixels


def loose_pixels(log_joint, log_levels, q):
    pixels = torch.tensordot(q, log_levels, 1).exp()
    return scores(log_joint, log_levels, pixels).softmax(1), pixels


def still_binary(log_joint, log_levels, q):
    pixels = torch.sigmoid(torch.tensordot(q, log_levels, 1))
    return scores(log_joint, log_levels, pixels).softmax(1), pixels


def visible_ignored(log_joint, log_levels, q):
    return sweep(torch.zeros_like(log_joint), log_levels, q)


def over_images(log_joint, log_levels, q):
    _, pixels = sweep(log_joint, log_levels, q)
    return scores(log_joint, log_levels, pixels).softmax(0), pixels


def old_q_kept(log_joint, log_levels, q):
    _, pixels = sweep(log_joint, log_levels, q)
    new = q * scores(log_joint, log_levels, pixels).exp()
    return new / new.sum(1, keepdim=True), pixels


def log_outside(log_joint, log_levels, q):
    _, pixels = sweep(log_joint, log_levels, q)
    p = (pixels[:, None] * log_levels.exp()).sum(-1)  # (N, C, M)
    return (log_joint + p.log().sum(-1)).softmax(1), pixels


def pixels_last(log_joint, log_levels, q):
    new, _ = sweep(log_joint, log_levels, q)
    return new, sweep(log_joint, log_levels, new)[1]


def exact_component(log_joint, log_levels, q):
    return log_joint.softmax(dim=1), sweep(log_joint, log_levels, q)[1]


def not_normalised(log_joint, log_levels, q):
    _, pixels = sweep(log_joint, log_levels, q)
    return scores(log_joint, log_levels, pixels).exp(), pixels


def left_as_logs(log_joint, log_levels, q):
    _, pixels = sweep(log_joint, log_levels, q)
    return scores(log_joint, log_levels, pixels), pixels


def sweep_bound(log_joint, means, tau):
    """Term by term: the expected log joint and both entropies."""
    score = log_joint + tau @ means.log().T + (1 - tau) @ (1 - means).log().T
    q = score.softmax(1)
    return (q * (score - q.log())).sum(1) + Bernoulli(tau).entropy().sum(1)


def pixels_without_entropy(log_joint, means, tau):
    return sweep_bound(log_joint, means, tau) - Bernoulli(tau).entropy().sum(1)


def entropy_subtracted(log_joint, means, tau):
    return sweep_bound(log_joint, means, tau) - 2 * Bernoulli(tau).entropy().sum(1)


def half_an_entropy(log_joint, means, tau):
    return pixels_without_entropy(log_joint, means, tau) - (tau * tau.log()).sum(1)


def hard_component(log_joint, means, tau):
    score = log_joint + tau @ means.log().T + (1 - tau) @ (1 - means).log().T
    return score.max(1).values + Bernoulli(tau).entropy().sum(1)


def component_without_entropy(log_joint, means, tau):
    score = log_joint + tau @ means.log().T + (1 - tau) @ (1 - means).log().T
    return (score.softmax(1) * score).sum(1) + Bernoulli(tau).entropy().sum(1)


def the_evidence(log_joint, means, tau):
    return torch.logsumexp(log_joint, dim=1)


def mixture(log_q):
    return torch.logsumexp(log_q, 0) - torch.log(torch.tensor(len(log_q)))


def importance(log_joint, log_q):
    """Around the largest weight, so that exp is never 0 for all."""
    log_weights = log_joint - mixture(log_q)
    top = log_weights.max(0).values
    return top + (log_weights - top).exp().mean(0).log()


def own_density(log_joint, log_q):
    S, K = len(log_joint), len(log_q)
    which = torch.arange(S) * K // S
    return (log_joint - log_q[which, torch.arange(S)]).logsumexp(0) - torch.tensor(S).log()


def summed_density(log_joint, log_q):
    return importance(log_joint, log_q) - torch.tensor(float(len(log_q))).log()


def logs_averaged(log_joint, log_q):
    return importance(log_joint, log_q.mean(0, keepdim=True))


def elbo_again(log_joint, log_q):
    return torch.mean(log_joint - mixture(log_q), dim=0)


def weights_summed(log_joint, log_q):
    return torch.logsumexp(log_joint - mixture(log_q), 0)


def q_forgotten(log_joint, log_q):
    return importance(log_joint, torch.zeros_like(log_q))


def weights_without_log(log_joint, log_q):
    return torch.exp(log_joint - mixture(log_q)).mean(0)


def weights_underflow(log_joint, log_q):
    return torch.exp(log_joint - mixture(log_q)).mean(0).log()


def self_normalised(log_joint, log_q):
    log_weights = log_joint - mixture(log_q)
    return (log_weights.softmax(0) * log_weights).sum(0)


def q_multiplied(log_joint, log_q):
    return importance(log_joint + 2 * mixture(log_q), log_q)


RIGHT = {
    "05.1": trapezoid,
    "05.2": lump,
    "05.3": mutual_information,
    "05.4": bound,
    "05.5": sweep,
    "05.6": sweep_bound,
    "05.7": importance,
}
STUBS = {
    "05.1": stub_1,
    "05.2": stub_2,
    "05.3": stub_3,
    "05.4": stub_4,
    "05.5": stub_5,
    "05.6": stub_6,
    "05.7": stub_7,
}
WRONG = [
    ("05.1", a_sum, "has widths, too"),
    ("05.1", one_spacing, "one spacing for all"),
    ("05.1", mean_spacing, "mean spacing"),
    ("05.1", left_ends, "left end"),
    ("05.1", right_ends, "right end"),
    ("05.1", no_half_slice, "factor ½ is missing"),
    ("05.1", ends_whole, "on one side only"),
    ("05.1", straight_logs, "between the <i>logarithms</i>"),
    ("05.1", underflows, "exp(−900) is 0"),
    ("05.1", log_integrated, "integrated the logarithm"),
    ("05.1", a_density, "That is p(x)"),
    ("05.2", second_whole, "the second is the whole KL"),
    ("05.2", first_whole, "the first is the whole KL"),
    ("05.2", other_order, "in the other order"),
    ("05.2", lost_negated, "sign of the first"),
    ("05.2", lost_share, "that q has <i>lost</i>"),
    ("05.2", share_itself, "The first is the share"),
    ("05.2", not_a_share, "divided by the whole"),
    ("05.2", shape_unnormalised, "The second is −ELBO"),
    ("05.2", integral_cut, "cut the <i>integral</i>"),
    ("05.2", shape_reversed, "KL(lump‖q)"),
    ("05.2", entropy_forgotten, "entropy of q is missing"),
    ("05.3", every_tie, "cuts every tie"),
    ("05.3", cut_without_half, "factor ½"),
    ("05.3", cut_negated, "sign is turned"),
    ("05.3", cut_without_sigma, "log|Σ| is missing"),
    ("05.3", cut_sigma_subtracted, "with a plus"),
    ("05.3", marginals_kept, "the right marginals"),
    ("05.3", cut_without_logs, "summed determinants"),
    ("05.3", cut_in_sigma, "blocks of Σ"),
    ("05.4", kl_added, "The KL is subtracted"),
    ("05.4", kl_forgotten, "is missing"),
    ("05.4", transposed, "L is transposed"),
    ("05.4", diagonal_moves, "diagonal of L alone"),
    ("05.4", diagonal_trace, "all of L counts"),
    ("05.4", trace_of_the_factor, "the trace of L."),
    ("05.4", log_det_of_the_factor, "That is log|L|"),
    ("05.4", no_entropy, "entropy of q is missing"),
    ("05.4", log_det_added, "is turned"),
    ("05.4", constant_forgotten, "constant is off"),
    ("05.4", no_half, "factor ½"),
    ("05.4", kl_sampled, "sampled the KL"),
    ("05.4", samples_summed, "you summed"),
    ("05.4", averaged_over_points, "one bound per data point"),
    ("05.5", blended, "their <i>logarithms</i>"),
    ("05.5", loose_pixels, "pixels are not normalised"),
    ("05.5", still_binary, "for two values"),
    ("05.5", visible_ignored, "missing from the score"),
    ("05.5", over_images, "over components"),
    ("05.5", old_q_kept, "multiplied by the old"),
    ("05.5", log_outside, "log E[p]"),
    ("05.5", pixels_last, "once more"),
    ("05.5", exact_component, "exact posterior"),
    ("05.5", not_normalised, "Not normalised"),
    ("05.5", left_as_logs, "log q(k)"),
    ("05.6", pixels_without_entropy, "entropy of the pixels is missing"),
    ("05.6", entropy_subtracted, "wrong sign"),
    ("05.6", half_an_entropy, "two terms"),
    ("05.6", hard_component, "softer"),
    ("05.6", component_without_entropy, "entropy of q(k) is missing"),
    ("05.6", the_evidence, "the evidence itself"),
    ("05.7", own_density, "its own Gaussian's density"),
    ("05.7", summed_density, "integrates to K"),
    ("05.7", logs_averaged, "averaged the log densities"),
    ("05.7", elbo_again, "it is the ELBO again"),
    ("05.7", weights_summed, "You summed the weights"),
    ("05.7", q_forgotten, "divided by q(z)"),
    ("05.7", weights_without_log, "estimate of p(x)"),
    ("05.7", weights_underflow, "exp(−900) is 0"),
    ("05.7", self_normalised, "under the weights"),
    ("05.7", q_multiplied, "subtract log q"),
]
