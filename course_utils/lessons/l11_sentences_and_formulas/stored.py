"""Tables of five or ten seeds, each measured by tests/seeds/lesson_11.py."""

# Way: (ELBO less the limit, rate, evidence less the limit, nats about the topic read from a
# drawn code) of the test sentences, seeds 1 to 5.
REMEDIES = {
    "nothing": (
        (-0.155, 0.027, -0.15, -0.0),
        (-0.135, 0.055, -0.126, 0.027),
        (-0.158, 0.045, -0.145, 0.021),
        (-0.151, 0.02, -0.135, -0.001),
        (-0.146, 0.046, -0.13, 0.015),
    ),
    "KL annealed": (
        (-0.209, 0.799, -0.17, 0.343),
        (-0.213, 1.069, -0.174, 0.435),
        (-0.225, 0.996, -0.142, 0.481),
        (-0.212, 1.042, -0.147, 0.549),
        (-0.216, 1.032, -0.173, 0.455),
    ),
    "free bits": (
        (-0.423, 2.041, -0.222, 0.636),
        (-0.429, 2.046, -0.219, 0.654),
        (-0.444, 2.035, -0.21, 0.7),
        (-0.38, 2.05, -0.187, 0.603),
        (-0.377, 2.076, -0.2, 0.588),
    ),
    "word dropout": (
        (-0.457, 0.991, -0.359, 0.667),
        (-0.464, 0.876, -0.372, 0.613),
        (-0.445, 0.962, -0.355, 0.646),
        (-0.488, 1.085, -0.375, 0.608),
        (-0.487, 0.966, -0.381, 0.595),
    ),
    "small decoder": (
        (-2.041, 0.847, -2.026, 0.568),
        (-1.4, 0.761, -1.359, 0.48),
        (-1.475, 0.795, -1.412, 0.554),
        (-1.286, 0.825, -1.2, 0.502),
        (-1.396, 0.783, -1.375, 0.535),
    ),
}

# Trained as it is: rate, nats about the topic read from a drawn code and from the mean of q.
MEANS = (
    (0.027, -0.0, 0.494),
    (0.055, 0.027, 0.667),
    (0.045, 0.021, 0.667),
    (0.02, -0.001, 0.394),
    (0.046, 0.015, 0.467),
)

# Share of hidden words: ELBO less the limit, rate, nats about the topic.
DROPOUT = {
    0.0: (
        (-0.155, 0.027, -0.0),
        (-0.135, 0.055, 0.027),
        (-0.158, 0.045, 0.021),
        (-0.151, 0.02, -0.001),
        (-0.146, 0.046, 0.015),
    ),
    0.2: (
        (-0.186, 0.161, 0.096),
        (-0.202, 0.427, 0.35),
        (-0.202, 0.454, 0.36),
        (-0.184, 0.073, 0.029),
        (-0.188, 0.319, 0.24),
    ),
    0.4: (
        (-0.286, 0.73, 0.539),
        (-0.295, 0.729, 0.543),
        (-0.303, 0.75, 0.547),
        (-0.295, 0.611, 0.458),
        (-0.301, 0.7, 0.483),
    ),
    0.6: (
        (-0.457, 0.991, 0.667),
        (-0.464, 0.876, 0.613),
        (-0.445, 0.962, 0.646),
        (-0.488, 1.085, 0.608),
        (-0.487, 0.966, 0.595),
    ),
    0.8: (
        (-0.85, 1.088, 0.696),
        (-0.858, 1.048, 0.677),
        (-1.127, 1.447, 0.621),
        (-0.925, 1.133, 0.66),
        (-0.895, 1.0, 0.644),
    ),
    1.0: (
        (-12.792, 1.213, 0.73),
        (-13.663, 1.104, 0.7),
        (-14.29, 1.475, 0.663),
        (-12.116, 1.21, 0.656),
        (-13.399, 1.189, 0.678),
    ),
}

# What three codes of one sentence decode to, word by word drawn, at seed 1.
SAID = {
    0.0: ("do the stars follow", "do the very old birds watch", "the old fish carry"),
    0.2: (
        "do the very wet carry the sailors slowly",
        "do the very old birds watch",
        "the old fish carry",
    ),
    0.4: ("do the cooks cut", "do the onions taste the onions", "the hot cooks clean"),
    0.6: (
        "do the cooks cut the fresh fish slowly",
        "do the onions taste the onions",
        "the hot cooks clean",
    ),
    0.8: ("do the cooks cut", "do the onions taste the onions", "the hot cooks clean"),
    1.0: (
        "do fish taste cut carry fresh cut cooks onions today",
        "do cooks onions taste fish onions",
        "the hot taste clean cold onions the hot fish hot fresh fresh taste cooks the hot hot cut",
    ),
}

# Share of grammatical steps, different sentences of nine, share of ends kept; seeds 1 to 5.
SHARES = {
    "as it is": (
        (1.0, 1.0, 0.005),
        (1.0, 1.11, 0.005),
        (1.0, 1.01, 0.005),
        (1.0, 1.0, 0.005),
        (1.0, 1.0, 0.005),
    ),
    "word dropout": (
        (1.0, 3.65, 0.015),
        (1.0, 3.39, 0.015),
        (1.0, 2.95, 0.01),
        (0.981, 3.39, 0.015),
        (1.0, 3.68, 0.015),
    ),
    "KL at 0.1": (
        (0.976, 7.27, 0.145),
        (0.993, 7.31, 0.205),
        (0.94, 7.12, 0.095),
        (0.941, 7.67, 0.14),
        (0.94, 7.5, 0.135),
    ),
    "no KL": (
        (0.953, 7.57, 0.145),
        (0.947, 7.45, 0.17),
        (0.969, 7.45, 0.12),
        (0.973, 7.55, 0.105),
        (0.923, 7.33, 0.13),
    ),
    "cut and join": ((0.264, 7.6, 1.0),),
}

# Rank of the best formula after 100 evaluations, seeds 1 to 10.
RANKS = {
    "shortest": (203, 111, 203, 111, 333, 111, 333, 203, 203, 203),
    "shuffled": (111, 103, 103, 77, 377, 79, 630, 908, 413, 520),
    "grammar": (111, 17, 203, 203, 107, 23, 39, 333, 111, 273),
    "prior": (1230, 413, 1355, 642, 203, 542, 203, 285, 199, 596),
    "ascent": (1230, 203, 709, 844, 203, 1, 191, 167, 199, 111),
    "leashed": (413, 691, 413, 377, 203, 1, 203, 795, 1132, 451),
    "Bayes": (163, 203, 59, 315, 203, 1, 111, 21, 747, 325),
}
