"""5, what could another prior gain: the codes' crowd against the prior, and exercise 09.4."""

from collections.abc import Mapping
from math import log, pi

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from torch import Tensor
from torch.distributions import Distribution

from course_utils import deep
from course_utils.gaussian import Gaussian, StandardNormal
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l09_unseen_by_the_objective.samples import rows_of_images
from course_utils.priors import aggregate
from course_utils.priors.mixture import Mixture

PRIOR, MODEL, GAP = (style.ROLES[name] for name in ("prior", "model", "gap"))
AXIS = torch.linspace(-7, 7, 281, dtype=torch.float64)  # learned priors reach further than N(0, I)
STANDARD = StandardNormal(torch.zeros(2, dtype=torch.float64))


def predict_gain(q: Gaussian, priors: Mapping[int, Mixture]) -> Prediction:
    """Ask what another prior can gain at most, then fit some."""
    rate = aggregate.split(q, STANDARD, (AXIS, AXIS)).rate.item()
    question = (
        f"A VAE is trained; its rate is {rate:.2f} nats. Both networks are held, and N(0, I) is "
        "replaced by the best prior there is. The mean ELBO of the training images gains …"
    )
    options = [
        Option(
            f"{rate:.2f} nats: no rate is left",
            False,
            "Then every q(z | x) would be the prior, and codes would say nothing.",
        ),
        Option(
            "what the crowd of all codes lacks of N(0, I)",
            True,
            "All codes share one prior. It can be right for their crowd, never for each of them.",
        ),
        Option("nothing", False, "Training moved codes and prior together, but they do not agree."),
    ]
    return predict(question, options, explore_prior(q, priors))


def explore_prior(q: Gaussian, priors: Mapping[int, Mixture]) -> Explorer:
    """The aggregate posterior on the latent plane, priors of some components, and what they gain.

    q: of every training image, two latents. priors: {number of components: fitted to its codes}.
    """
    q_agg = aggregate.density(q, (AXIS, AXIS))
    with torch.no_grad():
        lacks = {C: _marginal(q, prior) for C, prior in {0: STANDARD, **priors}.items()}
    most = lacks[0]
    gains = {C: most - lack for C, lack in lacks.items()}
    turn = np.linspace(0, 2 * pi, 60)
    circle = 2 * np.stack([np.cos(turn), np.sin(turn)], 1)
    log_p = STANDARD.log_prob(torch.cartesian_prod(AXIS, AXIS)).reshape(q_agg.shape)
    hole = ((q_agg.log() < log_p - log(10)) & (log_p > log_p.max() - 3)).double()

    def ellipses(C: int) -> list[np.ndarray]:
        if C == 0:
            return [circle]
        parts = priors[C].now().component_distribution
        with torch.no_grad():
            turned = torch.from_numpy(circle) @ parts.scale_tril.mT + parts.mean[:, None]  # type: ignore
        return list(turned.numpy())

    def scene():
        fig, (left, right) = style.subplots(2, height=5, width_ratios=[1.8, 1])
        view = {"origin": "lower", "extent": (-7, 7, -7, 7), "cmap": "Greys"}
        left.imshow(q_agg.T.sqrt().numpy(), **view)
        mark = {"colors": [GAP.tint], "alpha": 0.5, "hatches": [GAP.hatch]}
        axis = AXIS.numpy()
        area = left.contourf(axis, axis, hole.T.numpy(), [0.5, 1.5], **mark)
        area.set_edgecolor(GAP.color)
        left.set(xlim=(-4, 4), ylim=(-4, 4), xlabel="$z_1$", ylabel="$z_2$")
        left.set_title("Grey: codes. Hatched: 10 × too few")
        left.set_aspect("equal")
        lines = LineCollection([circle], colors=MODEL.color, linewidths=2.5)
        left.add_collection(lines)
        right.set(xlim=(0, 1), ylim=(0, 1.15 * most), xticks=[], ylabel="gain, nats")
        right.axhline(most, **PRIOR.line)
        right.text(0.02, 1.02 * most, f"KL($\\bar q$‖p) {most:.2f}", color=PRIOR.ink)
        right.set_title("ELBO, training")
        bar = right.bar([0.5], [1], 0.5, **style.ROLES["bound"].area)[0]
        text = right.text(0.5, 0, "", color=style.ROLES["bound"].ink, ha="center", va="bottom")
        return fig, {"prior": lines, "gain": bar, "words": text}

    def update(C: int) -> dict:
        name = f"A mixture of {C}" if C else "N(0, I)"
        return {
            "prior": ellipses(C),
            "gain": (0.25, 0, 0.5, gains[C]),
            "words": (0.5, max(gains[C], 0) + 0.01 * most, f"{gains[C]:.2f}"),
            "alt": f"All codes of a VAE with two latents as a grey crowd, the places hatched where it "
            f"is ten times thinner than the prior. {name} as prior gains {gains[C]:.2f} of "
            f"the {most:.2f} nats that any prior can gain.",
        }

    options = [("N(0, I)", 0), *((f"{C} Gaussian{'s' * (C > 1)}", C) for C in priors)]
    control = widgets.SelectionSlider(options=options, value=0, description="prior")
    return Explorer(scene, update, {"C": control}, [{"C": C} for C in (0, *list(priors)[1:])])


def _marginal(q: Distribution, prior: Distribution) -> float:
    return aggregate.split(q, prior, (AXIS, AXIS)).marginal.item()


