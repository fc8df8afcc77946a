import copy
import linecache
import os
import random
import signal
import sys
import threading
import time
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Normal

from course_utils.kit import examine as judging
from course_utils.kit import exercise, run
from course_utils.kit.exercise import Exercise, Mistake, check, examine, hint, solution

few = settings(deadline=None, max_examples=60, derandomize=True)
STUDENTS_FILE = "/tmp/ipykernel_1/2345.py"
KINDS = set(
    ["open", "right", "mistake", "shape", "dtype", "finite", "error", "slow", "changed", "wrong"]
)
SCRIPT = "<script>alert(1)</script>"


def reference(x, scale):
    """Centre and scale: the tested answer."""
    return (x - x.mean(0)) * scale


def numbers(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64) + 1


CASES = [(numbers(4, 3), 2.0), (numbers(2, 2, seed=1), 0.5)]
MISTAKES = [
    Mistake(lambda x, scale: x * scale, "Subtract the mean."),
    Mistake(lambda x, scale: x - x.mean(0), "Multiply by the scale."),
    Mistake(lambda x, scale: (x - x.mean()) * scale, "Each column has its own <b>mean</b>."),
]


def make(function=reference, cases=CASES, mistakes=MISTAKES, **options):
    options = {"nudge": "Look at the mean.", "formula": "$$s\\,(x - \\bar x)$$"} | options
    return Exercise("99.1", function, cases, mistakes, **options)


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    """One exercise on an empty shelf, and little patience."""
    monkeypatch.setattr(exercise, "EXERCISES", {})
    monkeypatch.setattr(run, "SECONDS", 0.2)
    return make()


@pytest.fixture
def shown(monkeypatch):
    """The HTML that was displayed."""
    pages = []
    monkeypatch.setattr(exercise, "display", lambda thing: pages.append(thing.data))
    return pages


def write(body, arguments="x, scale"):
    """A function as a notebook compiles it: its source is known to linecache alone."""
    lines = [f"def answer({arguments}):", *(f"    {line}" for line in body.splitlines())]
    source = "\n".join(lines) + "\n"
    linecache.cache[STUDENTS_FILE] = (len(source), None, source.splitlines(True), STUDENTS_FILE)
    modules = [torch, time, sys, random, os, warnings]
    scope = {module.__name__: module for module in modules} | {"np": np}
    exec(compile(source, STUDENTS_FILE, "exec"), scope)
    return scope["answer"]


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.opened, self.closed = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.opened.append(tag)

    def handle_endtag(self, tag):
        self.closed.append(tag)


def judge(answer, task=None):
    """examine, and everything that must hold whatever the answer does."""
    task = task or make()
    cases, threads = copy.deepcopy(task.cases), threading.active_count()
    state, grad = torch.get_rng_state(), torch.is_grad_enabled()
    outcome = examine(task, answer)
    assert outcome.kind in KINDS
    assert set(Tags(outcome.message).opened) <= {"b", "br", "code"}
    assert torch.get_rng_state().equal(state), "the caller's random state changed"
    assert torch.is_grad_enabled() == grad
    assert threading.active_count() == threads, "a thread runs away"
    for before, after in zip(cases, task.cases, strict=True):
        assert all(judging._same(b, a, 0.0) for b, a in zip(before, after, strict=True))
    return outcome


# Right


@pytest.mark.parametrize(
    "body",
    [
        "return (x - x.mean(0)) * scale",
        "return scale * x - scale * x.mean(0, keepdim=True)",
        "y = x.clone()\ny -= y.mean(0)\nreturn y.mul_(scale)",
        "x = x.requires_grad_()\nreturn (x - x.mean(0)) * scale",
        "return torch.nn.Parameter((x - x.mean(0)) * scale)",
        "print('thinking')\nreturn (x - x.mean(0)) * scale",
        "torch.manual_seed(5); torch.rand(3)\nreturn (x - x.mean(0)) * scale",
        "torch.set_grad_enabled(False)\nreturn (x - x.mean(0)) * scale",
        "torch.set_num_threads(1)\nreturn (x - x.mean(0)) * scale",
    ],
)
def test_the_right_answer_is_right_however_it_is_written(body):
    assert judge(write(body)).kind == "right"


def test_the_right_answer_may_be_any_callable():
    class Centre(torch.nn.Module):
        def forward(self, x, scale):
            return reference(x, scale)

    for answer in (reference, lambda *a: reference(*a), Centre(), Centre().forward):
        assert judge(answer).kind == "right"


