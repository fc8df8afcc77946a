"""Strings of words as a tensor of numbers, all rows of one length.

Number 0 ends a string; it also stands before the first word, and pads a row to the length of the
longest. Words are 1, 2, ...; the number after the last word means "a word that is not shown".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from course_utils import validate
from course_utils.sequences.grammar import Words

__all__ = ["END", "Vocabulary", "batches", "counted", "known", "shifted"]

END = 0


@validate.typed
@dataclass(frozen=True)
class Vocabulary:
    """Words and their numbers, 1 for the first."""

    words: Sequence[str]

    def __post_init__(self) -> None:
        if not self.words or len(set(self.words)) < len(self.words):
            raise ValueError("words must be one or more, each once")

    def __len__(self) -> int:
        """How many numbers a model predicts: the words and the end."""
        return len(self.words) + 1

    @validate.typed
    def encode(self, strings: Sequence[Words], length: int | None = None) -> Int[Tensor, "N T"]:
        """A row a string: its words' numbers, then ends up to the length, if None the least."""
        number = {word: i for i, word in enumerate(self.words, 1)}
        if unknown := {word for string in strings for word in string} - set(number):
            raise ValueError(f"strings must be of words, got {min(unknown)!r}")
        least = 1 + max(map(len, strings), default=0)
        length = least if length is None else length
        if not strings or length < least:
            raise ValueError(f"strings must be some, and length at least {least}, got {length}")
        rows = [[number[word] for word in one] + [END] * (length - len(one)) for one in strings]
        return torch.tensor(rows)

    @validate.typed
    def decode(self, tokens: Int[Tensor, "N T"]) -> list[Words]:
        """The words of every row, up to its first end."""
        known(tokens, len(self))
        rows = [row[: row.index(END)] if END in row else row for row in tokens.tolist()]
        return [tuple(self.words[n - 1] for n in row) for row in rows]


@validate.typed
def known(tokens: Int[Tensor, "N T"], vocab_size: int) -> None:
    """Raise ValueError unless there are tokens, all of them from 0 to vocab_size - 1."""
    if not tokens.numel() or tokens.min() < 0 or tokens.max() >= vocab_size:
        raise ValueError(
            f"tokens must be one or more numbers from 0 to {vocab_size - 1}, got shape "
            f"{tuple(tokens.shape)}"
            + (f", {tokens.min()} to {tokens.max()}" if tokens.numel() else "")
        )


@validate.typed
def shifted(tokens: Int[Tensor, "N T"]) -> Int[Tensor, "N T"]:
    """What a model has read before it predicts each token: an end first, the last one never."""
    return torch.cat([torch.full_like(tokens[:, :1], END), tokens[:, :-1]], 1)


@validate.typed
def counted(tokens: Int[Tensor, "N T"]) -> Bool[Tensor, "N T"]:
    """True for the words and for the first end, which is predicted too; False for the padding."""
    return (tokens == END).cumsum(1) <= (tokens == END)


@validate.typed
def batches(tokens: Int[Tensor, "N T"], size: int) -> list[Tensor]:
    """Rows of like length together, `size` at a time (the shortest few are left out), each batch
    cut to its longest row: most of the padding is gone, and so is half the time.
    """
    validate.integer(1, len(tokens), size=size)
    lengths = counted(tokens).sum(1)
    order = lengths.argsort()[len(tokens) % size :]
    return [tokens[rows, : int(lengths[rows].max())] for rows in order.split(size)]
