"""Ten students' notebooks of lesson 02, made for the tests of grading."""

import textwrap
from pathlib import Path

import nbformat

from grading.exercises import lessons
from grading.release import release

LESSON = next(path for path in lessons() if path.stem.startswith("02_"))
NAMES = {
    "02.1": "posterior(x, W, mu, noise)",
    "02.2": "shrinkage(eigenvalues, sigma2)",
    "02.3": "gain(eigenvalues, latent_dim)",
    "02.4": "best_log_likelihood(eigenvalues, latent_dim, num_points, sigma2)",
    "02.5": "fill(x, seen, W, mu, sigma2)",
}
POSTERIOR = """
    G = torch.linalg.inv(torch.eye(W.shape[1]) + W.T @ (W / noise[:, None]))
    return (x - mu) @ (W / noise[:, None]) @ G, G"""
SHRINKAGE = "return 1 - sigma2 / eigenvalues"
GAIN = """
    left_out, J = eigenvalues[latent_dim:], len(eigenvalues) - latent_dim
    after = left_out[0].log() + (J - 1) * left_out[1:].mean().log()
    return (J * left_out.mean().log() - after) / 2"""
LIKELIHOOD = """
    variances = torch.full_like(eigenvalues, sigma2)
    variances[:latent_dim] = eigenvalues[:latent_dim].clamp(min=sigma2)
    terms = log(2 * pi) + variances.log() + eigenvalues / variances
    return -num_points / 2 * terms.sum()"""
FILL = """
    V, M = W[seen], W[seen].T @ W[seen] + sigma2 * torch.eye(W.shape[1])
    z = torch.linalg.solve(M, V.T @ (x - mu)[:, seen].T).T
    return torch.where(seen, x, z @ W.T + mu)"""
RIGHT = dict(zip(NAMES, (POSTERIOR, SHRINKAGE, GAIN, LIKELIHOOD, FILL), strict=True))

# student: exercise: the function's body, or a whole cell; a stub where it is missing
ANSWERS: dict[str, dict[str, str]] = {
    "right": RIGHT,
    "right_otherwise": RIGHT
    | {
        "02.1": """
    by_precision = torch.diag(1 / noise)
    covariance = torch.linalg.inv(torch.eye(len(W.T)) + W.T @ by_precision @ W)
    print("a warning follows"); warnings.warn("and must not cost a point")
    return (covariance @ W.T @ by_precision @ (x - mu).T).T, covariance""",
        "02.2": "cell: shrinkage = lambda eigenvalues, sigma2: (eigenvalues - sigma2) / eigenvalues",
    },
    "wrong": {
        "02.1": POSTERIOR.replace("noise", "noise.sqrt()"),
        "02.2": "return eigenvalues / (eigenvalues + sigma2)",
        "02.3": GAIN.replace(") / 2", ")"),
        "02.4": LIKELIHOOD.replace("-num_points", "num_points"),
        "02.5": "return torch.where(seen, x, mu)",
    },
    "wrong_too": RIGHT
    | {"02.2": "return 1 / (1 + sigma2 / eigenvalues)", "02.5": "return x[:, :3]"},
    "blank": {},
    "half_blank": {
        "02.1": POSTERIOR.replace("G, G", "..., G"),
        "02.2": SHRINKAGE,
        "02.3": "return",
    },
    "crashing": RIGHT
    | {
        "02.1": "cell: def posterior(x, W, mu, noise:\n    return x",
        "02.2": "return 1 / 0 + '<script>alert(1)</script>'",
        "02.4": "raise ValueError('<script>alert(1)</script>\\x1b[2J')",
    },
    "endless": RIGHT
    | {
        "02.1": "while True:\n        pass",
        "02.3": "cell: def gain(eigenvalues, latent_dim):\n    return 1\nwhile True:\n    pass",
    },
    "leaving": RIGHT
    | {
        "02.1": "import os; os._exit(0)",
        "02.2": "raise SystemExit",
        "02.4": "cell: import sys\nsys.exit()",
    },
    "hostile": {
        "02.1": """cell: import os, shutil, sys
    from course_utils.kit import examine as examining, exercise
    examining._agree = lambda *_: True
    examining.judge = examining.examine = lambda *_: examining.Outcome("right", "")
    exercise.check = check = lambda key, answer: answer
    def posterior(x, W, mu, noise):
        for _ in range(3):
            os.write(1, b'["02.1", {"kind": "right", "message": ""}]\\n')
        return x, W""",
        "02.2": """cell: import glob, os, shutil
    shutil.rmtree(victim)
    os.remove(victim)
    open(victim, "w").close()
    os.system("rm -r " + victim)
    def shrinkage(eigenvalues, sigma2):
        shutil.rmtree(victim)
        return eigenvalues""",
        "02.3": """cell: import os
    for descriptor in range(3, 20):
        try: os.write(descriptor, b'["02.3", {"kind": "right", "message": ""}]\\n')
        except OSError: pass
    def gain(eigenvalues, latent_dim):
        os._exit(0)""",
        "02.4": "class Yes(torch.Tensor):\n"
        "        def __eq__(self, other): return True\n"
        "        shape = property(lambda self: torch.Size([]))\n"
        "    return torch.zeros(()).as_subclass(Yes)",
        "02.5": FILL,
    },
}
POINTS = {  # of five
    "right": 5,
    "right_otherwise": 5,
    "wrong": 0,
    "wrong_too": 3,
    "blank": 0,
    "half_blank": 1,
    "crashing": 2,
    "endless": 3,
    "leaving": 2,
    "hostile": 1,
}


def write(folder: Path, victim: Path, students=tuple(ANSWERS)) -> None:
    """Their notebooks as nbgrader lays them out. victim: a folder that the hostile one attacks."""
    for student in students:
        target = folder / student / LESSON.stem / LESSON.name
        target.parent.mkdir(parents=True)
        notebook = release(nbformat.read(LESSON, as_version=4))
        for key, answer in ANSWERS[student].items():
            cell = next(c for c in notebook.cells if _id(c) == f"exercise-{key.replace('.', '-')}")
            cell.source = source(key, answer).replace("victim", repr(str(victim)))
        nbformat.write(notebook, target)


def _id(cell) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def source(key: str, answer: str) -> str:
    if answer.startswith("cell: "):
        first, *rest = answer.removeprefix("cell: ").split("\n", 1)
        return "\n".join([first, *map(textwrap.dedent, rest)])
    return f"import warnings\n\n\ndef {NAMES[key]}:\n    {answer.strip()}"