def test_a_changed_default_dtype_does_not_change_the_verdict():
    try:
        body = "torch.set_default_dtype(torch.float64)\nreturn (x - x.mean(0)) * scale"
        assert judge(write(body)).kind == "right"
    finally:
        torch.set_default_dtype(torch.float32)


@given(st.floats(-12, 0), st.sampled_from([-1, 1]), st.integers(0, 11))
@few
def test_the_tolerance_is_relative_to_the_largest_value(exponent, sign, entry):
    size = 10**exponent
    largest = max(reference(*CASES[0]).abs().max().item(), 1e-300)

    def answer(x, scale):
        y = reference(x, scale)
        if len(x) == 4:
            y.view(-1)[entry] += sign * size * largest
        return y

    outcome = judge(answer)
    if size < 0.99e-6:
        assert outcome.kind == "right"
    elif size > 1.01e-6:
        assert outcome.kind == "wrong"
        assert f"index [{entry // 3}, {entry % 3}]" in outcome.message


def test_a_number_may_be_of_python_numpy_or_torch():
    task = make(lambda x: x.sum(), [(numbers(3),), (numbers(4),)], [])
    for wrap in (float, np.float64, torch.Tensor.float, torch.Tensor.double):
        assert judge(lambda x, wrap=wrap: wrap(x.sum()), task).kind == "right"


def test_a_pair_may_be_a_list():
    task = make(lambda x: (x.mean(0), x.T.cov()), [(numbers(5, 3),)], [])
    assert judge(lambda x: [x.mean(0), x.T.cov()], task).kind == "right"


def test_a_case_may_hold_functions_text_and_lists():
    task = make(lambda f, t, name, kept: f(t)[kept], [(torch.exp, numbers(3), "n", [0, 2])], [])
    assert judge(lambda f, t, name, kept: f(t)[kept], task).kind == "right"
    assert judge(lambda f, t, name, kept: f(t)[[kept.pop(), 0]], task).kind == "changed"


def test_random_answers_are_compared_under_one_seed():
    def sample(x):
        return x + torch.randn_like(x)

    task = make(sample, [(numbers(3),), (numbers(5),)], [])
    assert judge(lambda x: x + torch.randn_like(x), task).kind == "right"
    assert judge(lambda x: x - torch.randn_like(x), task).kind == "wrong"


def with_gradient(x, scale):
    return (x * scale).square().sum(1)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("return (x * scale).square().sum(1)", "right", ""),
        (
            "x = x.detach()\nreturn (x * scale).square().sum(1)",
            "wrong",
            "gradient in <code>x</code>",
        ),
        (
            "return (x * scale.item()).square().sum(1)",
            "wrong",
            "gradient in <code>scale</code> is not",
        ),
        ("return (x * scale).detach().square().sum(1)", "wrong", "is not. Off by"),
        ("return (x * scale).square()", "shape", "Expected shape (4,), got (4, 3)."),
        ("return x.men()", "error", "in line 2: <code>return x.men()</code>"),
        ("return x.mul_(scale).square().sum(1)", "changed", "in place"),
        ("return (x * scale).numpy()", "error", "in line 2"),
        (
            "return 3 * (x * scale).square().sum(1)",
            "wrong",
            "Yours is 3 times the expected result.",
        ),
        ("return ...", "open", "blank"),
    ],
)
@pytest.mark.parametrize("grad", [True, False])
def test_gradients_are_compared_where_the_exercise_asks_for_them(body, kind, words, grad):
    cases = [
        (numbers(4, 3), torch.tensor(2.0).double()),
        (numbers(2, 2), torch.tensor(0.5).double()),
    ]
    task = make(with_gradient, cases, [], gradients=("x", "scale"))
    with torch.set_grad_enabled(grad):
        outcome = judge(write(body), task)
    assert outcome.kind == kind and words in outcome.message


# Open


@pytest.mark.parametrize(
    "body",
    [
        "raise NotImplementedError",
        "raise NotImplementedError('your turn')",
        "return ...",
        "return None",
        "pass",
        "z = (x - ...) @ ...\nreturn z",
        "z = (x - x.mean(0)) * ...\nreturn z",
        "mean = ...\nreturn (x - mean.T) * scale",
        "return torch.tensor(...)",
        "return torch.eye(...)",
        "return torch.linalg.solve(..., x)",
        "return x - x.mean(0), ...",
        "return [None, x]",
    ],
)
def test_a_stub_or_a_blank_is_open(body):
    assert judge(write(body)).kind == "open"


