"""The exercises of lesson 06: right answers, stubs, and wrong answers as a student would write them."""

import torch
from torch.distributions import Independent, MultivariateNormal, Normal


def stub_1(output, latent_dim):
    return output[:, :latent_dim], ...


def stub_2(x, mean, scale, decode, sigma2):
    raise NotImplementedError


def stub_3(x, encoder, decoder):
    raise NotImplementedError


def stub_4(gradients, batch_size, num_samples):
    raise NotImplementedError


def stub_5(eigenvalues, latent_dim):
    return ..., ..., ...


def stub_6(W, sigma2):
    raise NotImplementedError


def half_log_variance(output, latent_dim):
    mean, log_variance = output.chunk(2, 1)
    return mean, 0.5 * log_variance


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


def without_constant(x, mean, scale, decode, sigma2):
    z = mean + scale * torch.randn(mean.shape, dtype=mean.dtype)
    kl = (mean**2 + scale**2 - 1 - 2 * scale.log()).sum(1) / 2
    return -((x - decode(z)) ** 2).sum(1) / 2 / sigma2 - kl


def at_the_mean(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, z=mean)


def one_noise(x, mean, scale, decode, sigma2):
    z = mean + scale * torch.randn(mean.shape[1], dtype=mean.dtype)
    return bound(x, mean, scale, decode, sigma2, z=z)


def epoch(x, encoder, decoder, *, moved=None, kl=lambda kl: kl.sum(1), clear=True, draw=None):
    """An epoch by its formulas, with parts that can be changed."""
    optimizer = torch.optim.SGD(
        moved(encoder, decoder) if moved else torch.nn.ModuleList([encoder, decoder]).parameters(),
        lr=0.1,
    )
    losses = []
    for i in range(0, len(x), 4):
        batch = x[i : i + 4]
        mean, scale = encoder(batch)
        eps = torch.randn(draw(mean) if draw else mean.shape)
        fit = Independent(Normal(decoder(mean + scale * eps), 0.5), 1).log_prob(batch)
        price = kl(torch.distributions.kl_divergence(Normal(mean, scale), Normal(0.0, 1.0)))
        loss = (price - fit).mean()
        if clear:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return torch.tensor(losses)


def theta_only(encoder, decoder):
    return decoder.parameters()


def as_it_stood(x, encoder, decoder):
    return epoch(x, encoder, decoder, moved=theta_only, kl=torch.sum)


def encoder_forgotten(x, encoder, decoder):
    return epoch(x, encoder, decoder, moved=theta_only)


def kl_of_all(x, encoder, decoder):
    return epoch(x, encoder, decoder, kl=torch.sum)


def kl_averaged(x, encoder, decoder):
    return epoch(x, encoder, decoder, kl=lambda kl: kl.mean(1))


def kl_averaged_encoder_forgotten(x, encoder, decoder):
    return epoch(x, encoder, decoder, moved=theta_only, kl=lambda kl: kl.mean(1))


def not_cleared(x, encoder, decoder):
    return epoch(x, encoder, decoder, clear=False)


def shared_noise(x, encoder, decoder):
    return epoch(x, encoder, decoder, draw=lambda mean: mean.shape[1])


def kl_gone(x, encoder, decoder):
    return epoch(x, encoder, decoder, kl=lambda kl: 0.0)


def two_parts(gradients, B, S, *, K=None, dim=1):
    """Both variances, from sums of squares."""
    K = K or gradients.shape[dim]
    means = gradients.mean(dim)
    within = ((gradients - means.unsqueeze(dim)) ** 2).sum() / (gradients.numel() - means.numel())
    return (means.var() - within / K) / B, within / (B * S)


def noise_left_in(gradients, batch_size, num_samples):
    return two_parts(gradients, batch_size, num_samples, K=10**6)


def draws_not_averaged(gradients, batch_size, num_samples):
    points, draws = two_parts(gradients, batch_size, num_samples)
    return points, draws * num_samples


def points_not_averaged(gradients, batch_size, num_samples):
    points, draws = two_parts(gradients, batch_size, num_samples)
    return points, draws * batch_size


def axes_turned(gradients, batch_size, num_samples):
    return two_parts(gradients, batch_size, num_samples, dim=0)


def all_of_it(gradients, batch_size, num_samples):
    return torch.var(gradients) / batch_size, two_parts(gradients, batch_size, num_samples)[1]


def of_one_draw(gradients, batch_size, num_samples):
    return two_parts(gradients, 1, 1)


def other_order(gradients, batch_size, num_samples):
    points, draws = two_parts(gradients, batch_size, num_samples)
    return draws, points


def counts(eigenvalues, H, a, b, c, most=True):
    alive = [int(torch.sum(eigenvalues > level)) for level in (a, b, c)]
    return [min(n, H) for n in alive] if most else alive


def all_alive(eigenvalues, H):
    D = len(eigenvalues)
    return counts(eigenvalues, H, 0.5, D / 2, D / 2 / H)


def half_forgotten(eigenvalues, H):
    return counts(eigenvalues, H, 1, len(eigenvalues), len(eigenvalues) / H)


