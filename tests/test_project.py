"""The files that say what the project needs agree with each other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
GITHUB = ROOT / ".github"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]


def lines(name: str) -> list[str]:
    """The lines of a requirements file, less comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def canonical(requirement: str) -> str:
    """The distribution's name, as package indexes normalise it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0]).lower()


def test_requirements_are_the_projects_dependencies():
    assert lines("requirements.txt") == PROJECT["dependencies"]


def test_development_requirements_are_the_dev_extra():
    assert lines("requirements-dev.txt") == ["-r requirements.txt", *PROJECT["optional-dependencies"]["dev"]]


def test_nothing_has_an_upper_bound():
    assert not [requirement for requirement in PROJECT["dependencies"] if re.search(r"[<~]|==", requirement)]


@pytest.mark.parametrize("requirement", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])
def test_constraints_pin_what_we_use(requirement):
    pinned = {canonical(line) for line in lines("constraints.txt") if "==" in line}
    assert canonical(requirement) in pinned


def test_icon_and_banner_have_the_shapes_that_the_registry_wants():
    for key, widest, aspect in (("Icon", 400, 1), ("Banner", 2100, 21 / 9)):
        _, file = SETTINGS["tool"]["comfy"][key].split("/main/")
        with Image.open(ROOT / file) as picture:
            width, height = picture.size
        assert width <= widest and width / height == pytest.approx(aspect, rel=0.01), key


def read_yaml(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_tests_run_with_the_oldest_supported_python():
    versions = read_yaml(GITHUB / "workflows" / "tests.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert PROJECT["requires-python"] == f">={versions[0]}"


@pytest.mark.parametrize(("tag", "accepted"), [(f"v{PROJECT['version']}", True), ("v9.9.9", False)])
def test_a_release_needs_the_tag_of_its_version(tag, accepted):
    steps = read_yaml(GITHUB / "workflows" / "publish.yml")["jobs"]["publish"]["steps"]
    (script,) = [step["run"] for step in steps if "run" in step]
    if sys.version_info < (3, 11):
        script = script.replace("import tomllib", "import tomli as tomllib")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"GITHUB_REF_NAME": tag, "PATH": path}
    done = subprocess.run(["bash", "-e", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode == 0) == accepted, done.stderr
    assert ("::error::" in done.stdout) != accepted


@pytest.mark.parametrize("path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*_*.yml")), ids=lambda path: path.stem)
def test_issue_forms_have_fields_with_ids_and_labels(path):
    form = read_yaml(path)
    assert form["name"] and form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert fields and all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)


def test_pre_commit_runs_the_ruff_that_we_pin():
    (repository,) = read_yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    assert f"ruff=={repository['rev'].removeprefix('v')}" in lines("constraints.txt")
