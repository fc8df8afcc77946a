"""Lesson 05's exercises: right answers, stubs, and wrong ones as a student would write them."""

import torch
from torch.distributions import Independent, Normal, kl_divergence

from course_utils.lessons.l05_variational_em.bent_decoder import log_evidence


def stub_1(log_joint, spacing):
    return torch.logsumexp(log_joint, 1) + ...


def stub_2(log_q, log_joint, spacing):
    elbo = ...
    return log_evidence(log_joint, spacing) - elbo


def stub_3(covariance):
    return ...


def stub_4(log_likelihood, mu, sigma, eps):
    raise NotImplementedError


def stub_5(log_joint, means, q):
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


def conditional(covariance):
    """Var(z_i | the others), by Schur's complement."""
    H, out = len(covariance), []
    for i in range(H):
        rest = [j for j in range(H) if j != i]
        across = covariance[i, rest]
        explained = across @ torch.linalg.solve(covariance[rest][:, rest], across)
        out.append(covariance[i, i] - explained)
    return torch.stack(out)


def marginal(covariance):
    return torch.diag(covariance)


def precisions(covariance):
    return torch.diag(covariance.inverse())


def entrywise(covariance):
    return torch.diag(1 / covariance)


def deviations(covariance):
    return conditional(covariance).sqrt()


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


RIGHT = {"05.1": trapezoid, "05.2": kl, "05.3": conditional, "05.4": bound, "05.5": sweep}
STUBS = {"05.1": stub_1, "05.2": stub_2, "05.3": stub_3, "05.4": stub_4, "05.5": stub_5}
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
    ("05.3", marginal, "marginal variances"),
    ("05.3", precisions, "These are precisions"),
    ("05.3", entrywise, "entry by entry"),
    ("05.3", deviations, "standard deviations"),
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
]
