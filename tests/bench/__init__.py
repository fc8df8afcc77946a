"""make bench: how fast the course's models are beside other libraries', and how near the truth.

rounds      contenders in turn, the time of each and its error; growth with a size
report      the table as text, JSON, a page and a figure
linear      PCA, PPCA and EM                       scikit-learn
evidence    exact evidence                         scikit-learn, torch, Pyro
variational variational EM                         a loop over the points
autoencoder a VAE's step                           its networks alone, a plain loop, Pyro
textbook    a VAE's way to an ELBO                 a plain PyTorch VAE, Pyro
maps        the flows of every library, by name    zuko, Pyro, normflows
densities   flows as densities, and their samples
planar      planar flows as q
importance  IWAE                                   Pyro
simulation  neural posterior estimation            sbi
start       what an import takes                   torch alone, others
lesson      a notebook's seconds and memory, and its explorers' frames

Every size is an argument, so that tests/test_bench.py runs each part in small.
"""
