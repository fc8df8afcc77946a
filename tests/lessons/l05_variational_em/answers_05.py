"""Lesson 05's exercises: right answers, stubs, and wrong ones as a student would write them."""

import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from course_utils.lessons.l05_variational_em.bent_decoder import log_evidence


def stub_1(log_joint, spacing):
    return torch.logsumexp(log_joint, 1) + ...


def stub_2(log_q, log_joint, spacing):
    elbo = ...
    return log_evidence(log_joint, spacing) - elbo


def stub_3(covariance, cut):
    raise NotImplementedError


def stub_4(log_likelihood, mu, sigma, eps):
    raise NotImplementedError


def stub_5(log_joint, means, q):
    raise NotImplementedError


def stub_6(log_joint, means, tau):
    raise NotImplementedError


def stub_7(log_joint, log_q):
    raise NotImplementedError


def a_sum(log_joint, spacing):
    return torch.log(torch.exp(log_joint).sum(dim=1))


def spacing_added(log_joint, spacing):
    return torch.logsumexp(log_joint, 1) + spacing


def log_scaled(log_joint, spacing):
    return spacing * torch.log(torch.exp(log_joint).sum(1))


def an_average(log_joint, spacing):
    return torch.log(torch.exp(log_joint).mean(1))


def a_density(log_joint, spacing):
    return (log_joint.exp() * spacing).sum(1)


def log_integrated(log_joint, spacing):
    return torch.sum(log_joint * spacing, dim=1)


def trapezoid(log_joint, spacing):
    return torch.trapezoid(log_joint.exp(), dx=spacing, dim=1).log()


def negative_elbo(log_q, log_joint, spacing):
    return torch.trapezoid(log_q.exp() * (log_q - log_joint), dx=spacing, dim=1)


def kl(log_q, log_joint, spacing):
    log_posterior = log_joint - trapezoid(log_joint, spacing)[:, None]
    return torch.trapezoid(log_q.exp() * (log_q - log_posterior), dx=spacing, dim=1)


def kl_negated(log_q, log_joint, spacing):
    return -kl(log_q, log_joint, spacing)


def kl_reversed(log_q, log_joint, spacing):
    log_posterior = log_joint - trapezoid(log_joint, spacing)[:, None]
    return (log_posterior.exp() * (log_posterior - log_q)).sum(1) * spacing


def expectation_summed(log_q, log_joint, spacing):
    elbo = (torch.exp(log_q) * (log_joint - log_q)).sum(dim=1)
    return log_evidence(log_joint, spacing) - elbo


def entropy_forgotten(log_q, log_joint, spacing):
    energy = torch.trapezoid(log_q.exp() * log_joint, dx=spacing, dim=1)
    return log_evidence(log_joint, spacing) - energy


def posterior_summed(log_q, log_joint, spacing):
    log_posterior = log_joint - log_joint.logsumexp(1, keepdim=True)
    return (log_q.exp() * (log_q - log_posterior) * spacing).sum(1)


def unweighted(log_q, log_joint, spacing):
    return log_evidence(log_joint, spacing) - ((log_joint - log_q) * spacing).sum(1)


def evenly_weighted(log_q, log_joint, spacing):
    return log_evidence(log_joint, spacing) - torch.mean(log_joint - log_q, dim=1)


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


def cut_without_logs(covariance, cut):
    precision = covariance.inverse()
    blocks = precision[:cut, :cut], precision[cut:, cut:], covariance
    return 0.5 * sum(torch.det(block) for block in blocks)


def cut_in_sigma(covariance, cut):
    blocks = [covariance[:cut, :cut], covariance[cut:, cut:], covariance]
    return sum(torch.logdet(block) for block in blocks) / 2


def bound(log_likelihood, mu, sigma, eps, *, sign=1.0, width=None, second=None):
    """The estimate by torch's distributions; width, second: what stands for sigma in z, in KL."""
    z = mu + (sigma if width is None else width) * eps
    q = Independent(Normal(mu, sigma if second is None else second), 1)
    prior = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    return torch.stack([log_likelihood(one) for one in z]).mean(0) - sign * kl_divergence(q, prior)


def kl_added(log_likelihood, mu, sigma, eps):
    return bound(log_likelihood, mu, sigma, eps, sign=-1.0)


def kl_forgotten(log_likelihood, mu, sigma, eps):
    return log_likelihood(mu + sigma * eps).mean(dim=0)


def variance_times_noise(log_likelihood, mu, sigma, eps):
    return bound(log_likelihood, mu, sigma, eps, width=sigma**2)


