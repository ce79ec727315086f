import asyncio
import importlib.util
import io as streams
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import comfy.model_management as memory
import comfy.utils
import folder_paths
import pytest
from PIL import Image

import headless
from headless.core_nodes import CORE_NODES

from .toy_nodes import NODES, Number, node, saved

SCRIPT = Path(__file__).resolve().parents[2] / "run_workflow.py"


def load_script():
    spec = importlib.util.spec_from_file_location("run_workflow", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def command(comfy_folders, monkeypatch):
    """``command(workflow, *options)``: runs the command line in ``tmp_path`` with toy and core nodes."""
    monkeypatch.chdir(comfy_folders)
    monkeypatch.setattr(headless, "all_nodes", lambda pack: CORE_NODES | NODES | EXTRA)
    monkeypatch.setattr(headless, "load_pack", lambda: None)
    script = load_script()

    def command(workflow, *options):
        file = comfy_folders / "workflow.json"
        file.write_text(workflow if isinstance(workflow, str) else json.dumps(workflow))
        return script.main([str(file), *options])

    return command


class Broken(Number):
    @classmethod
    def execute(cls, seed, plus=0):
        comfy.utils.ProgressBar(100).update_absolute(25)
        raise ValueError("half\nway")


class Endless(Number):
    """A node during which the user presses Ctrl+C."""

    @classmethod
    def execute(cls, seed, plus=0):
        signal.raise_signal(signal.SIGINT)
        time.sleep(5)
        raise AssertionError("Ctrl+C had no effect")


class EndlessCoroutine(Number):
    @classmethod
    async def execute(cls, seed, plus=0):
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(5)
        raise AssertionError("Ctrl+C had no effect")


EXTRA = {"Broken": Broken, "Endless": Endless, "EndlessCoroutine": EndlessCoroutine}

NUMBERS = saved(
    [
        node(1, "Number", values=[7, "randomize", 2], title="My Number v1.0"),
        node(2, "Join", [("a", "INT", 1)], values=["times", 4, 0.5]),
        node(3, "Show", [("value", "*", 2)]),
        node(4, "Show", [("value", "*", 3)]),
    ],
    [(1, 1, 0, 2, 0), (2, 2, 0, 3, 0), (3, 1, 0, 4, 0)],
)


def pictures(width=4):
    return saved(
        [
            node(1, "EmptyImage", values=[width, 3, 1, 0xFF0000]),
            node(2, "SaveImage", [("images", "IMAGE", 1)], values=["red"]),
            node(3, "PreviewImage", [("images", "IMAGE", 2)]),
        ],
        [(1, 1, 0, 2, 0), (2, 1, 0, 3, 0)],
    )


EXAMPLE = saved(
    [
        node(1, "GANAtelierExampleImage", values=["pebbles.jpg"]),
        node(2, "SaveImage", [("images", "IMAGE", 1)], values=["example"]),
    ],
    [(1, 1, 0, 2, 0)],
)


def test_a_run_says_what_it_does_and_what_nodes_show(command, capsys):
    assert command(NUMBERS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:4]] == [
        "[1/4] My Number v1.0 (#1)",
        "[2/4] Join (#2)",
        "[3/4] Show (#3)",
        "[4/4] Show (#4)",
    ]
    assert lines[4:] == ["18", "9"]


def test_pictures_are_saved_and_their_paths_printed(command, comfy_folders, capsys):
    assert command(pictures(), "--output", "renders") == 0
    printed = [Path(line) for line in capsys.readouterr().out.splitlines()[3:]]
    assert printed[0] == comfy_folders / "renders" / "red_00001_.png"
    assert printed[1].parent == comfy_folders / "renders" / "temp" and printed[1].exists()
    with Image.open(printed[0]) as picture:
        assert picture.size == (4, 3)
        assert json.loads(picture.text["workflow"]) == pictures()
        assert json.loads(picture.text["prompt"])["1"]["inputs"]["width"] == 4


