"""Notes, cell by cell, what a lesson changes for the whole process.

IPython runs this file when a kernel starts in tests/test_runs.py.
"""


def watch():
    import os

    import numpy as np
    import torch

    def state():
        return {
            "default dtype": torch.get_default_dtype(),
            "default device": torch.get_default_device(),
            "threads": torch.get_num_threads(),
            "gradients": torch.is_grad_enabled(),
            "anomaly detection": torch.is_anomaly_enabled(),
            "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
            "torch's print options": vars(torch._tensor_str.PRINT_OPTS).copy(),
            "NumPy's print options": np.get_printoptions(),
            "NumPy's errors": np.geterr(),
            "folder": os.getcwd(),
        }

    before = state()

    def compare(result):
        after = state()
        for name in before:
            if after[name] != before[name]:
                first = result.info.raw_cell.splitlines()[0]
                folder = os.environ["SANDBOX"].split(os.pathsep)[0]
                with open(os.path.join(folder, "changed.txt"), "a") as file:
                    print(f"{name}: {before[name]}, but {after[name]} after: {first}", file=file)
        before.update(after)

    get_ipython().events.register("post_run_cell", compare)


watch()
del watch