def scale_for_variance(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma - 1 - (sigma**2).log()).sum(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def log_sigma_for_log_variance(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma**2 - 1 - sigma.log()).sum(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def no_entropy(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma**2 - 1).sum(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def mean_over_dimensions(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma**2 - 1 - 2 * sigma.log()).mean(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def no_half(log_likelihood, mu, sigma, eps):
    divergence = (mu**2 + sigma**2 - 1 - 2 * sigma.log()).sum(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def kl_sampled(log_likelihood, mu, sigma, eps):
    z = mu + sigma * eps
    log_ratio = Normal(0.0, 1.0).log_prob(z) - Normal(mu, sigma).log_prob(z)
    return (log_likelihood(z) + log_ratio.sum(-1)).mean(0)


def samples_summed(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma**2 - 1 - 2 * sigma.log()).sum(-1)
    return log_likelihood(mu + sigma * eps).sum(0) - divergence


def averaged_over_points(log_likelihood, mu, sigma, eps):
    return bound(log_likelihood, mu, sigma, eps).mean()


def sweep(log_joint, means, q):
    """The update with loops."""
    pixels = torch.stack([(row[:, None] * torch.logit(means)).sum(0) for row in q]).sigmoid()
    score = torch.stack(
        [
            log_joint[:, k] + (pixels * means[k].log() + (1 - pixels) * (1 - means[k]).log()).sum(1)
            for k in range(len(means))
        ],
        1,
    )
    return score.softmax(1), pixels


def blended(log_joint, means, q):
    pixels = q @ means
    score = log_joint + pixels @ means.log().T + (1 - pixels) @ (1 - means).log().T
    return torch.softmax(score, 1), pixels


def off_ignored(log_joint, means, q):
    pixels = torch.sigmoid(q @ torch.logit(means))
    return torch.softmax(log_joint + pixels @ means.log().T, 1), pixels


def visible_ignored(log_joint, means, q):
    return sweep(torch.zeros_like(log_joint), means, q)


def over_images(log_joint, means, q):
    _, pixels = sweep(log_joint, means, q)
    score = log_joint + pixels @ means.log().T + (1 - pixels) @ (1 - means).log().T
    return score.softmax(0), pixels


def log_outside(log_joint, means, q):
    _, pixels = sweep(log_joint, means, q)
    p = pixels[:, None, :] * means + (1 - pixels)[:, None, :] * (1 - means)
    return (log_joint + p.log().sum(-1)).softmax(1), pixels


def exact_component(log_joint, means, q):
    return log_joint.softmax(dim=1), sweep(log_joint, means, q)[1]


def not_normalised(log_joint, means, q):
    return scores(log_joint, means, q).exp(), sweep(log_joint, means, q)[1]


def left_as_logs(log_joint, means, q):
    return scores(log_joint, means, q), sweep(log_joint, means, q)[1]


def scores(log_joint, means, q):
    _, pixels = sweep(log_joint, means, q)
    return log_joint + pixels @ means.log().T + (1 - pixels) @ (1 - means).log().T


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


def importance(log_joint, log_q):
    return (log_joint - log_q).exp().mean(0).log()


def elbo_again(log_joint, log_q):
    return torch.mean(log_joint - log_q, dim=0)


def weights_summed(log_joint, log_q):
    return torch.logsumexp(log_joint - log_q, 0)


def q_forgotten(log_joint, log_q):
    return log_joint.exp().mean(0).log()


def weights_without_log(log_joint, log_q):
    return torch.exp(log_joint - log_q).mean(0)


def self_normalised(log_joint, log_q):
    log_weights = log_joint - log_q
    return (log_weights.softmax(0) * log_weights).sum(0)


def q_multiplied(log_joint, log_q):
    return (log_joint + log_q).exp().mean(0).log()


RIGHT = {
    "05.1": trapezoid,
    "05.2": kl,
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
    ("05.1", a_sum, "has a width too"),
    ("05.1", spacing_added, "add its"),
    ("05.1", log_scaled, "multiplied the logarithm"),
    ("05.1", an_average, "average"),
    ("05.1", a_density, "That is p(x)"),
    ("05.1", log_integrated, "integrated the logarithm"),
    ("05.2", negative_elbo, "That is −ELBO"),
    ("05.2", kl_negated, "sign is turned"),
    ("05.2", kl_reversed, "KL(posterior‖q)"),
    ("05.2", expectation_summed, "needs the spacing"),
    ("05.2", entropy_forgotten, "entropy of q is missing"),
    ("05.2", posterior_summed, "sums to 1 over the grid"),
    ("05.2", unweighted, "weights are missing"),
    ("05.2", evenly_weighted, "equally likely"),
    ("05.3", every_tie, "cuts every tie"),
    ("05.3", cut_without_half, "factor ½"),
    ("05.3", cut_negated, "sign is turned"),
    ("05.3", cut_without_sigma, "log|Σ| is missing"),
    ("05.3", cut_sigma_subtracted, "with a plus"),
    ("05.3", cut_without_logs, "summed determinants"),
    ("05.3", cut_in_sigma, "blocks of Σ"),
    ("05.4", kl_added, "The KL is subtracted"),
    ("05.4", kl_forgotten, "is missing"),
    ("05.4", variance_times_noise, "wrong width"),
    ("05.4", scale_for_variance, "stands the variance"),
    ("05.4", log_sigma_for_log_variance, "2 log σ"),
    ("05.4", no_entropy, "entropy of q is missing"),
    ("05.4", mean_over_dimensions, "over dimensions"),
    ("05.4", no_half, "factor ½"),
    ("05.4", kl_sampled, "sampled the KL"),
    ("05.4", samples_summed, "you summed"),
    ("05.4", averaged_over_points, "one bound per data point"),
    ("05.5", blended, "their <i>logits</i>"),
    ("05.5", off_ignored, "A pixel that is off"),
    ("05.5", visible_ignored, "missing from the score"),
    ("05.5", over_images, "over components"),
    ("05.5", log_outside, "log E[p]"),
    ("05.5", exact_component, "exact posterior"),
    ("05.5", not_normalised, "Not normalised"),
    ("05.5", left_as_logs, "log q(k)"),
    ("05.6", pixels_without_entropy, "entropy of the pixels is missing"),
    ("05.6", entropy_subtracted, "wrong sign"),
    ("05.6", half_an_entropy, "two terms"),
    ("05.6", hard_component, "softer"),
    ("05.6", component_without_entropy, "entropy of q(k) is missing"),
    ("05.6", the_evidence, "the evidence itself"),
    ("05.7", elbo_again, "it is the ELBO again"),
    ("05.7", weights_summed, "You summed the weights"),
    ("05.7", q_forgotten, "divided by q(z)"),
    ("05.7", weights_without_log, "estimate of p(x)"),
    ("05.7", self_normalised, "under the weights"),
    ("05.7", q_multiplied, "subtract log q"),
]
