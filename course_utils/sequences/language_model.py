"""Models of strings: words drawn one by one, pairs of words, and a recurrent network.

Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
machine translation", EMNLP 2014 (the GRU); Bowman et al., "Generating sentences from a continuous
space", CoNLL 2016 (its use as a decoder).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_utils import training, validate
from course_utils.sequences.tokens import END, batches, counted, known, shifted

__all__ = ["Recurrent", "bigram", "fit", "log_prob", "unigram"]


@validate.typed
def log_prob(logits: Float[Tensor, "N T V"], tokens: Int[Tensor, "N T"]) -> Float[Tensor, "N"]:
    """sum_t log p(token t | those before), over the words and the first end, in nats."""
    validate.finite(logits=logits)
    known(tokens, logits.shape[2])
    return _log_prob(logits, tokens)


def _log_prob(logits: Tensor, tokens: Tensor) -> Tensor:
    each = logits.log_softmax(-1).gather(-1, tokens[..., None]).squeeze(-1)
    return torch.where(counted(tokens), each, 0.0).sum(1)


@validate.typed
def unigram(tokens: Int[Tensor, "N T"], vocab_size: int) -> Float[Tensor, "V"]:
    """log of the shares of all tokens, the ends among them: a model that draws each by itself."""
    validate.integer(1, vocab_size=vocab_size)
    known(tokens, vocab_size)
    return (
        tokens[counted(tokens)]
        .bincount(minlength=vocab_size)
        .double()
        .div(counted(tokens).sum())
        .log()
    )


@validate.typed
def bigram(tokens: Int[Tensor, "N T"], vocab_size: int, extra: float = 0.1) -> Float[Tensor, "V V"]:
    """log p(token | the one before), a row each, from counts to which `extra` is added."""
    validate.integer(1, vocab_size=vocab_size)
    validate.positive(extra=extra)
    known(tokens, vocab_size)
    mask = counted(tokens)
    pairs = shifted(tokens)[mask] * vocab_size + tokens[mask]
    counts = pairs.bincount(minlength=vocab_size**2).view(vocab_size, -1).double() + extra
    return (counts / counts.sum(1, keepdim=True)).log()


@validate.typed
class Recurrent(nn.Module):
    """p(string | z) = prod_t p(token t | tokens before, z), by a gated recurrent unit (GRU).

    The unit reads the embedding of the token before, with z beside it, and its state gives the
    logits of the next. latent_dim 0: no z, a language model.
    vocab_size: V, tokens that can be predicted; token V may be read: a word that is not shown.
    """

    def __init__(
        self, vocab_size: int, latent_dim: int = 0, hidden: int = 64, embedding: int = 32
    ) -> None:
        super().__init__()
        validate.integer(2, vocab_size=vocab_size)
        validate.integer(0, latent_dim=latent_dim)
        validate.integer(1, hidden=hidden, embedding=embedding)
        self.vocab_size, self.latent_dim = vocab_size, latent_dim
        self.embedding = nn.Embedding(vocab_size + 1, embedding)
        self.unit = nn.GRU(embedding + latent_dim, hidden, batch_first=True)
        self.output = nn.Linear(hidden + latent_dim, vocab_size)

    def forward(self, read: Tensor, z: Tensor | None = None, state: Tensor | None = None):
        """Logits (N, T, V) after each of the tokens read (N, T), with z (N, H); and the state."""
        x = self.embedding(read)
        if z is None:
            hidden, state = self.unit(x, state)
            return self.output(hidden), state
        z = z[:, None].expand(-1, read.shape[1], -1)
        hidden, state = self.unit(torch.cat([x, z], 2), state)
        return self.output(torch.cat([hidden, z], 2)), state

    def log_prob(self, tokens: Tensor, z: Tensor | None = None, read: Tensor | None = None):
        """log p(string | z) in nats, (N,). read: shown in place of the tokens before each."""
        return _log_prob(self(shifted(tokens) if read is None else read, z)[0], tokens)

    @torch.no_grad()
    def write(
        self, num_strings: int, length: int, z: Tensor | None = None, greedy: bool = False
    ) -> Tensor:
        """Token by token (N, length), drawn or, greedy, the likeliest each time."""
        state, row = None, torch.full((num_strings, 1), END)
        written = []
        for _ in range(length):
            logits, state = self(row, z, state)
            drawn = (
                logits[:, 0].argmax(1) if greedy else logits[:, 0].softmax(1).multinomial(1)[:, 0]
            )
            row = drawn[:, None]
            written.append(row)
        return torch.cat(written, 1)


@validate.typed
def fit(
    model: Recurrent,
    tokens: Int[Tensor, "N T"],
    num_steps: int,
    batch_size: int = 128,
    lr: float = 0.01,
    progress: bool = True,
) -> training.History:
    """Raise the mean log-likelihood of a model without z."""
    known(tokens, model.vocab_size)
    validate.integer(1, len(tokens), batch_size=batch_size)
    parts = batches(tokens, batch_size)
    return training.fit(
        model,
        lambda i: -model.log_prob(parts[int(i)]).mean(),
        torch.arange(len(parts)),
        num_steps=num_steps,
        batch_size=1,
        lr=lr,
        decay=True,
        progress=progress,
    )
