"""A VAE of strings: a recurrent decoder, which could do without z, and what makes it listen.

Source: Bowman et al., "Generating sentences from a continuous space", CoNLL 2016; Kingma et al.,
"Improved variational inference with inverse autoregressive flow", NeurIPS 2016 (free bits).
"""

from itertools import count
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from course_utils import training, validate
from course_utils.gaussian import Gaussian, StandardNormal
from course_utils.sequences.language_model import Recurrent
from course_utils.sequences.tokens import END, batches, counted, known, shifted

__all__ = ["Encoder", "Parts", "dropped", "evidence", "fit", "kl", "parts", "readable"]


@validate.typed
class Encoder(nn.Module):
    """tokens -> q(z | string), a Gaussian with a diagonal covariance: a GRU reads the string, and its
    state at the end of it gives the means and the log variances.
    """

    def __init__(
        self, vocab_size: int, latent_dim: int, hidden: int = 32, embedding: int = 32
    ) -> None:
        super().__init__()
        validate.integer(2, vocab_size=vocab_size)
        validate.integer(1, latent_dim=latent_dim, hidden=hidden, embedding=embedding)
        self.latent_dim = latent_dim
        self.embedding = nn.Embedding(vocab_size, embedding)
        self.unit = nn.GRU(embedding, hidden, batch_first=True)
        self.output = nn.Linear(hidden, 2 * latent_dim)

    def forward(self, tokens: Tensor) -> Gaussian:
        """q(z | string) for tokens (N, T): batch shape (N,), event shape (H,)."""
        states, _ = self.unit(self.embedding(tokens))
        last = states[torch.arange(len(tokens)), counted(tokens).sum(1) - 1]
        return Gaussian(*self.output(last).chunk(2, 1))


@validate.typed
def dropped(read: Int[Tensor, "N T"], rate: float, hide: int) -> Int[Tensor, "N T"]:
    """What is read, each word hidden with this chance (word dropout); ends are spared."""
    gone = (torch.rand(read.shape) < rate) & (read != END)
    return read.masked_fill(gone, hide)


@validate.typed
def kl(q: Gaussian) -> Float[Tensor, "N H"]:
    """KL from q to N(0, 1) of every latent, in nats."""
    return (q.mean**2 + q.variance - 1 - q.log_variance) / 2


class Parts(NamedTuple):
    """Of every string, in nats: -distortion is E_q[log p(x | z)], and the ELBO is minus the sum."""

    rate: Tensor
    distortion: Tensor

    @property
    def elbo(self) -> Tensor:
        """Minus rate, minus distortion."""
        return -self.rate - self.distortion


@validate.typed
@torch.no_grad()
def parts(
    tokens: Int[Tensor, "N T"], encoder: Encoder, decoder: Recurrent, num_samples: int = 1
) -> Parts:
    """Rate and distortion, every word in sight."""
    validate.integer(1, num_samples=num_samples)
    known(tokens, decoder.vocab_size)
    q = encoder(tokens)
    fits = [decoder.log_prob(tokens, q.rsample()) for _ in range(num_samples)]
    return Parts(kl(q).sum(1), -torch.stack(fits).mean(0))


@validate.typed
@torch.no_grad()
def evidence(
    tokens: Int[Tensor, "N T"], encoder: Encoder, decoder: Recurrent, num_samples: int
) -> Float[Tensor, "N"]:
    """log p(string) by importance samples of q: a bound that is tight with many (lesson 08)."""
    validate.integer(1, num_samples=num_samples)
    known(tokens, decoder.vocab_size)
    q = encoder(tokens)
    prior = StandardNormal(torch.zeros(decoder.latent_dim))
    weights = []
    for _ in range(num_samples):
        z = q.rsample()
        weights.append(decoder.log_prob(tokens, z) + prior.log_prob(z) - q.log_prob(z))
    return torch.stack(weights).logsumexp(0) - torch.tensor(num_samples).log()


@validate.typed
def readable(
    codes: Float[Tensor, "N H"],
    labels: Int[Tensor, "N"],
    new_codes: Float[Tensor, "M H"],
    new_labels: Int[Tensor, "M"],
) -> float:
    """Nats about a label that logistic regression reads from a new code: the entropy of the labels
    less the mean of -log p(label | code). No more than the code has, but for chance; negative if
    guessing would be better.
    """
    validate.finite(codes=codes, new_codes=new_codes)
    reader = LogisticRegression(max_iter=1000).fit(codes.numpy(), labels.numpy())
    log_p = torch.from_numpy(reader.predict_log_proba(new_codes.numpy()))
    place = torch.searchsorted(torch.from_numpy(reader.classes_), new_labels)
    share = labels.bincount()[reader.classes_].double() / len(labels)
    return (log_p.gather(1, place[:, None])[:, 0] - share.log()[place]).mean().item()


@validate.typed
def fit(
    tokens: Int[Tensor, "N T"],
    encoder: Encoder,
    decoder: Recurrent,
    num_steps: int,
    dropout: float = 0.0,
    warmup: int = 0,
    free: float = 0.0,
    beta: float = 1.0,
    batch_size: int = 128,
    lr: float = 0.01,
    progress: bool = True,
) -> training.History:
    """Raise the mean ELBO in both networks, one sample of z a string.

    dropout: chance of a word to be hidden from the decoder. warmup: steps in which the KL's weight
    rises from 0 to beta. free: nats for each latent whose KL, as a mean over a batch, is not counted.
    """
    known(tokens, decoder.vocab_size)
    validate.integer(0, warmup=warmup)
    validate.integer(1, len(tokens), batch_size=batch_size)
    validate.not_negative(dropout=dropout, free=free, beta=beta)
    pieces, steps = batches(tokens, batch_size), count(1)

    def loss(index: Tensor) -> Tensor:
        x = pieces[int(index)]
        q = encoder(x)
        read = dropped(shifted(x), dropout, decoder.vocab_size)
        price = kl(q).mean(0).clamp(min=free).sum()
        weight = beta * min(1.0, next(steps) / max(warmup, 1))
        return weight * price - decoder.log_prob(x, q.rsample(), read).mean()

    return training.fit(
        nn.ModuleList([encoder, decoder]),
        loss,
        torch.arange(len(pieces)),
        num_steps=num_steps,
        batch_size=1,
        lr=lr,
        decay=True,
        progress=progress,
    )
