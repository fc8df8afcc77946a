"""What evidence and bound do not see: rate and distortion, learned priors, discrete codes.

rate         how much a code says: a slider that no score sees, and reverse water-filling
made         a decoder that needs no latent: every pixel given the earlier ones, and z
aggregate    the mean of all q(z | x_n), and what it shares with the prior
mixture      priors with components, learned with the model or afterwards
wae          autoencoders whose codes look like the prior as a whole (MMD)
categorical  one class in place of numbers: the ELBO by enumeration
"""

from course_utils.priors import aggregate, categorical, made, mixture, rate, wae

__all__ = ["aggregate", "categorical", "made", "mixture", "rate", "wae"]
