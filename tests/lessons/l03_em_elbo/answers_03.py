"""The exercises of lesson 03: right answers, the stubs, and wrong ones as a student would write them."""

import torch

from course_utils.lessons import l03_em_elbo  # noqa: F401 (makes the exercises)


def stub_1(log_joint, q):
    return (q * (...)).sum(1)


def stub_2(log_joint):
    return ...


def stub_3(x, mean, covariance):
    raise NotImplementedError


def stub_4(x, W, mu, sigma2, mean, covariance):
    raise NotImplementedError


def no_entropy(log_joint, q):
    return (log_joint * q).sum(dim=1)


def entropy_with_the_wrong_sign(log_joint, q):
    return (q * log_joint).sum(1) + (q * torch.log(q)).sum(1)


def unweighted(log_joint, q):
    return torch.sum(log_joint - torch.log(q), dim=1)


def evidence(log_joint, q):
    return log_joint.exp().sum(1).log()


def averaged(log_joint, q):
    return (q * (log_joint - q.log())).sum(1).mean()


def unnormalised(log_joint):
    return torch.exp(log_joint)


def over_points(log_joint):
    joint = log_joint.exp()
    return joint / joint.sum(0)


def logarithms(log_joint):
    return log_joint - log_joint.logsumexp(1, keepdim=True)


def hard(log_joint):
    q = torch.zeros_like(log_joint)
    q[torch.arange(len(q)), log_joint.argmax(1)] = 1.0
    return q


def means_alone(x, mean, covariance):
    return torch.linalg.solve(mean.T @ mean, mean.T @ x).T


def one_covariance_for_all(x, mean, covariance):
    return x.T @ mean @ torch.linalg.inv(mean.T @ mean + covariance)


def transposed(x, mean, covariance):
    return torch.linalg.inv(len(x) * covariance + mean.T @ mean) @ mean.T @ x


def first_factor(x, mean, covariance):
    return (mean.T @ x).T


def formula(x, W, mu, sigma2, mean, G, *, spread=1.0, kl=1.0, constant=1.0):
    """The ELBO from torch's own distributions, with parts that can be left out."""
    noise = torch.distributions.Normal(mean @ W.T + mu, sigma2**0.5)
    fit = noise.log_prob(x).sum(1) - spread * (W @ G @ W.T).trace() / (2 * sigma2)
    q = torch.distributions.MultivariateNormal(mean, G)
    prior = torch.distributions.MultivariateNormal(torch.zeros_like(mean), torch.eye(len(G)).to(G))
    scale = torch.log(torch.tensor(2 * torch.pi * sigma2, dtype=x.dtype))
    divergence = torch.distributions.kl_divergence(q, prior)
    return fit - kl * divergence + (1 - constant) * len(W) / 2 * scale


def mean_decoded(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, spread=0.0)


def kl_added(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, kl=-1.0)


def no_kl(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, kl=0.0)


def no_constant(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, constant=0.0)


def deviation_for_variance(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2**0.5, mean, covariance)


RIGHT = {
    "03.1": lambda log_joint, q: torch.einsum("nk,nk->n", q, log_joint - q.log()),
    "03.2": lambda log_joint: (log_joint - log_joint.logsumexp(1, keepdim=True)).exp(),
    "03.3": lambda x, mean, G: torch.linalg.solve(len(x) * G + mean.T @ mean, mean.T @ x).T,
    "03.4": formula,
}
STUBS = {"03.1": stub_1, "03.2": stub_2, "03.3": stub_3, "03.4": stub_4}
WRONG = [
    ("03.1", no_entropy, "entropy of q is missing"),
    ("03.1", entropy_with_the_wrong_sign, "sign of log q"),
    ("03.1", unweighted, "weighs every term"),
    ("03.1", evidence, "That is the log evidence"),
    ("03.1", averaged, "one ELBO per data point"),
    ("03.2", unnormalised, "joint probabilities"),
    ("03.2", over_points, "over data points"),
    ("03.2", logarithms, "the logarithms"),
    ("03.2", hard, "the likeliest component"),
    ("03.3", means_alone, "on the means alone"),
    ("03.3", one_covariance_for_all, "its own G"),
    ("03.3", transposed, "That is Wᵀ"),
    ("03.3", first_factor, "Only the first factor"),
    ("03.4", mean_decoded, "decoded the mean only"),
    ("03.4", kl_added, "The KL is subtracted"),
    ("03.4", no_kl, "The KL is missing"),
    ("03.4", no_constant, "constant"),
    ("03.4", deviation_for_variance, "root of"),
]
