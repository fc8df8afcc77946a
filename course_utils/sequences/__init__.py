"""Sentences and formulas whose probabilities are known, and models of them.

grammar         – probabilistic grammars: samples, exact log-probabilities, all strings
language        – the course's sentences, and what each says of its topic
tokens          – strings as tensors
language_model  – single words, pairs of words, a recurrent network
vae             – a recurrent decoder with a code, and what makes it listen
formulas        – formulas in x, their scores, all of them up to a length
search          – search for the best formula, in a code and without
"""

from course_utils.sequences import formulas, grammar, language, language_model, search, tokens, vae

__all__ = ["formulas", "grammar", "language", "language_model", "search", "tokens", "vae"]