# Wrong


@pytest.mark.parametrize("index", range(len(MISTAKES)))
def test_a_known_mistake_gets_its_own_message(index):
    bodies = ["return scale * x", "return x - x.mean(0)", "return scale * (x - torch.mean(x))"]
    outcome = judge(write(bodies[index]))
    assert (outcome.kind, outcome.message) == ("mistake", MISTAKES[index].message)


def test_a_mistake_that_gives_nan_or_infinity_is_known_by_its_finite_entries():
    cases, said = [(torch.tensor([0.0, 1.0, 3.0]),)], "Not the inverse."
    task = make(torch.exp, cases, [Mistake(torch.reciprocal, said)])
    assert judge(lambda t: 1 / t, task).message == said
    assert judge(lambda t: 1 / t + (t == 3), task).kind == "finite"
    task = make(torch.exp, cases, [Mistake(lambda t: (t - 1).sqrt(), said)])
    assert judge(lambda t: (t - 1) ** 0.5, task).message == said
    assert judge(lambda t: (t - 1) ** 0.6, task).message != said


def test_a_mistake_may_be_known_by_its_own_tolerance():
    task = make(torch.exp, [(numbers(5),)], [Mistake(torch.sin, "That is the sine.", 1e-2)])
    assert judge(lambda t: t.sin() + 1e-3, task).message == "That is the sine."
    assert judge(lambda t: t.sin() + 1e-1, task).kind == "wrong"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("return x.T", "shape", "(4, 3), got (3, 4). It is transposed."),
        ("return x[0]", "shape", "(4, 3), got (3,)."),
        ("return x.sum()", "shape", "(4, 3), got ()."),
        ("return x[:, :0]", "shape", "got (4, 0)"),
        ("return (x, x)", "dtype", "got tuple"),
        ("return x.float()", "dtype", "expected torch.float64, got torch.float32"),
        ("return x.long()", "dtype", "got torch.int64"),
        ("return x > 0", "dtype", "got torch.bool"),
        ("return x + 0j", "dtype", "got torch.complex128"),
        ("return (x - x.mean(0)).numpy() * scale", "dtype", "NumPy array: stay in torch"),
        ("return 'x'", "dtype", "got str"),
        ("return {'x': x}", "dtype", "got dict"),
        ("return ((x - x.mean(0)) * scale,)", "dtype", "got tuple"),
        ("return x / 0", "finite", "12 entries are NaN or infinite"),
        ("return (x - 9).log()", "finite", "NaN"),
        ("return (x - x.mean(0)) * scale + 1", "wrong", "Off by 1 at index"),
        ("return 0 * x", "wrong", "yours is 0, expected"),
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(body, kind, words):
    outcome = judge(write(body))
    assert outcome.kind == kind
    assert words.lower() in outcome.message.lower()


@pytest.mark.parametrize(
    ("function", "result", "kind", "words"),
    [
        (torch.sum, torch.tensor(6), "right", ""),
        (torch.sum, torch.tensor(7), "wrong", "Off by 1: yours is 7, expected 6."),
        (torch.sum, torch.tensor(True), "dtype", "got torch.bool"),
        (torch.sum, torch.tensor(6j), "dtype", "got torch.complex64"),
        (torch.sum, torch.tensor([6.0]), "shape", "expected shape (), got (1,)"),
        (torch.sum, 7, "wrong", "Off by 1: yours is 7, expected 6."),
        (torch.sum, float("nan"), "finite", "1 entries"),
        (torch.sum, 10**400, "error", "could not be compared"),
        (torch.diag, torch.ones(3), "shape", "expected shape (3, 3), got (3,)"),
        (torch.cumsum, torch.ones(1, 1, 1), "shape", "got (1, 1, 1)"),
    ],
)
def test_a_wrong_number_is_told_what_is_wrong(function, result, kind, words):
    arguments = (torch.tensor([1.0, 2.0, 3.0]),) + (0,) * (function is torch.cumsum)
    outcome = judge(lambda *_: result, make(function, [arguments], []))
    assert outcome.kind == kind
    assert words.lower() in outcome.message.lower()


