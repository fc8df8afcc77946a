"""The image and the hubs: what can be known without Docker, a cluster or a network."""

import json
import os
import re
import runpy
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
HUB = ROOT / "deploy" / "hub"
COPIES = re.compile(r"(?m)^COPY (.+) \S+$")

# The keys that deploy/hub/values.yaml is meant to use, down to what Kubernetes reads itself.
KNOWN = {
    "singleuser": {
        "image": {"name", "tag"},
        "defaultUrl": None,
        "extraEnv": None,
        "lifecycleHooks": {"postStart"},
        "memory": {"guarantee", "limit"},
        "cpu": {"guarantee", "limit"},
        "storage": {"type", "capacity"},
        "uid": None,
        "allowPrivilegeEscalation": None,
        "cloudMetadata": {"blockWithIptables", "ip"},
        "networkPolicy": {"enabled", "egressAllowRules"},
    },
    "cull": {"enabled", "timeout", "every"},
    "prePuller": {"hook": {"enabled"}, "continuous": {"enabled"}},
}


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")


@pytest.fixture(scope="module")
def values() -> dict:
    yaml = pytest.importorskip("yaml", reason="PyYAML reads deploy/hub/values.yaml")
    return yaml.safe_load((HUB / "values.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def trials() -> list[dict]:
    return [
        json.loads(file.read_text("utf-8")) for file in sorted((ROOT / "docs").glob("hub-*.json"))
    ]


def pins(path: Path) -> dict[str, str]:
    lines = path.read_text("utf-8").splitlines()
    found = [Requirement(text) for line in lines if (text := line.split("#")[0].strip())]
    return {canonicalize_name(one.name): str(one.specifier) for one in found}


def unknown(values: dict, known: dict | set | None, path: str = "") -> list[str]:
    """The keys of values that known does not have."""
    if known is None:
        return []
    found = [f"{path}{key}" for key in values if key not in known]
    below = known if isinstance(known, dict) else {}
    for key in below.keys() & values.keys():
        found += unknown(values[key], below[key], f"{path}{key}.")
    return found


def optional(schema):
    """The schema for values before they join the chart's own, in which nothing is required yet."""
    if isinstance(schema, dict):
        required = isinstance(schema.get("required"), list)
        return {k: optional(v) for k, v in schema.items() if not (required and k == "required")}
    return [optional(one) for one in schema] if isinstance(schema, list) else schema


def megabytes(text: str) -> float:
    return float(text[:-1]) * {"M": 1024**2, "G": 1024**3}[text[-1]] / 1e6


def test_the_image_copies_what_exists_and_what_dockerignore_lets_in(dockerfile):
    kept = re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"))
    sources = [source for line in COPIES.findall(dockerfile) for source in line.split()]
    assert {source.split("/")[0] for source in sources} == set(kept)
    for source in sources:
        assert (ROOT / source).exists(), source


def test_the_image_installs_the_pins_and_nothing_else(dockerfile):
    """The one name that it takes from no list is the course's own."""
    [command] = re.findall(r"sed -n '[^']+' requirements.txt", dockerfile)
    torch = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True).stdout
    assert torch.strip() == "torch" + pins(ROOT / "requirements.txt")["torch"]
    installs = re.findall(r"pip install (.+)", dockerfile)
    assert [it.split()[0] for it in installs] == ["--no-deps", "-r", "--no-deps"]
    assert installs[1].split() == ["-r", "requirements.txt", "-r", "deploy/hub/requirements.txt"]
    assert installs[2].split()[-1] == "."


def test_the_image_has_a_normal_user_and_the_hubs_paths(dockerfile, values):
    assert "ARG NB_USER=jovyan" in dockerfile  # the chart mounts the volume at this user's home
    assert f"ARG NB_UID={values['singleuser']['uid']}\n" in dockerfile
    assert dockerfile.rindex("USER ${NB_USER}") > dockerfile.rindex("pip install")
    script = values["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"][-1]
    [file] = re.findall(r'"\$COURSE/([^"]+)"', script)
    assert (ROOT / file).exists()
    assert "COURSE=/srv/evidence-ladder " in dockerfile
    names = set(re.findall(r"\$(\w+)", script)) - {"HOME", "COURSE"}
    assert names == set(values["singleuser"]["extraEnv"])


def test_the_hubs_pins_are_exact_and_are_not_the_courses():
    ours, hubs = pins(ROOT / "requirements.txt"), pins(HUB / "requirements.txt")
    assert not ours.keys() & hubs.keys()
    assert {"jupyterhub", "jupyterhub-idle-culler", "nbgitpuller"} <= hubs.keys()
    for name, pin in hubs.items():
        assert re.fullmatch(r"==[^*+]+", pin), name


def test_the_values_use_only_what_is_known(values):
    assert unknown(values, KNOWN) == []
    assert unknown({"cull": {"evry": 1}}, KNOWN) == ["cull.evry"]


def test_the_values_fit_the_charts_schema(values):
    yaml, jsonschema = pytest.importorskip("yaml"), pytest.importorskip("jsonschema")
    path = os.environ.get("HUB_CHART_SCHEMA")
    if not path:
        pytest.skip("HUB_CHART_SCHEMA does not name the chart's values.schema.json")
    schema = optional(yaml.safe_load(Path(path).read_text("utf-8")))  # JSON is YAML
    jsonschema.validate(values, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**values, "cull": {"enabled": "yes"}}, schema)


