"""A VAE as Pyro's tutorial writes it, from two networks of ours."""

import pyro
import torch
from torch import Tensor, nn

from course_utils import vae


class PyroVAE(nn.Module):
    """Model and guide over the encoder's and the decoder's networks."""

    def __init__(self, encoder: vae.Encoder, decoder: vae.Decoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def model(self, x: Tensor) -> None:
        pyro.module("decoder", self.decoder)
        zero = x.new_zeros(len(x), self.decoder.latent_dim)
        with pyro.plate("data", len(x)):
            z = pyro.sample("z", pyro.distributions.Normal(zero, 1.0).to_event(1))
            mean, scale = self.decoder.network(z), (self.decoder.log_sigma2 / 2).exp()
            pyro.sample("x", pyro.distributions.Normal(mean, scale).to_event(1), obs=x)

    def guide(self, x: Tensor) -> None:
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", len(x)):
            mean, log_variance = self.encoder.network(x).chunk(2, -1)
            q = pyro.distributions.Normal(mean, (log_variance / 2).exp()).to_event(1)
            pyro.sample("z", q)

    def step(self, loss, adam: torch.optim.Optimizer, x: Tensor) -> None:
        """One step of Adam on the mean loss of the batch x; loss: an ELBO of Pyro's."""
        adam.zero_grad()
        (loss.differentiable_loss(self.model, self.guide, x) / len(x)).backward()
        adam.step()