def surgery(log_q: Tensor, log_p: Tensor, area: float) -> tuple[Tensor, Tensor]:
    """I_q(n; z) and KL(q_agg || p) from log q(z_g | x_n) (N, G) and log p(z_g) (G,) on a grid."""
    log_agg = log_q.logsumexp(0) - log(len(log_q))
    information = (log_q.exp() * (log_q - log_agg)).sum(1).mean() * area
    return information, (log_agg.exp() * (log_agg - log_p)).sum() * area


def _case(
    N: int, G: int, spread: float, seed: int, reach: float = 8
) -> tuple[Tensor, Tensor, float]:
    nodes = torch.linspace(-reach, reach, G, dtype=torch.float64)
    mean, scale = spread * normal(N, 1, seed=seed), 0.6 + normal(N, 1, seed=seed + 9).abs() / 4
    log_q = -0.5 * ((nodes - mean) / scale) ** 2 - scale.log() - 0.5 * log(2 * pi)
    return log_q, -0.5 * nodes**2 - 0.5 * log(2 * pi), 2 * reach / (G - 1)


def _with(log_agg: Tensor, log_q: Tensor, log_p: Tensor, area: float) -> tuple[Tensor, Tensor]:
    """`surgery` with another aggregate."""
    information = (log_q.exp() * (log_q - log_agg)).sum(1).mean() * area
    return information, (log_agg.exp() * (log_agg - log_p)).sum() * area


def _reversed(log_q: Tensor, log_p: Tensor, area: float) -> tuple[Tensor, Tensor]:
    log_agg = log_q.logsumexp(0) - log(len(log_q))
    return surgery(log_q, log_p, area)[0], (log_p.exp() * (log_p - log_agg)).sum() * area


def _information_of_the_crowd(log_q: Tensor, log_p: Tensor, area: float) -> tuple[Tensor, Tensor]:
    log_agg = log_q.logsumexp(0) - log(len(log_q))
    weighted = (log_agg.exp() * (log_q - log_agg)).sum(1).mean() * area
    return weighted, surgery(log_q, log_p, area)[1]


Exercise(
    "09.4",
    surgery,
    cases=[_case(4, 161, 1.0, 0), _case(3, 201, 2.0, 1), _case(3, 801, 1.0, 2, reach=80)],
    mistakes=[
        Mistake(
            lambda log_q, log_p, area: _with(log_q.exp().mean(0).log(), log_q, log_p, area),
            "Far from all codes every density is 0 in a float, and 0 times −∞ is no number: stay "
            "with logsumexp.",
        ),
        Mistake(
            lambda log_q, log_p, area: _with(log_q.mean(0), log_q, log_p, area),
            "A mean of logarithms. The crowd's density is the mean of the densities.",
        ),
        Mistake(
            lambda log_q, log_p, area: _with(log_q.logsumexp(0), log_q, log_p, area),
            "The crowd holds N times too much: its density is a mean, − log N.",
        ),
        Mistake(
            lambda log_q, log_p, area: surgery(log_q, log_p, 1.0),
            "A sum over nodes is no integral yet: each stands for an area.",
        ),
        Mistake(_reversed, "That is KL(p‖q̄). The codes come from the crowd: weigh by q̄."),
        Mistake(
            _information_of_the_crowd,
            "The information weighs by q̄; it is the mean KL of each q to the crowd: weigh by "
            "that q.",
        ),
        Mistake(
            lambda log_q, log_p, area: (
                (log_q.exp() * (log_q - log_p)).sum(1).mean() * area,
                surgery(log_q, log_p, area)[1],
            ),
            "The first is the whole rate, KL to the prior. The information is the KL to the crowd.",
        ),
        Mistake(
            lambda log_q, log_p, area: (
                surgery(log_q, log_p, area)[0] * len(log_q),
                surgery(log_q, log_p, area)[1],
            ),
            "The information is a mean over the images, not a sum.",
        ),
    ],
    nudge="First the crowd: log of the mean density at every node. Then two KLs: which q weighs each, "
    "and against what?",
    formula="$$\\log\\bar q_g = \\log\\frac1N\\sum_n q(z_g\\mid x_n)$$ $$"
    "\\frac1N\\sum_n\\sum_g q(z_g\\mid x_n)\\log\\frac{q(z_g\\mid x_n)}{\\bar q_g}\\,a,\\qquad "
    "\\sum_g\\bar q_g\\log\\frac{\\bar q_g}{p(z_g)}\\,a$$ with $a$ the area of a cell",
)


def in_hole(q: Distribution, z: Tensor) -> Tensor:
    """Whether the prior N(0, I) is ten times denser than q_agg there."""
    return aggregate.log_prob(q, z) < STANDARD.log_prob(z) - log(10)


def plot_hole(z: Tensor, hole: Tensor, decoder: deep.Model, x: Tensor) -> Picture:
    """What latents of the prior decode to, in the hole and elsewhere: the first twelve of each."""
    with torch.no_grad():
        images = decoder(z.to(x)).mean
    near = torch.cdist(images, x).amin(1)
    rows, said = {}, []
    for name, these in (("among codes", ~hole), ("in the hole", hole)):
        rows[f"{name}\n{near[these].mean():.2f}"] = images[these][:12]
        said.append(f"{name} {near[these].mean():.2f}")
    return rows_of_images(
        rows,
        "Distance to the nearest training image",
        f"Twelve decoded latents from either place. Mean distance of a decoded image to the nearest "
        f"training image: {', '.join(said)}.",
    )