@pytest.mark.parametrize(
    ("result", "kind", "words"),
    [
        (lambda m, S: m, "shape", "Expected 2 results, got 1."),
        (lambda m, S: (m, S, S), "shape", "Expected 2 results, got 3."),
        (lambda m, S: ((m, S),), "shape", "Expected 2 results, got 1."),
        (lambda m, S: (S, m), "shape", "Result 1: expected shape (3,), got (3, 3)."),
        (lambda m, S: (m, S.float()), "dtype", "Result 2: expected torch.float64"),
        (lambda m, S: (m, S.numpy()), "dtype", "Result 2: expected a torch tensor, got a NumPy"),
        (lambda m, S: (m, S - 1), "wrong", "Result 2: off by 1 at index"),
        (lambda m, S: (m, "S"), "dtype", "Result 2: expected a tensor, got str."),
        (lambda m, S: (m, (S,)), "dtype", "Result 2: expected a tensor, got tuple."),
    ],
)
def test_of_two_results_the_wrong_one_is_named(result, kind, words):
    task = make(lambda x: (x.mean(0), x.T.cov()), [(numbers(5, 3),)], [])
    outcome = judge(lambda x: result(x.mean(0), x.T.cov()), task)
    assert outcome.kind == kind
    assert words.lower() in outcome.message.lower()


@given(st.integers(0, 3), st.integers(0, 2), st.sampled_from([-1, 1]), st.floats(0.5, 1e6))
@few
def test_the_message_says_by_how_much_and_where(row, column, sign, size):
    def answer(x, scale):
        y = reference(x, scale)
        y[min(row, len(y) - 1), min(column, y.shape[1] - 1)] += sign * size
        return y

    message = judge(answer).message
    assert message.startswith(f"Off by {size:.3g} at index [{row}, {column}]")
    expected = reference(*CASES[0])[row, column].item()
    assert f"yours is {expected + sign * size:.6g}, expected {expected:.6g}." in message


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (lambda x: 3.0, "Yours is 3 times the expected result."),
        (lambda x: -1.0, "The sign is turned."),
        (lambda x: -0.5, "Yours is -0.5 times the expected result."),
        (lambda x: x.shape[1], ""),  # 3 times in one case, twice in the other
        (lambda x: 1.0 + (len(x) == 4), ""),
        (lambda x: 1 + 2e-6, ""),
    ],
)
def test_a_factor_is_named_where_it_is_the_same_in_all_cases(factor, words):
    message = judge(lambda x, scale: factor(x) * reference(x, scale)).message
    assert message.endswith(f". {words}") if words else "times" not in message


def test_a_factor_of_single_numbers_must_be_the_same_too():
    task = make(torch.sum, [(numbers(3),), (numbers(4, 2),)], [])
    assert "Yours is 3 times" in judge(lambda x: 3 * x.sum(), task).message
    assert "times" not in judge(lambda x: x.sum() + 1, task).message


def test_a_factor_of_a_large_case_is_not_one_of_a_small_case():
    cases = [(numbers(4, 3), 1.0), (numbers(2, 2), 1e-9)]
    message = judge(lambda x, scale: len(x) * reference(x, scale), make(cases=cases)).message
    assert "Off by" in message and "times" not in message


def test_a_single_number_has_no_factor():
    assert "times" not in judge(lambda *_: 7, make(torch.sum, [(numbers(3),)], [])).message


def test_a_factor_of_one_result_of_two_is_named():
    task = make(lambda x: (x.mean(0), x.T.cov()), [(numbers(5, 3),), (numbers(4, 2),)], [])
    message = judge(lambda x: (x.mean(0), 2 * x.T.cov()), task).message
    assert message.startswith("Result 2: Off by") and "Yours is 2 times" in message


@pytest.mark.parametrize(
    "body",
    [
        "x -= x.mean(0)\nreturn x * scale",
        "return x.sub_(x.mean(0)).mul_(scale)",
        "x[0] = 0\nreturn x",
        "x.zero_()\nreturn x",
        "x.resize_(1, 1)\nreturn x",
        "x.data = x.data[:1]\nreturn x",
    ],
)
def test_changing_the_input_in_place_is_found(body):
    outcome = judge(write(body))
    assert outcome.kind == "changed"
    assert "in place" in outcome.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: x >= 1, "1 of 3 entries differ, first at index [1]."),
        (lambda x: x < 1, "2 of 3 entries differ, first at index [0]."),
    ],
)
def test_a_wrong_mask_is_told_how_many_entries_differ(answer, words):
    outcome = judge(answer, make(lambda x: x > 1, [(torch.tensor([0.0, 1.0, 2.0]),)], []))
    assert (outcome.kind, outcome.message) == ("wrong", words)


