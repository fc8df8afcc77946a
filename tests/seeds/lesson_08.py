"""Lesson 08: the stored tables, measured anew: PPCA's shortfalls, and training with K = 5."""

import warnings

import torch

from course_utils import bounds, data, deep, ladder, vae
from course_utils.lessons.l08_beyond_the_elbo import budget, training
from seeds import Claim, Measured


def shortfalls(H: int) -> list[float]:
    """Nats per image that each of budget.METHODS lacks."""
    model, x = budget.turned(H), data.digits().test[:100]
    decoder, truth, q = deep.linear(model), model.log_evidence(x), budget.mean_field(model, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bounds.Unreliable)
        estimates = [
            bounds.evidence(x, decoder.prior, decoder, 1000),
            bounds.evidence(x, decoder.prior, decoder, 100_000),
            bounds.evidence(x, q, decoder, 1000),
            bounds.annealed(x, decoder, None, bounds.schedule(100), 10),
            bounds.annealed(x, decoder, q, bounds.schedule(100, 1.0), 10),
        ]
    return [(truth - estimate.value).mean().item() for estimate in estimates]


def trained(num_importance: int, seed: int, gradient: str = "plain") -> ladder.Rung:
    """The digits' VAE with two latents, by K samples under the logarithm."""
    train, test = ladder.digits()
    torch.manual_seed(seed)
    encoder, decoder = vae.Encoder(64, 2, (128, 64)), vae.Decoder(2, 64, (64, 64), sigma2=0.05)
    steps = {"num_steps": 900, "batch_size": 200, "progress": False}
    if num_importance == 1:  # the ELBO, its KL in closed form
        vae.fit(train, encoder, decoder, **steps)
    else:
        bounds.fit(
            train, encoder, decoder, num_importance=num_importance, gradient=gradient, **steps
        )
    with torch.no_grad():
        return ladder.measure(test, decoder, encoder(test))


def measure(seed: int) -> Measured:
    """All of them with this seed, and how far they are from what is stored."""
    quantities: Measured = {}
    for H in budget.SHORT:
        torch.manual_seed(seed)
        for name, short, stored in zip(budget.METHODS, shortfalls(H), budget.SHORT[H], strict=True):
            quantities[f"{name}, H = {H}"] = short - stored
    one, five, dreg = trained(1, seed), trained(5, seed), trained(5, seed, "dreg")
    stored = torch.tensor(training.RUNS[seed - 1])
    again = torch.tensor([one, five, dreg])
    return quantities | {
        "off the stored runs": (again - stored).abs().max().item(),
        "evidence gained": five.evidence - one.evidence,
        "ELBO gained": five.elbo - one.elbo,
        "rung's evidence": five.evidence,
        "rung's ELBO": five.elbo,
    }


CLAIMS = [
    *(
        Claim(
            f"{name}, H = {H}",
            "as stored, within 0.15 and 30 %",
            lambda v, s=short: abs(v) < 0.15 + 0.3 * abs(s),
        )
        for H, row in budget.SHORT.items()
        for name, short in zip(budget.METHODS, row, strict=True)
    ),
    Claim("off the stored runs", "0, within 1 (another machine rounds otherwise)", lambda v: v < 1),
    Claim("evidence gained", "above 0", lambda v: v > 0),
    Claim("ELBO gained", "below 0, at four of five", lambda v: v < 0),
    Claim("rung's evidence", "20 to 22", lambda v: 20 < v < 22),
    Claim("rung's ELBO", "11.5 to 15.5", lambda v: 11.5 < v < 15.5),
]
