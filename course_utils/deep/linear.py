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
    decoder = Decoder(H, D, likelihood="fixed").to(model.W)
    log_sigma2 = torch.as_tensor(model.sigma2, dtype=model.W.dtype).log()
    state = {"network.0.weight": model.W, "network.0.bias": model.mu, "log_sigma2": log_sigma2}
    decoder.load_state_dict(state)
    return decoder