def test_an_argument_may_be_a_mask():
    task = make(
        lambda x, seen: x[:, seen], [(numbers(4, 3), torch.tensor([True, False, True]))], []
    )
    assert judge(lambda x, seen: x[:, seen], task).kind == "right"
    assert judge(lambda x, seen: x[:, seen.logical_not_()], task).kind == "changed"


# Errors


@pytest.mark.parametrize(
    ("body", "name", "line"),
    [
        ("y = x\nreturn y.men(0)", "AttributeError", "in line 3: <code>return y.men(0)</code>"),
        ("return x @ x @ x", "RuntimeError", "in line 2: <code>return x @ x @ x</code>"),
        ("def inner(t):\n    return t[9, 9]\nreturn inner(x)", "IndexError", "in line 3"),
        ("return torch.linalg.inv(x)", "RuntimeError", "in line 2"),
        ("return torch.linalg.eigh(x.half() @ x.half().T)", "NotImplementedError", "in line 2"),
        ("return answer(x, scale)", "RecursionError", "in line 2"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "in line 2"),
        ("raise SystemExit(0)", "SystemExit", "in line 2"),
        ("sys.exit('bye')", "SystemExit", "bye"),
        ("raise GeneratorExit", "GeneratorExit", "in line 2"),
        ("raise BaseException('odd')", "BaseException", "odd"),
        ("raise StopIteration", "StopIteration", "in line 2"),
        ("raise MemoryError", "MemoryError", "in line 2"),
        ("assert x.mean() == 0", "AssertionError", "in line 2"),
        ("import no_such_module", "ModuleNotFoundError", "in line 2"),
    ],
)
def test_an_error_is_shown_with_its_line(body, name, line):
    outcome = judge(write(body))
    assert outcome.kind == "error"
    assert f"raised <b>{name}</b>" in outcome.message
    assert line in outcome.message


@pytest.mark.parametrize("arguments", ["", "x", "x, scale, more", "*, x, scale"])
def test_a_function_of_other_arguments_is_an_error(arguments):
    outcome = judge(write("return 0", arguments))
    assert outcome.kind == "error"
    assert "TypeError" in outcome.message and "argument" in outcome.message


@pytest.mark.parametrize("answer", [3, None, "reference", numbers(4, 3), [reference], SCRIPT])
def test_what_is_no_function_is_an_error(answer):
    outcome = judge(answer)
    assert outcome.kind == "error"
    assert "Give the function itself" in outcome.message


def raises(*_):
    raise ValueError("hands off")


Hostile = type(
    "Hostile",
    (),
    {n: raises for n in ("__eq__", "__str__", "__repr__", "__len__", "__bool__", "__iter__")}
    | {"__hash__": None, "__getattr__": raises},
)
HostileTuple = type("HostileTuple", (tuple,), {"__len__": raises, "__iter__": raises})
HostileError = type("HostileError", (Exception,), {"__str__": raises})
HostileFunction = type(
    "HostileFunction", (), {"__call__": raises, "__getattr__": raises, "__str__": raises}
)


def nested(depth):
    inner = ()
    for _ in range(depth):
        inner = (inner,)
    return inner


def loop():
    endless = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize(
    "make_result",
    [
        Hostile,
        lambda: [Hostile(), Hostile()],
        lambda: HostileTuple([1, 2]),
        lambda: nested(50_000),
        loop,
        lambda: [0.0] * 100_000,
        lambda: Normal(torch.zeros(4, 3), 1.0),
        lambda: reference(*CASES[0]).to_sparse(),
        lambda: torch.empty(4, 3, dtype=torch.float64, device="meta"),
        lambda: np.array([object()]),
        lambda: np.zeros(3),
        lambda: (n for n in range(3)),
        lambda: reference,
        lambda: Hostile,
        lambda: SCRIPT,
        lambda: NotImplemented,
        lambda: 1j,
        lambda: b"",
    ],
)
def test_no_result_is_too_odd_to_be_judged(make_result):
    for task in (make(), make(lambda x, scale: (x, x), mistakes=[])):
        result = make_result()
        assert judge(lambda *_, result=result: result, task).kind in {"shape", "dtype", "error"}


