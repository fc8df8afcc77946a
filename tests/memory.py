"""How much a call holds at once."""

from collections.abc import Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode


def largest_tensor(call: Callable[[], object]) -> int:
    """Entries of the largest tensor that any operation in the call returns."""

    class Watch(TorchDispatchMode):
        entries = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            parts = result if isinstance(result, (tuple, list)) else [result]
            sizes = [
                p.untyped_storage().nbytes() // p.element_size()
                for p in parts
                if isinstance(p, torch.Tensor)
            ]
            self.entries = max([self.entries, *sizes])
            return result

    with Watch() as watch:
        call()
    return watch.entries
