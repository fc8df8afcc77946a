"""A probabilistic program in fifty lines: model and guide in one language, and bounds on both.

A model is code that draws its variables one after another. The same code scores values that are
given, generates what is not, and is differentiated: what the lessons before wrote out model by
model. After ZhuSuan: Shi et al., "ZhuSuan: a library for Bayesian deep learning", 2017; a factor
1 with a gradient: Foerster et al., "DiCE", ICML 2018, to first order.
"""

from collections.abc import Callable

from torch import Tensor, nn, zeros
from torch.distributions import Distribution

__all__ = ["ELBO", "BayesianNet"]


class BayesianNet(nn.Module):
    """A joint distribution as a program: subclasses write `program`, one `node` a variable.

    After `observe`: values, log_probs and scores by the node's name; cache: whatever the program
    keeps there to be looked at.
    """

    program: Callable[..., None]  # the story, of its inputs: every variable by `self.node`
    pathwise = True  # whether nodes that can be reparameterised are; an objective decides

    def observe(self, *inputs: Tensor, **values: Tensor) -> "BayesianNet":
        """Run the program on these inputs, the nodes named held at these values, the others drawn.

        Without values it generates. ValueError for a value whose name no node has.
        """
        self.values, self.log_probs, self.scores, self.cache = map(dict, (values, {}, {}, {}))
        self.program(*inputs)
        if unknown := values.keys() - self.log_probs.keys():
            raise ValueError(f"values has {sorted(unknown)}; nodes are {sorted(self.log_probs)}")
        return self

    def node(self, name: str, p: Distribution, sample_shape: tuple[int, ...] = ()) -> Tensor:
        """The variable called name, with distribution p: its value if observed, else a sample.

        sample_shape: (S,) draws S of them. A ValueError names the node whose value p cannot have.
        What was drawn without reparameterisation has its log-probability in `scores`, too.
        """
        if name in self.log_probs:
            raise ValueError(f"name {name!r} belongs to two nodes")
        path, drawn = self.pathwise and p.has_rsample, name not in self.values
        if drawn:
            self.values[name] = (p.rsample if path else p.sample)(sample_shape)
        try:
            self.log_probs[name] = p.log_prob(self.values[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        if drawn and not path:
            self.scores[name] = self.log_probs[name]
        return self.values[name]

    def __getstate__(self) -> dict:
        """What a copy or a file keeps: the parameters, and not the run, whose graph has no copy."""
        return vars(self) | {"values": {}, "log_probs": {}, "scores": {}, "cache": {}}

    def log_joint(self) -> Tensor:
        """The sum of all nodes' log-probabilities, in nats: one number for every batch entry.

        ValueError if they differ in shape: what belongs to one entry was not summed, or a node
        drawn once stands beside nodes drawn for every point.
        """
        shapes = {name: tuple(value.shape) for name, value in self.log_probs.items()}
        if len(set(shapes.values())) > 1:
            raise ValueError(f"log_probs must have one shape, got {shapes}")
        return sum(self.log_probs.values(), start=zeros(()))


class ELBO(nn.Module):
    """A cost to descend: -ELBO, with a gradient that is unbiased for every kind of node.

    generator: p(x, z). variational: q(z | inputs), with the nodes that are not observed.
    estimator: "sgvb" reparameterises the nodes that can be, the others have the score function's
    gradient; "reinforce" gives it to all of them.
    """

    def __init__(self, generator: BayesianNet, variational: BayesianNet, estimator: str = "sgvb"):
        super().__init__()
        if estimator not in ("sgvb", "reinforce"):
            raise ValueError(f'estimator must be "sgvb" or "reinforce", got {estimator!r}')
        self.generator, self.variational, self.estimator = generator, variational, estimator

    def log_weight(self, *inputs: Tensor, **observed: Tensor) -> Tensor:
        """log p(observed, z) - log q(z | inputs) for z drawn from q, of q's batch shape.

        ValueError for a node of the generator that is neither observed nor drawn by q: drawn from
        its prior it would be scored, and what is left need not be a bound.
        """
        self.variational.pathwise = self.estimator == "sgvb"
        q = self.variational.observe(*inputs)
        p = self.generator.observe(**observed, **q.values)
        if free := p.values.keys() - observed.keys() - q.values.keys():
            raise ValueError(f"observed lacks {sorted(free)}, and variational does not draw it")
        return p.log_joint() - q.log_joint()

    def forward(self, *inputs: Tensor, **observed: Tensor) -> Tensor:
        """The mean over the batch: -ELBO's estimate, and its gradient's."""
        log_w = self.log_weight(*inputs, **observed)
        score = sum(self.variational.scores.values(), start=zeros(()))
        return -(log_w * (1 + score - score.detach())).mean()  # times 1, which has a gradient