def test_a_user_gets_the_memory_that_the_trials_measured(values, trials):
    memory = values["singleuser"]["memory"]
    for trial in trials:
        assert megabytes(memory["guarantee"]) >= trial["memory_end"][1]
        assert megabytes(memory["limit"]) >= 2 * trial["memory_alone"]
        assert trial["processor"][1] < 90, "the values say: about a minute"


def test_the_guide_states_the_trials(trials):
    with_table = runpy.run_path(str(HUB / "figures.py"))["with_table"]
    guide = (ROOT / "docs" / "hub.md").read_text("utf-8")
    for trial in trials:
        assert with_table(guide, trial) == guide
        assert with_table(guide, {**trial, "memory_before": -1}) != guide
        assert trial["errors"] == []
    assert [trial["users"] for trial in trials] == [10, 1], "as the guide says"


def test_every_link_of_the_guide_leads_somewhere():
    guide = ROOT / "docs" / "hub.md"
    for target in re.findall(r"\]\(([^)#:\s]+)\)", guide.read_text("utf-8")):
        assert (guide.parent / target).exists(), target


@pytest.mark.skipif(sys.platform == "win32", reason="the hub's scripts are for Linux")
def test_the_lessons_come_once_and_stay_as_the_user_left_them(tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path), "COURSE": str(ROOT)}
    copy = ["sh", str(HUB / "copy-lessons")]
    subprocess.run(copy, env=environment, check=True)
    lessons = tmp_path / "evidence-ladder" / "notebooks"
    assert len(list(lessons.glob("*.ipynb"))) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    (mine := lessons / "00_neural_regression.ipynb").write_text("mine")
    subprocess.run(copy, env=environment, check=True)
    assert mine.read_text() == "mine"


def test_the_hub_reads_its_settings():
    if not find_spec("jupyterhub"):
        pytest.skip("jupyterhub is not in this environment; docs/hub.md says how to install it")
    assert version("jupyterhub") == pins(HUB / "requirements.txt")["jupyterhub"].removeprefix("==")
    settings = pytest.importorskip("traitlets.config").Config()
    runpy.run_path(str(HUB / "jupyterhub_config.py"), {"get_config": lambda: settings})
    assert settings.JupyterHub.bind_url.startswith("http://127.0.0.1:")
    assert os.access(settings.Spawner.cmd[0], os.X_OK)


@pytest.mark.skipif(sys.platform != "linux", reason="usage.py reads Linux' /proc")
def test_usage_sees_the_processes_of_a_home(tmp_path):
    usage = runpy.run_path(str(HUB / "usage.py"))
    code = "held = bytearray(50_000_000); print('ready', flush=True); input()"
    environment = {**os.environ, "HOME": str(tmp_path / "mary")}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdin=-1, stdout=-1, text=True
    ) as process:
        process.stdout.readline()
        assert usage["processes"](tmp_path / "mary") == [process.pid]
        assert usage["processes"](tmp_path / "mar") == []
        sample = usage["sample"](tmp_path / "mary")
        assert 50 < sample["pss"] <= sample["rss"] < 150
        process.communicate("\n")
