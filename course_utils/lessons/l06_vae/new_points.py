"""1 · One row for every point: what a new data point costs; the drawing of the VAE."""

from course_utils.kit import Option, Poll
from course_utils.kit.figure import Picture
from course_utils.lessons.schematic import Box, schematic

DECODER = Box("decoder\n$g(z;\\theta)$", "widens", "model", note="Bob", width=1.25)


def poll_new_point() -> Poll:
    """What a new data point costs."""
    return Poll(
        "Lesson 05's model is trained: θ, and one λₙ for each of N points. A new x arrives. Its q is …",
        [
            Option(
                "the λₙ of the nearest of the N points",
                False,
                "A guess; nobody has optimised it for x.",
            ),
            Option(
                "already in θ: the model is trained",
                False,
                "θ fixes the posterior; the best q still has to be found.",
            ),
            Option(
                "not there: it takes a climb of its own",
                True,
                "Hundreds of gradient steps for one new point. That is what we want to get rid of.",
            ),
        ],
    )


def plot_vae() -> Picture:
    """Encoder, sample, decoder: Alice and Bob."""
    boxes = [
        Box("$x_n$", role="data", width=0.7),
        Box("encoder\n$f(x;\\phi)$", "narrows", "q", note="Alice", width=1.25),
        Box("$\\mu_n, \\log\\sigma_n^2$", "code", "q", width=1.25),
        Box("$z_n$", "code", enters="noise $\\varepsilon_n$", width=0.7),
        DECODER,
        Box("$p(x\\mid z_n)$", role="model", width=1.15),
    ]
    return schematic(
        boxes,
        loss="ELBO: how probable is $x_n$ here, minus KL",
        alt="Six boxes from left to right: the data point; Alice's encoder; the 2 H numbers it puts out, "
        "means and log variances; z, made of them and of noise that enters from above; Bob's decoder; "
        "the density of x given z, which the ELBO compares with the data point.",
    )


def plot_bob() -> Picture:
    """The decoder alone, fed from the prior: generating."""
    boxes = [
        Box("prior\n$\\mathcal{N}(0, I)$", "code", "prior", width=1.25),
        Box("$z$", "code", width=0.7),
        DECODER,
        Box("$p(x\\mid z)$", role="model", width=1.15),
        Box("new $x$", role="data", enters="noise", width=0.9),
    ]
    return schematic(
        boxes,
        alt="Five boxes from left to right, and no encoder among them: the prior, a z drawn from it, Bob's "
        "decoder, the density of x given z, and a new x drawn from that, for which noise enters.",
    )
