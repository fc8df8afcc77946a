"""What lesson 06's tests share."""

from collections.abc import Callable

import torch
from hypothesis import settings
from pictures import drawn_texts, unreadable

from course_utils import vae
from course_utils.kit import Poll
from course_utils.kit.figure import Picture

few = settings(deadline=None, max_examples=25, derandomize=True)


def tiny(likelihood="bernoulli"):
    """An encoder and a decoder of 64 pixels, untrained."""
    torch.manual_seed(0)
    return vae.Encoder(64, 2, (4,)), vae.Decoder(2, 64, (4,), likelihood)


def sound(poll: Poll) -> bool:
    """Whether the question has one right answer and every option a reason."""
    return sum(option.right for option in poll.options) == 1 and all(
        option.why for option in poll.options
    )


def description(make: Callable[[], Picture]) -> str:
    """What a figure says of itself, if its texts can be read."""
    with drawn_texts() as texts:
        alt = make().alt
    assert not unreadable(texts)
    return alt
