"""2 · All of it, in plain sight: exercise 06.3, a training loop with two planted bugs."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal, seeded


def one_epoch(x: Tensor, encoder: nn.Module, decoder: nn.Module) -> Tensor:
    """Train for an epoch, in minibatches of 4; the loss of each, in nats per data point."""
    both = [*encoder.parameters(), *decoder.parameters()]
    optimizer, losses = torch.optim.SGD(both, lr=0.1), []
    for batch in x.split(4):
        mean, scale = encoder(batch)
        z = mean + scale * torch.randn(mean.shape)
        fit = Normal(decoder(z), 0.5).log_prob(batch).sum(1)
        kl = kl_divergence(Normal(mean, scale), Normal(0.0, 1.0)).sum(1)
        loss = (kl - fit).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)


def _variant(
    every: bool = True,
    kl_of: str = "point",
    cleared: bool = True,
    cut: bool = False,
    shared: bool = False,
) -> Callable:
    """`one_epoch` with some things done differently."""

    def answer(x: Tensor, encoder: nn.Module, decoder: nn.Module) -> Tensor:
        moved = [*encoder.parameters(), *decoder.parameters()] if every else decoder.parameters()
        optimizer, losses = torch.optim.SGD(moved, lr=0.1), []
        for batch in x.split(4):
            mean, scale = encoder(batch)
            noise = torch.randn(mean.shape[1:]) if shared else torch.randn(mean.shape)
            z = mean + scale * noise
            fit = Normal(decoder(z.detach() if cut else z), 0.5).log_prob(batch).sum(1)
            kl = kl_divergence(Normal(mean, scale), Normal(0.0, 1.0))
            sums = {
                "point": kl.sum(1),
                "batch": kl.sum(),
                "mean": kl.mean(1),
                "none": 0 * kl.sum(1),
            }
            loss = (sums[kl_of] - fit).mean()
            if cleared:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses)

    return answer


class _Tiny(nn.Module):
    """x (N, 3) -> mean and scale (N, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.network(x).chunk(2, 1)
        return mean, (log_variance / 2).exp()


def _case(seed: int) -> tuple:
    with seeded(seed):
        return normal(12, 3, seed=seed).float(), _Tiny(), nn.Linear(2, 3)


Exercise(
    "06.3",
    one_epoch,
    cases=[_case(0), _case(1)],
    mistakes=[
        Mistake(
            _variant(every=False, kl_of="batch"),
            "That is the loop as it stood: neither bug is mended. Ask of each line what its shape is, "
            "and of each parameter who moves it.",
        ),
        Mistake(
            _variant(every=False),
            "The KL is mended. One bug is left: print a weight of the encoder before and after.",
        ),
        Mistake(
            _variant(kl_of="batch"),
            "The encoder moves now. One bug is left: what shape has <code>kl</code>, and by how much "
            "does each point's loss rise if the minibatch is twice as large?",
        ),
        Mistake(
            _variant(kl_of="mean"),
            "The KL is a number for each point now, but a mean over its latents: independent "
            "dimensions add. That would be β = 1/H.",
        ),
        Mistake(
            _variant(every=False, kl_of="mean"),
            "Both halves are open: the KL of a point is the <i>sum</i> over its latents, and the "
            "encoder still does not move.",
        ),
        Mistake(
            _variant(cleared=False),
            "Both bugs are found, but <code>zero_grad</code> went with them: gradients add up until "
            "they are cleared.",
        ),
        Mistake(
            _variant(cut=True),
            "Both bugs are found, but z is cut off from the encoder: no <code>detach</code> there.",
        ),
        Mistake(
            _variant(shared=True),
            "Both bugs are found, but the noise was right: every point needs an ε of its own.",
        ),
        Mistake(
            _variant(kl_of="none"),
            "The KL has gone. It belongs in the loss, once for every point.",
        ),
    ],
    nudge="Two tests that find most bugs: the shape of every line, and which parameters an epoch moves.",
    formula="Each of the B losses of a minibatch must be $\\mathrm{KL}_n - \\log p(x_n\\mid z_n)$, with "
    "shapes (B,) and (B,). The loop's $\\mathrm{KL}$ has shape (): every point pays for all, as "
    "with $\\beta = B$. And the optimiser moves $\\theta$ only.",
    tolerance=1e-5,
)
