"""PPCA as a deep model without hidden layers: a truth to hold samplers against, for any H."""

import torch

from course_utils import validate
from course_utils.deep.model import Decoder
from course_utils.ppca import PPCA

__all__ = ["linear"]


@validate.typed
def linear(model: PPCA) -> Decoder:
    """The same model as a `Decoder`, in its dtype and on its device; sigma2 is held."""
    D, H = model.W.shape
    decoder = Decoder(H, D, likelihood="fixed", sigma2=float(model.sigma2)).to(model.W)
    with torch.no_grad():
        decoder.network[0].weight.copy_(model.W)
        decoder.network[0].bias.copy_(model.mu)
    return decoder
