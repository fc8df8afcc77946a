"""The maths and the classroom of The Evidence Ladder.

The maths, one file a model:  data, exact, training, pca, ppca, mixture, em, elbo, gradients,
                              deep, vem, vae, flows; and ladder, the measure of them all.
The classroom:                kit (figures, explorers, polls, exercises, claims).
One module a notebook:        lessons, which binds the two together.
"""