def test_a_changed_workflow_is_not_put_into_the_pictures(command, comfy_folders):
    assert command(pictures(), "--set", "EmptyImage.width=9") == 0
    with Image.open(comfy_folders / "output" / "red_00001_.png") as picture:
        assert picture.size == (9, 3)
        assert "workflow" not in picture.text
        assert json.loads(picture.text["prompt"])["1"]["inputs"]["width"] == 9


def test_pictures_are_loaded_from_the_input_folder(command, comfy_folders):
    (comfy_folders / "photos").mkdir()
    Image.new("RGB", (6, 5)).save(comfy_folders / "photos" / "cat.png")
    workflow = saved(
        [
            node(1, "LoadImage", values=["example.png", "image"]),
            node(2, "SaveImage", [("images", "IMAGE", 1)], values=["cat"]),
        ],
        [(1, 1, 0, 2, 0)],
    )
    assert command(workflow, "--input", "photos", "--set", "LoadImage.image=cat.png") == 0
    with Image.open(comfy_folders / "output" / "cat_00001_.png") as picture:
        assert picture.size == (6, 5)


@pytest.mark.parametrize(
    ("options", "result"),
    [
        (["--set", "1.seed=10"], "24"),
        (["--set", "My Number v1.0.seed=10"], "24"),
        (["--set", "Number.seed=0x0A"], "24"),
        (["--set", "Join.how=add", "--set", "Join.scale=1.0"], "13"),
        (["--seed", "5"], "14"),
        (["--seed", "5", "--set", "1.plus=-5"], "0"),
    ],
)
def test_widgets_can_be_set(command, capsys, options, result):
    assert command(NUMBERS, *options) == 0
    assert capsys.readouterr().out.splitlines()[4] == result


def test_a_node_that_is_set_may_have_had_a_link(command, capsys):
    workflow = saved(
        [
            node(1, "Number", values=[1, "fixed", 0]),
            node(2, "Number", [("seed", "INT", 1)], values=[2, "fixed", 0]),
            node(3, "Show", [("value", "*", 2)]),
        ],
        [(1, 1, 0, 2, 0), (2, 2, 0, 3, 0)],
    )
    assert command(workflow, "--set", "2.seed=9") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "9"


@pytest.mark.parametrize(
    ("workflow", "options", "message"),
    [
        ("{", [], "not JSON"),
        ("[]", [], "not a workflow"),
        (saved([node(1, "KSampler", title="Sampler")], []), [], r"Sampler (#1): there is no node 'KSampler'"),
        (saved([node(1, "Show", [("value", "*", None)])], []), [], "required input 'value' is missing"),
        (saved([node(1, "Number")], []), [], "Nothing in this workflow"),
        (NUMBERS, ["--set", "1.seed=x"], "'seed' of My Number v1.0 (#1) takes INT, not 'x'"),
        (NUMBERS, ["--set", "1.seed=1000"], "maximum is 100"),
        (NUMBERS, ["--set", "1.sed=1"], "no widget 'sed'; it has seed, plus"),
        (NUMBERS, ["--set", "2.a=1"], "no widget 'a'; it has how, scale, b"),
        (NUMBERS, ["--set", "Nobody.seed=1"], "no node has this id, title or type"),
        (NUMBERS, ["--set", "Show.value=1"], "'Show' matches several nodes (Show (#3), Show (#4)); use an id"),
        (NUMBERS, ["--set", "seed=1"], "does not have the form NODE.INPUT=VALUE"),
        (NUMBERS, ["--set", "1.seed"], "does not have the form NODE.INPUT=VALUE"),
        (pictures(), ["--seed", "1"], "no node of this workflow has a seed"),
        (saved([node(1, "LoadImage", values=["no.png"]), node(2, "PreviewImage", [("images", "IMAGE", 1)])],
               [(1, 1, 0, 2, 0)]), [], "there is no picture 'no.png'"),
    ],
)  # fmt: skip
def test_errors_are_one_sentence(command, capsys, workflow, options, message):
    assert command(workflow, *options) == 1
    error = capsys.readouterr().err
    assert message in error and error.startswith("error: ") and error.count("\n") == 1


