"""Lesson 02: other noise for the dequantised digits, other draws from the posterior."""

import torch

from course_utils import data, ppca
from seeds import Claim, Measured


def measure(seed: int) -> Measured:
    """What dequantising takes from 50 and 60 latents, and from the ladder's two."""
    digits = data.digits()
    blurred = [x + (torch.rand_like(x) - 0.5) / 16 for x in (digits.train, digits.test)]

    def evidence(train: torch.Tensor, test: torch.Tensor, latent_dim: int) -> float:
        return ppca.fit(train, latent_dim).log_evidence(test).mean().item()

    usual = digits.train.mode(0).values
    steady = (digits.train == usual).double().mean(0) > 0.986
    whole = digits.train, digits.test
    edge = [torch.where(steady, b, x) for b, x in zip(blurred, whole, strict=True)]
    fitted = ppca.fit(digits.train, 5)
    draws = fitted.posterior(digits.train).sample((200,)) @ fitted.W.T + fitted.mu
    return {
        "gain from 50 to 60": evidence(*blurred, 60) - evidence(*blurred, 50),
        "gain, the edge dequantised": evidence(*edge, 60) - evidence(*edge, 50),
        "cost at 2": evidence(digits.train, digits.test, 2) - evidence(*blurred, 2),
        "error of draws": (digits.train - draws).square().sum(-1).mean().item(),
    }


CLAIMS = [
    Claim("gain from 50 to 60", "less than a nat, dequantised", lambda v: v < 1),
    Claim("gain, the edge dequantised", "less than a nat", lambda v: v < 1),
    Claim("cost at 2", "0.2 nats, within 0.1", lambda v: abs(v - 0.2) < 0.1),
    Claim("error of draws", "64 σ² = 2.3031, within 0.001", lambda v: abs(v - 2.3031) < 1e-3),
]
