"""What several of lesson 05's tests share."""

from hypothesis import settings
from hypothesis import strategies as st

few = settings(deadline=None, max_examples=20, derandomize=True)
seeds = st.integers(0, 9999)
