"""The exercises of lesson 06: right answers, stubs, and wrong answers as a student would write them."""

import torch
from torch.distributions import Independent, MultivariateNormal, Normal


def stub_1(output, latent_dim):
    return output[:, :latent_dim], ...


def stub_2(x, mean, scale, decode, sigma2):
    raise NotImplementedError


def stub_3(evidence, best, bound):
    return ..., ...


def stub_4(eigenvalues, beta, sigma2):
    return ...


def variance_for_scale(output, latent_dim):
    return output[:, :latent_dim], torch.exp(output[:, latent_dim:])


def no_exponential(output, latent_dim):
    return output.chunk(2, 1)


def softplus(output, latent_dim):
    mean, raw = output.chunk(2, 1)
    return mean, (1 + raw.exp()).log()


def wrong_order(output, latent_dim):
    log_variance, mean = output.chunk(2, dim=1)
    return mean, torch.exp(0.5 * log_variance)


def alternating(output, latent_dim):
    pairs = output.unflatten(1, (latent_dim, 2))
    return pairs[..., 0], torch.exp(pairs[..., 1] / 2)


def precision(output, latent_dim):
    mean, log_variance = output.chunk(2, 1)
    return mean, 1 / torch.exp(0.5 * log_variance)


def bound(x, mean, scale, decode, sigma2, *, z=None, fit=torch.sum, kl=torch.sum, sign=-1.0):
    """The ELBO from its formulas, with parts that can be changed."""
    z = mean + scale * torch.randn(mean.shape, dtype=mean.dtype) if z is None else z
    log_noise = torch.log(2 * torch.pi * sigma2)
    pixels = -((x - decode(z)) ** 2) / (2 * sigma2) - log_noise / 2
    latents = (mean**2 + scale**2 - 1 - 2 * scale.log()) / 2
    return fit(pixels, 1) + sign * kl(latents, 1)


def lost_noise(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, torch.tensor(float(sigma2.detach())))


def sampled_kl(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    z = q.rsample()
    fit = Normal(decode(z), sigma2.sqrt()).log_prob(x).sum(1)
    return fit + (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(1)


def reversed_kl(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    fit = Normal(decode(q.rsample()), sigma2.sqrt()).log_prob(x).sum(1)
    return fit - torch.distributions.kl_divergence(Normal(0.0, 1.0), q).sum(1)


def torch_sampled(x, mean, scale, decode, sigma2):
    """Right, by a distribution over vectors and plain float32 noise."""
    z = mean + scale * torch.randn(len(x), mean.shape[1])
    fit = MultivariateNormal(decode(z), sigma2 * torch.eye(x.shape[1])).log_prob(x)
    q, prior = Independent(Normal(mean, scale), 1), Independent(Normal(0 * mean, 1.0), 1)
    return fit - torch.distributions.kl_divergence(q, prior)


def cut_off(x, mean, scale, decode, sigma2):
    z = Normal(mean, scale).sample()
    return bound(x, mean, scale, decode, sigma2, z=z)


def mean_for_sum(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, fit=torch.mean)


def means_for_both(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, fit=torch.mean, kl=torch.mean)


def kl_added(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, sign=1.0)


def no_kl(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, sign=0.0)


def variance_for_noise_scale(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2**2)


def root_of_scale(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale.sqrt(), decode, sigma2)


def square_of_scale(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale**2, decode, sigma2)


def averaged(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2).mean()


def loss(x, mean, scale, decode, sigma2):
    return -bound(x, mean, scale, decode, sigma2)


def reversed_signs(evidence, best, bound):
    return bound - best, best - evidence


def never_negative(evidence, best, bound):
    return abs(best - bound), abs(evidence - best)


def cut_off_below(evidence, best, bound):
    return torch.relu(best - bound), torch.relu(evidence - best)


def swapped(evidence, best, bound):
    return evidence - best, best - bound


def whole_gap(evidence, best, bound):
    return evidence - bound, evidence - best


def one_sign(evidence, best, bound):
    return bound - best, evidence - best


def averaged_gaps(evidence, best, bound):
    return torch.mean(best - bound), torch.mean(evidence - best)


def no_beta(eigenvalues, beta, sigma2):
    return torch.relu(eigenvalues - sigma2)


def divided_by_beta(eigenvalues, beta, sigma2):
    return torch.relu(beta * eigenvalues - sigma2) / beta


def not_cut_off(eigenvalues, beta, sigma2):
    return eigenvalues - sigma2 * beta


def not_squared(eigenvalues, beta, sigma2):
    return torch.relu(eigenvalues - beta * sigma2) ** 0.5


def singular_values(eigenvalues, beta, sigma2):
    return torch.relu(eigenvalues**0.5 - beta * sigma2)


def deviation(eigenvalues, beta, sigma2):
    return torch.relu(eigenvalues - beta * sigma2**0.5)


def no_shrinkage(eigenvalues, beta, sigma2):
    return torch.where(eigenvalues > beta * sigma2, eigenvalues, 0.0)


RIGHT = {
    "06.1": lambda output, H: (output[:, :H], output[:, H:].exp().sqrt()),
    "06.2": bound,
    "06.3": lambda evidence, best, bound: (best - bound, evidence - best),
    "06.4": lambda eigenvalues, beta, sigma2: torch.relu(eigenvalues - beta * sigma2),
}


STUBS = {"06.1": stub_1, "06.2": stub_2, "06.3": stub_3, "06.4": stub_4}

WRONG = [
    ("06.1", variance_for_scale, "is the variance"),
    ("06.1", no_exponential, "may be negative"),
    ("06.1", softplus, "Softplus"),
    ("06.1", wrong_order, "wrong order"),
    ("06.1", alternating, "alternated"),
    ("06.1", precision, "one over"),
    ("06.2", cut_off, "the gradient is not"),
    ("06.2", lost_noise, "<code>sigma2</code> is lost"),
    ("06.2", reversed_kl, "the wrong way round"),
    ("06.2", sampled_kl, "you sampled the KL"),
    ("06.2", mean_for_sum, "multiplies σ² by D"),
    ("06.2", means_for_both, "means over dimensions"),
    ("06.2", kl_added, "The KL is subtracted"),
    ("06.2", no_kl, "The KL is missing"),
    ("06.2", variance_for_noise_scale, "<code>sigma2</code> is a variance"),
    ("06.2", root_of_scale, "no root of it"),
    ("06.2", square_of_scale, "You squared"),
    ("06.2", averaged, "One ELBO per data point"),
    ("06.2", loss, "That is the loss"),
    ("06.3", reversed_signs, "The signs are reversed"),
    ("06.3", never_negative, "Leave the sign"),
    ("06.3", cut_off_below, "You cut negative gaps off"),
    ("06.3", swapped, "You swapped them"),
    ("06.3", whole_gap, "the whole gap"),
    ("06.3", one_sign, "has the wrong sign"),
    ("06.3", averaged_gaps, "One value per data point"),
    ("06.4", no_beta, "Where is β"),
    ("06.4", divided_by_beta, "multiply by β"),
    ("06.4", not_cut_off, "cannot be negative"),
    ("06.4", not_squared, "These are the lengths"),
    ("06.4", singular_values, "singular values"),
    ("06.4", deviation, "a standard deviation"),
    ("06.4", no_shrinkage, "with all their variance"),
]