def test_an_object_that_cannot_be_printed_is_judged():
    def fails(x, scale):
        raise HostileError

    for answer in (fails, Hostile(), HostileFunction()):
        assert judge(answer).kind == "error"


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text()
)
tensors = st.builds(
    lambda shape, dtype: torch.ones(shape, dtype=dtype),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from([torch.float64, torch.float32, torch.int64, torch.bool, torch.complex64]),
)
results = st.recursive(
    scalars | tensors,
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)


@given(results)
@few
def test_every_result_has_an_outcome(result):
    for task in (make(), make(lambda x, scale: (x, x.sum()), mistakes=[])):
        outcome = judge(lambda *_: result, task)
        assert outcome.kind in KINDS - {"right"}
        assert "could not be compared" not in outcome.message


def test_the_answer_cannot_reach_the_exercises_inputs():
    kept = []

    def answer(x, scale):
        kept.append(x)
        for tensor in kept[:-1]:
            tensor.zero_()
        return x

    before = copy.deepcopy(CASES)
    assert judge(answer).kind in {"shape", "wrong", "changed"}
    assert all(torch.equal(a[0], b[0]) for a, b in zip(before, CASES, strict=True))


def settings_now():
    return [
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.is_grad_enabled(),
        torch.is_anomaly_enabled(),
        torch.rand(3, generator=torch.Generator().set_state(torch.get_rng_state())).tolist(),
        np.random.get_state()[1].tolist(),
        random.getstate(),
        list(warnings.filters),
        os.getcwd(),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "torch.set_default_dtype(torch.float64)",
        "torch.set_num_threads(torch.get_num_threads() + 1)",
        "torch.set_grad_enabled(False)",
        "torch.autograd.set_detect_anomaly(True)",
        "torch.manual_seed(5)",
        "np.random.seed(5); np.random.rand()",
        "random.seed(5)",
        "warnings.simplefilter('ignore')",
        "os.chdir('/')",
    ],
)
@pytest.mark.parametrize("end", ["return x", "x.men()", "while True: pass"])
def test_every_setting_is_as_it_was_after_a_check(shown, body, end):
    before = settings_now()
    check("99.1", write(f"{body}\n{end}"))
    assert settings_now() == before
    thread = threading.Thread(target=lambda: threads.append(torch.get_num_threads()))
    threads = []
    thread.start()
    thread.join()
    assert threads == [before[1]]


@pytest.mark.parametrize("draw", ["torch.rand(3)", "np.random.rand(3)", "random.random()"])
def test_every_case_draws_the_same_whatever_was_drawn_before(draw):
    drawn = []
    scope = {"torch": torch, "np": np, "random": random}

    def answer(x, scale):
        drawn.append(str(eval(draw, scope)))
        return reference(x, scale)

    for seed in (1, 2):
        random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
        assert judge(answer).kind == "right"
    assert len(drawn) == 4 and len(set(drawn)) == 1


def test_an_answer_with_a_memory_is_judged_by_what_it_returns():
    calls = []

    def answer(x, scale):
        calls.append(x)
        return reference(x, scale) if len(calls) == 1 else x

    assert judge(answer).kind == "wrong"


# Slow


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True:\n    x = torch.sin(x)",
        "while True:\n    try:\n        x = x + 1\n    except Exception:\n        pass",
        "while True:\n    try:\n        x = x + 1\n    except:\n        pass",
        "while True:\n    try:\n        x = torch.sin(x)\n    except:\n        pass",
        "while True:\n    try:\n        time.sleep(0.01)\n    except BaseException:\n        pass",
        "while True:\n    try: torch.linalg.svdvals(torch.rand(9, 9)).sum()\n    except: pass",
        "try:\n    while True: pass\nexcept:\n    return (x - x.mean(0)) * scale",
        "try:\n    while True: pass\nfinally:\n    return (x - x.mean(0)) * scale",
        "with torch.no_grad():\n    while True: x.sum()",
        "for _ in iter(int, 1): pass",
        "while True: print('', end='')",
        "time.sleep(0.5)\nreturn (x - x.mean(0)) * scale",
    ],
)
def test_an_answer_that_does_not_end_is_stopped(body):
    outcome = judge(write(body))
    assert outcome.kind == "slow"
    assert "0.2 seconds" in outcome.message


