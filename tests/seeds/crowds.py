"""Lesson 09, sections 5 to 7 and 9, at another seed: what lesson_09 measures of them."""

import torch
from sklearn.cluster import KMeans
from torch.distributions import Categorical

from course_utils import data, deep, flows, ladder, mixture, priors, vae
from course_utils.gaussian import Gaussian
from course_utils.lessons.l09_unseen_by_the_objective import clusters, hierarchy, prior
from seeds import Claim, Measured

AXES = prior.AXIS[::2], prior.AXIS[::2]


def autoencoder(seed: int, kind: str):
    """The notebook's VAE: with N(0, I), a mixture of 10 or a Vamp of 50 as its prior; or a WAE."""
    train, _ = ladder.digits()
    torch.manual_seed(seed)
    encoder, p = vae.Encoder(64, 2, (128, 64)), None
    if kind == "mixture":
        begin = Gaussian(torch.randn(10, 2), torch.zeros(10, 2) - 1)
        p = priors.mixture.Mixture(torch.ones(10) / 10, begin)
    elif kind == "vamp":
        p = priors.mixture.Vamp(encoder, train[torch.randperm(1400)[:50]])
    decoder = vae.Decoder(2, 64, (64, 64), sigma2=0.05, prior=p)
    steps = {"num_steps": 900, "batch_size": 200, "progress": False}
    if kind == "wae":
        priors.wae.fit(train, encoder, decoder, weight=100.0, **steps)
    else:
        vae.fit(train, encoder, decoder, **steps)
    return encoder, decoder


def named(p: priors.mixture.Mixture, codes: torch.Tensor) -> float:
    """The accuracy of the likeliest component of every code."""
    now = p.now()
    with torch.no_grad():
        log_joint = now.component_distribution.log_prob(codes[:, None])
        best = (log_joint + now.mixture_distribution.logits).argmax(1)
    return clusters.accuracy(best, data.digits().train_labels)


@torch.no_grad()
def surgery(encoder, decoder) -> Measured:
    """Section 5, of the VAE with N(0, I)."""
    train, _ = ladder.digits()
    q, grid = deep.in_double(encoder)(train.double()), (prior.AXIS, prior.AXIS)
    parts = priors.aggregate.split(q, prior.STANDARD, grid)
    codes = q.sample((2,)).flatten(0, 1)
    fitted = {C: priors.mixture.after(codes, C) for C in (10, 30)}
    z = prior.STANDARD.sample((3000,))
    hole, near = prior.in_hole(q, z), torch.cdist(decoder(z.float()).mean, train).amin(1)
    vamp = priors.mixture.Vamp(encoder, train[torch.randperm(1400)[:50]])
    gain = parts.marginal - priors.aggregate.split(q, fitted[30], grid).marginal
    return {
        "marginal": parts.marginal.item(),
        "share of it that 30 Gaussians gain": (gain / parts.marginal).item(),
        "in the hole": hole.double().mean().item(),
        "further away": (near[hole].mean() - near[~hole].mean()).item(),
        "lost by a frozen Vamp": (
            (prior.STANDARD.log_prob(codes) - vamp.log_prob(codes.float())).mean().item()
        ),
        "accuracy, mixture afterwards": named(fitted[10], q.mean),
    }


def measure(seed: int) -> Measured:
    """What the four sections say of seeds."""
    train, test = ladder.digits()
    evidence, apart, found = {}, {}, {}
    for kind in ("vae", "mixture", "vamp", "wae"):
        encoder, decoder = autoencoder(seed, kind)
        evidence[kind] = deep.log_evidence(test, decoder, AXES).mean().item()
        apart[kind] = 1000 * priors.wae.mmd(decoder.sample(1500), test, 2.0).item()
        if kind == "vae":
            found |= surgery(encoder, decoder)
        if kind == "mixture":
            with torch.no_grad():
                found["accuracy, mixture prior"] = named(decoder.prior, encoder(train).mean)
    k_means = KMeans(10, n_init=10, random_state=seed - 1).fit_predict(train.double().numpy())
    labels = data.digits().train_labels
    return found | {
        "VAE's evidence": evidence["vae"],
        "gained with a mixture": evidence["mixture"] - evidence["vae"],
        "gained with a Vamp": evidence["vamp"] - evidence["vae"],
        "lost by the WAE": evidence["vae"] - evidence["wae"],
        "MMD, VAE less WAE": apart["vae"] - apart["wae"],
        "accuracy, k-means": clusters.accuracy(torch.from_numpy(k_means).long(), labels),
        "rate of the tower's top": tower(seed),
        **start(seed),
    }


def tower(seed: int) -> float:
    """Section 6: the mean KL of z_2."""
    torch.manual_seed(seed)
    x, x_test = (hierarchy.clumps(n, s).float() for n, s in ((1000, 0), (300, 1)))
    flow = flows.Flow(flows.standard_normal(2), [flows.AffineCoupling(2, flip=True, hidden=(16,))])
    stack = hierarchy.Stack(flow, vae.Decoder(1, 2, sigma2=0.05))
    encoder = vae.Encoder(2, 2, (32, 32), covariance="full")
    vae.fit(x, encoder, stack, num_steps=300, lr=0.02, batch_size=200, progress=False)
    with torch.no_grad():
        q = encoder(x_test)
        mean, variance = q.mean[:, 1], q.variance[:, 1]
        return ((mean**2 + variance - 1 - variance.log()).mean() / 2).item()


def start(seed: int) -> Measured:
    """Section 9: how far from what is stored of this random start."""
    x, _, labels = clusters.binary()
    torch.manual_seed(seed)
    r = Categorical(logits=torch.randn(1400, 10).double())
    for _ in range(100):
        model = mixture.BernoulliMixture.maximise(x, r)
        r = model.posterior(x)
    evidence, right = clusters.STARTS[seed]
    return {
        "start: off the stored evidence": model.log_evidence(x).mean().item() - evidence,
        "start: off the stored accuracy": clusters.accuracy(r.probs.argmax(1), labels) - right,
    }


CLAIMS = [
    Claim("marginal", "0.54 to 0.63", lambda v: 0.5 < v < 0.7),
    Claim("share of it that 30 Gaussians gain", "over two thirds", lambda v: v > 2 / 3),
    Claim("in the hole", "12 to 22 of 100", lambda v: 0.12 < v < 0.22),
    Claim("further away", "above 0.1", lambda v: v > 0.1),
    Claim("lost by a frozen Vamp", "above 5", lambda v: v > 5),
    Claim("VAE's evidence", "18.4 to 19.5", lambda v: 18 < v < 20),
    Claim("gained with a mixture", "above 0.9, at four of five", lambda v: v > 0.9),
    Claim("gained with a Vamp", "above 0.2, at four of five", lambda v: v > 0.2),
    Claim("lost by the WAE", "above 1", lambda v: v > 1),
    Claim("MMD, VAE less WAE", "within 3 thousandths", lambda v: abs(v) < 3),
    Claim("rate of the tower's top", "below 0.1", lambda v: v < 0.1),
    Claim("accuracy, mixture prior", "0.58 to 0.68", lambda v: 0.5 < v < 0.75),
    Claim("accuracy, mixture afterwards", "0.58 to 0.76", lambda v: 0.55 < v < 0.82),
    Claim("accuracy, k-means", "0.76 to 0.79", lambda v: 0.75 < v < 0.8),
    Claim("start: off the stored evidence", "0", lambda v: abs(v) < 0.03),
    Claim("start: off the stored accuracy", "0", lambda v: abs(v) < 0.03),
]
