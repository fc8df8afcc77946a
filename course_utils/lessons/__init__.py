"""One package a notebook, one module a section: what it asks, draws and checks."""