def c_as_b(eigenvalues, H):
    return counts(eigenvalues, H, 0.5, len(eigenvalues) / 2, len(eigenvalues) / 2)


def c_heavier(eigenvalues, H):
    return counts(eigenvalues, H, 0.5, len(eigenvalues) / 2, len(eigenvalues) * H / 2)


def c_by_units_alone(eigenvalues, H):
    return counts(eigenvalues, H, 0.5, len(eigenvalues) / 2, 0.5 / H)


def all_as_a(eigenvalues, H):
    return counts(eigenvalues, H, 0.5, 0.5, 0.5)


def upside_down(eigenvalues, H):
    D = len(eigenvalues)
    return counts(eigenvalues, H, 0.5, 0.5 / D, 0.5 * H / D)


def more_than_there_are(eigenvalues, H):
    D = len(eigenvalues)
    return counts(eigenvalues, H, 0.5, D / 2, D / 2 / H, most=False)


def gap_of(W, sigma2, variances):
    """KL of N(0, diag(variances)) to the posterior's N(0, sigma2 M^-1), by torch."""
    M = W.T @ W + sigma2 * torch.eye(W.shape[1], dtype=W.dtype)
    q = MultivariateNormal(torch.zeros(len(M), dtype=W.dtype), variances(M).diag())
    posterior = MultivariateNormal(0 * q.mean, precision_matrix=M / sigma2)
    return torch.distributions.kl_divergence(q, posterior)


def best_gap(W, sigma2):
    return gap_of(W, sigma2, lambda M: sigma2 / torch.diagonal(M))


def posteriors_own_variances(W, sigma2):
    return gap_of(W, sigma2, lambda M: sigma2 * torch.linalg.inv(M).diagonal())


def other_direction(W, sigma2):
    M = W.T @ W + sigma2 * torch.eye(W.shape[1], dtype=W.dtype)
    posterior = MultivariateNormal(torch.zeros(len(M), dtype=W.dtype), precision_matrix=M / sigma2)
    q = MultivariateNormal(0 * posterior.mean, posterior.variance.diag())
    return torch.distributions.kl_divergence(posterior, q)


def no_half(W, sigma2):
    M = W.T @ W + sigma2 * torch.eye(W.shape[1], dtype=W.dtype)
    return torch.log(M.diag()).sum() - torch.logdet(M)


def gap_turned(W, sigma2):
    return -best_gap(W, sigma2)


def without_noise(W, sigma2):
    G = W.T @ W
    return torch.log(G.diag()).sum() / 2 - torch.logdet(G) / 2


def no_determinant(W, sigma2):
    return torch.log(1 + W.square().sum(0) / sigma2).sum() / 2


RIGHT = {
    "06.1": lambda output, H: (output[:, :H], output[:, H:].exp().sqrt()),
    "06.2": bound,
    "06.3": epoch,
    "06.4": two_parts,
    "06.5": all_alive,
    "06.6": best_gap,
}


STUBS = {
    "06.1": stub_1,
    "06.2": stub_2,
    "06.3": stub_3,
    "06.4": stub_4,
    "06.5": stub_5,
    "06.6": stub_6,
}

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
    ("06.1", half_log_variance, "still a logarithm"),
    ("06.2", without_constant, "The constant"),
    ("06.2", at_the_mean, "You put z at the mean"),
    ("06.2", one_noise, "share one ε"),
    ("06.3", as_it_stood, "neither bug is mended"),
    ("06.3", encoder_forgotten, "The KL is mended"),
    ("06.3", kl_of_all, "The encoder moves now"),
    ("06.3", kl_averaged, "β = 1/H"),
    ("06.3", kl_averaged_encoder_forgotten, "still does not move"),
    ("06.3", not_cleared, "zero_grad"),
    ("06.3", shared_noise, "an ε of its own"),
    ("06.3", kl_gone, "The KL has gone"),
    ("06.4", noise_left_in, "within / K"),
    ("06.4", draws_not_averaged, "how many draws"),
    ("06.4", points_not_averaged, "ε of their own"),
    ("06.4", axes_turned, "The axes are turned"),
    ("06.4", all_of_it, "all of the variance"),
    ("06.4", of_one_draw, "variances of one draw"),
    ("06.4", other_order, "wrong order"),
    ("06.5", half_forgotten, "2σ² = 1"),
    ("06.5", c_as_b, "weighs 1/H"),
    ("06.5", c_heavier, "<i>lighter</i>"),
    ("06.5", c_by_units_alone, "mean over the D pixels, as"),
    ("06.5", all_as_a, "A mean over D pixels"),
    ("06.5", upside_down, "upside down"),
    ("06.5", more_than_there_are, "only H units"),
    ("06.6", posteriors_own_variances, "the posterior's own variances. The KL under q"),
    ("06.6", other_direction, "KL(posterior ‖ q)"),
    ("06.6", no_half, "a factor ½"),
    ("06.6", gap_turned, "The sign is turned"),
    ("06.6", without_noise, "You took WᵀW"),
    ("06.6", no_determinant, "log det M is missing"),
]
