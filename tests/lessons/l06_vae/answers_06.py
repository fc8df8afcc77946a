"""The exercises of lesson 06: right answers, stubs, and wrong answers as a student would write them."""

import torch
from torch.distributions import Independent, MultivariateNormal, Normal


def stub_1(output, latent_dim):
    raise NotImplementedError


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


def kl(output, H, *, log=lambda a: a, variance=torch.exp, half=0.5):
    """The KL by its terms; log and variance: log σ² and σ² from the log variance a."""
    mean, a = output[:, :H], output[:, H:]
    return half * (mean.square() + variance(a) - log(a) - 1).sum(-1)


def as_the_colleague(output, latent_dim):
    return kl(output, latent_dim, log=lambda a: 2 * torch.log(torch.exp(a / 2)))


def floored(output, latent_dim):
    return kl(output, latent_dim, log=lambda a: 2 * torch.log(torch.clamp(torch.exp(a / 2), 1e-8)))


def something_added(output, latent_dim):
    return kl(output, latent_dim, log=lambda a: 2 * torch.log(torch.exp(a / 2) + 1e-8))


def in_float64(output, latent_dim):
    return as_the_colleague(output.to(torch.float64), latent_dim).to(output.dtype)


def log_taken_twice(output, latent_dim):
    return kl(output, latent_dim, log=lambda a: 2 * a)


def log_halved(output, latent_dim):
    return kl(output, latent_dim, log=lambda a: a / 2)


def scale_for_variance(output, latent_dim):
    return kl(output, latent_dim, variance=lambda a: torch.exp(a / 2))


def half_lost(output, latent_dim):
    return kl(output, latent_dim, half=1.0)


def kl_summed(output, latent_dim):
    return kl(output, latent_dim).sum()


def bound(x, mean, scale, decode, sigma2, *, z=None, fit=torch.sum, kl=torch.sum, sign=-1.0):
    """The ELBO of what is known of x from its formulas, with parts that can be changed."""
    z = mean + scale * torch.randn(mean.shape, dtype=mean.dtype) if z is None else z
    known = torch.isfinite(x)
    log_noise = torch.log(2 * torch.pi * sigma2)
    pixels = -((x.nan_to_num() - decode(z)) ** 2) / (2 * sigma2) - log_noise / 2
    latents = (mean**2 + scale**2 - 1 - 2 * scale.log()) / 2
    return fit(pixels.where(known, 0.0), 1) + sign * kl(latents, 1)


def zeros_for_gaps(x, mean, scale, decode, sigma2):
    return bound(x.nan_to_num(), mean, scale, decode, sigma2)


def decoded_for_gaps(x, mean, scale, decode, sigma2):
    z = mean + scale * torch.randn_like(mean)
    filled = torch.where(x.isnan(), decode(z), x)
    fit = Normal(decode(z), sigma2.sqrt()).log_prob(filled).sum(1)
    return fit - torch.distributions.kl_divergence(Normal(mean, scale), Normal(0.0, 1.0)).sum(1)


def scaled_up(x, mean, scale, decode, sigma2):
    share = (~x.isnan()).float().mean(1).clamp(min=1 / x.shape[1])
    return bound(x, mean, scale, decode, sigma2, fit=lambda t, d: t.sum(d) / share)


def nan_summed(x, mean, scale, decode, sigma2):
    z = mean + scale * torch.randn_like(mean)
    pixels = -((x - decode(z)) ** 2) / (2 * sigma2) - torch.log(2 * torch.pi * sigma2) / 2
    latents = (mean**2 + scale**2 - 1 - 2 * scale.log()) / 2
    return pixels.nansum(1) - latents.sum(1)


def kl_over_the_batch(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, kl=lambda t, d: t.sum())


def lost_noise(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, torch.tensor(float(sigma2.detach())))


def log_p(x, mean, sigma2):
    """log p(x | z) of what is known of x, (N,)."""
    of_pixel = Normal(mean, sigma2.sqrt()).log_prob(torch.where(x.isnan(), 0.0, x))
    return of_pixel.masked_fill(x.isnan(), 0.0).sum(1)


def sampled_kl(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    z = q.rsample()
    fit = log_p(x, decode(z), sigma2)
    return fit + (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(1)


def reversed_kl(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    fit = log_p(x, decode(q.rsample()), sigma2)
    return fit - torch.distributions.kl_divergence(Normal(0.0, 1.0), q).sum(1)


def torch_sampled(x, mean, scale, decode, sigma2):
    """Right, by a distribution over the vector of what is known, and plain float32 noise."""
    decoded = decode(mean + scale * torch.randn(len(x), mean.shape[1]))
    fits = [
        MultivariateNormal(m[~v.isnan()], sigma2 * torch.eye(n)).log_prob(v[~v.isnan()])
        if n
        else m[0] * 0
        for v, m, n in ((v, m, int((~v.isnan()).sum())) for v, m in zip(x, decoded, strict=True))
    ]
    q, prior = Independent(Normal(mean, scale), 1), Independent(Normal(0 * mean, 1.0), 1)
    return torch.stack(fits) - torch.distributions.kl_divergence(q, prior)


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
    errors = torch.where(x.isnan(), 0.0, x.nan_to_num() - decode(z)) ** 2
    return -errors.sum(1) / 2 / sigma2 - kl


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


def within_of_all(gradients, batch_size, num_samples):
    whole = torch.var(gradients) / batch_size / num_samples
    return two_parts(gradients, batch_size, num_samples)[0], whole


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
    "06.1": kl,
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
    ("06.1", as_the_colleague, "as it stood"),
    ("06.1", floored, "a floor under σ"),
    ("06.1", something_added, "a floor under σ, or"),
    ("06.1", in_float64, "only moves the cliff"),
    ("06.1", log_taken_twice, "not twice that"),
    ("06.1", log_halved, "not half of it"),
    ("06.1", scale_for_variance, "the KL has σ²"),
    ("06.1", half_lost, "a factor ½"),
    ("06.1", kl_summed, "one KL per data point"),
    ("06.2", zeros_for_gaps, "integrated out"),
    ("06.2", decoded_for_gaps, "a perfect hit"),
    ("06.2", scaled_up, "scaled the known terms"),
    ("06.2", nan_summed, "0 · NaN"),
    ("06.2", kl_over_the_batch, "summed over the points"),
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
    ("06.4", noise_left_in, "within / draws"),
    ("06.4", draws_not_averaged, "how many draws"),
    ("06.4", points_not_averaged, "ε of their own"),
    ("06.4", axes_turned, "The axes are turned"),
    ("06.4", all_of_it, "all of the variance"),
    ("06.4", within_of_all, "about its own mean"),
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
