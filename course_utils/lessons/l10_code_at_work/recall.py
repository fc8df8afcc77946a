"""Check yourself: three questions on lessons 02, 06 and 09."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 02: PPCA's posterior p(z | x) is N(E x + d, G). For another image, what "
            "changes?",
            [
                Option("mean and covariance", False, "Is there an x in G = σ² M⁻¹?"),
                Option("the covariance alone", False, "The mean is linear in x."),
                Option("the mean alone", True, "G = σ² M⁻¹ is the same for every image."),
            ],
        ),
        Poll(
            "From lesson 06: to draw an image from a VAE with Gaussian noise one draws z, then …",
            [
                Option(
                    "x from p(x | z), noise included",
                    True,
                    "The model's images are noisy. What papers show is the decoder's mean.",
                ),
                Option("takes the decoder's mean: that is the sample", False, "Where is σ²?"),
                Option("asks the encoder", False, "It needs an image to begin with."),
            ],
        ),
        Poll(
            "From lesson 09: the training set in fog, that is, a training image at random and "
            "Gaussian noise on it. As a density of test images it was …",
            [
                Option("worthless", False, "It kept what it had seen, but neighbours were near."),
                Option(
                    "better than VAEs with two latents", True, "31.1 nats against 20.8 at best."
                ),
                Option("better than PPCA with 30 latents", False, "That one stood higher still."),
            ],
        ),
    ][number - 1]