def test_an_answer_that_cannot_be_stopped_says_what_to_do():
    held = threading.Event()
    outcome = examine(make(), lambda x, scale: held.wait(60))  # one long call into C
    held.set()
    assert outcome.kind == "slow" and "still runs: restart the kernel" in outcome.message
    assert "restart" not in examine(make(), write("while True: pass")).message


@pytest.fixture
def interruptible():
    """SIGINT as Python knows it, also where the shell has it ignored, as for background jobs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_the_stop_button_leaves_no_thread_behind(monkeypatch, toy):
    monkeypatch.setattr(run, "SECONDS", 60.0)
    threads, state = threading.active_count(), torch.get_rng_state()
    press = threading.Timer(
        0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)
    )
    press.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        check("99.1", write("while True:\n    try: x = torch.sin(x)\n    except: pass"))
    press.join()
    assert time.monotonic() - started < 5
    assert threading.active_count() == threads
    assert torch.get_rng_state().equal(state)


# check


def test_check_returns_the_answer_only_when_it_is_right(shown):
    right = write("return (x - x.mean(0)) * scale")
    assert check("99.1", right) is right
    bodies = ["...", "return ...", "return x", "return x * scale", "return 1 / 0", "while 1: pass"]
    for body in bodies:
        assert check("99.1", write(body)) is reference
    assert check("99.1", 3) is reference
    assert len(shown) == 2 + len(bodies)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("return (x - x.mean(0)) * scale", "✓ 99.1: right."),
        ("return ...", "○ 99.1: not attempted yet."),
        ("return x", "✗ 99.1: not yet."),
        ("return x * scale", "✗ 99.1: not yet."),
    ],
)
def test_check_says_it_by_sign_and_word(shown, body, title):
    check("99.1", write(body))
    assert title in shown[0]
    assert ("goes on with the reference" in shown[0]) == ("right" not in title)


@pytest.mark.parametrize(
    "key", ["12.3", "", "99", SCRIPT, None, 99.1, reference, ["x"], {}, numbers(2)]
)
def test_an_unknown_key_is_a_message(shown, key):
    answer = write("return x")
    assert check(key, answer) is answer
    assert "There is no exercise" in shown[0] and "99.1" in shown[0]


def test_a_key_that_cannot_be_printed_is_a_message(shown):
    assert check(Hostile(), reference) is reference
    assert "There is no exercise Hostile that cannot be printed" in shown[0]


def test_everything_of_the_students_is_escaped(shown):
    named = type(SCRIPT, (Exception,), {})

    def raise_it(*_):
        raise named(SCRIPT)

    answers = [
        write(f"raise ValueError({SCRIPT!r})"),
        write(f"x.men({SCRIPT!r})"),
        write(f"raise ValueError({SCRIPT!r} * 99)"),
        raise_it,
        lambda *_: named(),
        type("Sly", (), {"__repr__": lambda self: SCRIPT})(),
    ]
    for answer in answers:
        check("99.1", answer)
    check(SCRIPT, reference)
    for page in shown:
        tags = Tags(page)
        assert set(tags.opened) <= {"div", "b", "br", "code", "i"}
        assert "script" in page


def test_the_box_is_announced_and_well_formed(shown):
    for body in ("return x", "return ...", "return x.men()", "return x @ x"):
        check("99.1", write(body))
    for page in shown:
        tags = Tags(page)
        assert sorted(t for t in tags.opened if t != "br") == sorted(tags.closed)
        assert 'role="status"' in page


# hint, solution, the shelf


def test_a_hint_is_two_closed_folds(toy):
    page = hint("99.1").data
    tags = Tags(page)
    assert tags.opened.count("details") == tags.closed.count("details") == 2
    assert "<details open" not in page
    assert page.index(toy.nudge) < page.index(toy.formula)


def test_the_solution_is_the_references_source(toy):
    page = solution("99.1").data
    tags = Tags(page)
    assert tags.opened.count("details") == tags.closed.count("details") == 1
    assert "Centre and scale: the tested answer." in page
    assert "mean" in page and "<details open" not in page


@pytest.mark.parametrize("ask", [hint, solution])
def test_a_hint_for_an_unknown_exercise_names_it(ask):
    with pytest.raises(KeyError, match=r"12\.3"):
        ask("12.3")


def test_making_an_exercise_puts_it_on_the_shelf(toy):
    assert {"99.1": toy} == exercise.EXERCISES
    assert make(torch.sum) is exercise.EXERCISES["99.1"]
