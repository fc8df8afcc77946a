"""1 and 2, a model is a program: the coin, its trace and its guide."""

import ipywidgets as widgets
import torch
from matplotlib.patches import Ellipse
from torch import Tensor, nn
from torch.distributions import Beta, Binomial, kl_divergence

from course_utils import training
from course_utils.bayes_net import ELBO, BayesianNet
from course_utils.kit import Explorer, Option, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction

PRIOR, MODEL, TRUTH, Q, DATA = (
    style.ROLES[name] for name in ("prior", "model", "truth", "q", "data")
)
TOSSES = 10
TWO = torch.tensor(2.0, dtype=torch.float64)


class Coin(BayesianNet):
    """An unknown coin, and its heads in ten tosses."""

    def program(self) -> None:
        """Nodes theta and x."""
        theta = self.node("theta", Beta(TWO, TWO))
        self.node("x", Binomial(TOSSES, theta))


class Guide(BayesianNet):
    """q(theta) = Beta(a, b), S samples at once."""

    def __init__(self, a: float, b: float, num_samples: int) -> None:
        super().__init__()
        self.log_ab = nn.Parameter(torch.tensor([a, b], dtype=torch.float64).log())
        self.num_samples = num_samples

    def program(self) -> None:
        """Node theta, (S,)."""
        a, b = self.log_ab.exp()
        self.node("theta", Beta(a, b), (self.num_samples,))


def evidence(heads: Tensor) -> Tensor:
    """log p(x): prior times likelihood over posterior, at any theta."""
    half = TWO / 4
    joint = Coin().observe(theta=half, x=heads).log_joint()
    return joint - Beta(2 + heads, 2 + TOSSES - heads).log_prob(half)


def predict_trace() -> Prediction:
    """Ask what observing does to the joint, then move it."""
    question = (
        "coin.observe(x=7) draws θ from the prior and scores x = 7 under it. Over many runs, is θ "
        "distributed like the posterior p(θ | x = 7)?"
    )
    options = [
        Option("yes, x was observed", False, "Was θ drawn after a look at x? Read the program."),
        Option(
            "no: like the prior",
            True,
            "The program runs from the top: θ is drawn before x is reached. The 7 only sets the "
            "weight, log p(x = 7 | θ). What knows of x is the guide's business.",
        ),
        Option("like the posterior, with noise", False, "It never sees the seven before drawing."),
    ]
    return predict(question, options, explore_trace())


def explore_trace() -> Explorer:
    """Both nodes with value and log-probability, and the joint over theta."""
    theta = torch.linspace(0.02, 0.98, 97, dtype=torch.float64)
    parts = ("log p(θ)", "log p(x | θ)", "log joint")

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.35])
        left.set(xlim=(0, 10), ylim=(0, 10), title="The run")
        left.axis("off")
        for y, name, role in ((7.6, "θ", PRIOR), (2.6, "x", MODEL)):
            left.add_patch(Ellipse((2, y), 3, 2.4, fill=False, edgecolor=role.color, lw=3))
            left.text(2, y, name, color=role.ink, ha="center", va="center", fontsize=20)
        arrow = {"arrowstyle": "-|>", "lw": 2, "color": style.INK}
        left.annotate("", (2, 3.9), (2, 6.3), arrowprops=arrow)
        right.set(xlim=(0, 1), ylim=(-14, 3), xlabel="θ", ylabel="nats", title="Scores at every θ")
        lines = zip(parts, (PRIOR, MODEL, TRUTH), strict=True)
        marks = {}
        for name, role in lines:
            marks[name] = right.plot([], [], **role.line)[0]
            marks[f"{name} here"] = right.plot([], [], **role.dots | {"markersize": 11})[0]
        return fig, marks | {
            "theta_text": left.text(4, 7.2, "", color=PRIOR.ink),
            "x_text": left.text(4, 2.2, "", color=MODEL.ink),
            "joint_text": left.text(4, 0, "", color=TRUTH.ink),
        }

    def update(value: float, heads: int) -> dict:
        def scores(at: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            net = Coin().observe(theta=at, x=torch.tensor(float(heads), dtype=torch.float64))
            return net.log_probs["theta"], net.log_probs["x"], net.log_joint()

        curves, now = scores(theta), [s.item() for s in scores(torch.tensor(value).double())]
        frame: dict = {name: (theta, c) for name, c in zip(parts, curves, strict=True)}
        frame |= {f"{name} here": ([value], [s]) for name, s in zip(parts, now, strict=True)}
        best = theta[curves[2].argmax()].item()
        return frame | {
            "theta_text": f"value {value:.2f}\n··· log p = {now[0]:.2f}",
            "x_text": f"value {heads}\n-·- log p = {now[1]:.2f}",
            "joint_text": f"— sum = {now[2]:.2f}",
            "alt": f"The coin's run with θ = {value:.2f} and x = {heads}: log p(θ) = {now[0]:.2f}, "
            f"log p(x | θ) = {now[1]:.2f}, log joint {now[2]:.2f} nats. The joint is highest near "
            f"θ = {best:.2f}.",
        }

    controls = {
        "value": widgets.FloatSlider(
            value=0.5, min=0.05, max=0.95, step=0.05, description="value of θ"
        ),
        "heads": widgets.IntSlider(value=7, min=0, max=10, description="heads x"),
    }
    strip = [{"value": 0.2, "heads": 7}, {"value": 0.65, "heads": 7}, {"value": 0.65, "heads": 1}]
    return Explorer(scene, update, controls, strip)


def fit_guide(guide: Guide, estimator: str, heads: Tensor) -> list[float]:
    """Six hundred steps of Adam on the coin's cost, and KL(q || posterior) before each."""
    cost = ELBO(Coin(), guide, estimator)
    once = torch.zeros(1)  # there are no minibatches of one coin
    posterior = Beta(2 + heads, 2 + TOSSES - heads)
    away = []

    def loss(_: Tensor) -> Tensor:
        a, b = guide.log_ab.detach().exp()
        away.append(kl_divergence(Beta(a, b), posterior).item())
        return cost(x=heads)

    training.fit(guide, loss, once, num_steps=600, lr=0.05, decay=True, progress=False)
    return away


def plot_fits(runs: dict[str, list[float]]) -> Picture:
    """How far each estimator's guide is from the posterior, step by step."""
    fig, ax = style.subplots()
    roles = {"sgvb": style.ROLES["pathwise"], "reinforce": style.ROLES["score"]}
    for name, away in runs.items():
        ax.semilogy(away, **roles[name].line | {"linewidth": 2}, label=name)
    ax.set(xlabel="step", ylabel="KL(q ‖ posterior), nats", xlim=(0, None))
    ax.set_title("One model, one guide, two estimators")
    ax.legend(loc="upper right")
    ends = ", ".join(f"{name} at {away[-1]:.4f}" for name, away in runs.items())
    return figure(fig, alt=f"KL from the guide to the posterior by step, in nats; it ends: {ends}.")