def test_a_missing_file_is_an_error(comfy_folders, capsys):
    assert load_script().main(["no such file.json"]) == 1
    assert capsys.readouterr().err == "error: There is no file 'no such file.json'.\n"


def test_a_process_may_run_several_workflows_with_other_folders(comfy_folders, capsys):
    workflow = comfy_folders / "workflow.json"
    workflow.write_text(json.dumps(EXAMPLE))
    for name, options in (("first", ["--cpu"]), ("second", [])):
        folders = {kind: comfy_folders / name / kind for kind in ("models", "input", "output")}
        places = [part for kind, folder in folders.items() for part in (f"--{kind}", str(folder))]
        assert load_script().main([str(workflow), *places, *options]) == 0, capsys.readouterr().err
        assert (folders["output"] / "example_00001_.png").exists()
        assert folder_paths.get_folder_paths("singan") == [str(folders["models"] / "singan")]
        assert folder_paths.get_input_directory() == str(folders["input"])
    assert memory._device is None, "--cpu of the first run is still in force"


def shown_number(kind):
    return saved([node(1, kind), node(2, "Show", [("value", "*", 1)])], [(1, 1, 0, 2, 0)])


def test_an_error_inside_a_node_is_one_sentence_too(command, capsys):
    assert command(shown_number("Broken")) == 1
    assert capsys.readouterr().err == "error: A Number (#1): half way\n"
    assert command(shown_number("Broken"), "--traceback") == 1
    assert "ValueError" in capsys.readouterr().err


def test_wrong_usage_is_status_2():
    with pytest.raises(SystemExit) as caught:
        load_script().main(["--no-such-option"])
    assert caught.value.code == 2


@pytest.fixture
def listens_to_ctrl_c():
    """Restores the SIGINT handler, which Python leaves ignored if a shell started it in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listens_to_ctrl_c")
@pytest.mark.parametrize("kind", ["Endless", "EndlessCoroutine"])
def test_ctrl_c_stops_a_working_node_at_once(command, capsys, kind):
    assert command(shown_number(kind)) == 130
    assert capsys.readouterr().err == "Stopped.\n"


class Terminal(streams.StringIO):
    def isatty(self):
        return True


def events(*told):
    return [headless.Event(kind, "3", "Train (#3)", 2, 5, **more) for kind, more in told]


def test_a_terminal_line_is_rewritten():
    terminal = Terminal()
    console = headless.Console(terminal)
    for event in events(
        ("start", {}),
        ("progress", {"value": 1, "total": 4}),
        ("text", {"text": "scale 2\nof 8"}),
        ("done", {"seconds": 1.25}),
    ):
        console(event)
    lines = terminal.getvalue().split("\r\x1b[K")
    assert lines == [
        "",
        "[2/5] Train (#3)",
        "[2/5] Train (#3): 25 %",
        "[2/5] Train (#3): 25 %, scale 2 of 8",
        "[2/5] Train (#3): 1.2 s, scale 2 of 8\n",
    ]


def test_a_log_gets_plain_lines_now_and_then(monkeypatch):
    log = streams.StringIO()
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    console = headless.Console(log)
    console(*events(("start", {})))
    for second in range(12):
        now[0] = float(second)
        console(*events(("progress", {"value": second, "total": 100})))
    console(*events(("cached", {})))
    assert log.getvalue().splitlines() == [
        "[2/5] Train (#3): 5 %",
        "[2/5] Train (#3): 10 %",
        "[2/5] Train (#3): unchanged",
    ]


def test_the_script_runs_from_any_folder(tmp_path):
    (tmp_path / "w.json").write_text(json.dumps(pictures()))
    # A module of this name in the current folder must not be imported instead.
    (tmp_path / "nodes.py").write_text("raise RuntimeError")
    done = subprocess.run([sys.executable, SCRIPT, "w.json"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "output" / "red_00001_.png").exists()
    assert str(tmp_path / "output" / "red_00001_.png") in done.stdout
