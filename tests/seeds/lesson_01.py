"""Lesson 01: the linear autoencoder on the digits, from other first weights."""

import torch
from torch import nn

from course_utils import data, pca, training
from course_utils.lessons.l01_pca_autoencoder.network import unexplained
from seeds import Claim, Measured


def measure(seed: int) -> Measured:
    """Train with and without the penalty of section 7, and compare with PCA."""
    x = data.digits().train
    centred = x - x.mean(0)
    best, spectrum = pca.fit(x, 2).W, pca.fit(x, 64).eigenvalues
    floor, S, seen = spectrum[2:].sum(), centred.T @ centred / len(x), centred.abs().sum(0) > 0

    def train(steps: int, kappa: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        torch.manual_seed(seed)
        encoder, decoder = (nn.Linear(*size, bias=False) for size in ((64, 2), (2, 64)))
        model = nn.Sequential(encoder, decoder).double()

        def loss(x):
            size = sum(weight.square().sum() for weight in model.parameters())
            return (x - model(x)).square().sum(1).mean() + kappa * size

        options = {"num_steps": steps, "lr": 0.03, "decay": True, "progress": False}
        training.fit(model, loss, centred, **options)
        return encoder.weight.detach(), decoder.weight.detach(), loss(centred).detach()

    A, B, loss = train(600, 0.0)
    A_decayed, B_decayed, _ = train(1200, 0.05)
    axes, lengths, _ = torch.linalg.svd(B_decayed, full_matrices=False)
    free_axes = torch.linalg.svd(B, full_matrices=False)[0]
    expected = (1 - 0.05 / spectrum[:2]).sqrt()
    scores = centred @ pca.fit(x, 3).W
    quantities = {
        "loss above the floor": loss - floor,
        "decoder": pca.principal_angle(B, best),
        "scores from codes": unexplained(centred @ A.T, scores[:, :2]),
        "the next scores": unexplained(centred @ A.T, scores[:, 1:]),
        "rows of A": pca.principal_angle(A.T, best),
        "rows of AS": pca.principal_angle(S @ A.T, best),
        "rows of A, pixels seen": pca.principal_angle(A.T[seen], best[seen]),
        "balance": (A_decayed - B_decayed.T).abs().max(),
        "lengths": (lengths - expected).abs().max(),
        "axes with the penalty": (axes * best).sum(0).abs().min(),
        "axes without": (free_axes * best).sum(0).abs().max(),
    }
    return {name: value.item() for name, value in quantities.items()}


CLAIMS = [
    Claim("loss above the floor", "0, to 0.001", lambda v: abs(v) < 1e-3),
    Claim("decoder", "within a degree of PCA's plane", lambda v: v < 1),
    Claim("scores from codes", "0, to 0.001", lambda v: v < 1e-3),
    Claim("the next scores", "above 0.5", lambda v: v > 0.5),
    Claim("rows of A", "miss it by over 10 degrees", lambda v: v > 10),
    Claim("rows of AS", "within 0.001 degrees", lambda v: v < 1e-3),
    Claim("rows of A, pixels seen", "within a degree", lambda v: v < 1),
    Claim("balance", "A is Bᵀ, to 1e-4", lambda v: v < 1e-4),
    Claim("lengths", "√(1 − κ/λ), to 1e-4", lambda v: v < 1e-4),
    Claim("axes with the penalty", "|cos| above 0.999", lambda v: v > 0.999),
    Claim("axes without", "|cos| below 0.99", lambda v: v < 0.99),
]
