import asyncio

import comfy.model_management
import comfy.utils
import pytest
import torch
from comfy_api.latest import io, ui
from server import PromptServer

import headless
from headless import Executor, InterruptProcessingException, NodeError, WorkflowError

from .toy_nodes import NODES, Join, Number, shown


@pytest.fixture(autouse=True)
def no_calls():
    Join.calls.clear()


def api(**nodes):
    """An API prompt: ``n1=("Number", {...})``."""
    return {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}


def chain(seed=2, b=5, how="times"):
    return api(
        n=("Number", {"seed": seed}),
        j=("Join", {"a": ["n", 0], "how": how, "b": b}),
        s=("Show", {"value": ["j", 0]}),
    )


def define(execute, inputs=(), outputs=(), node_id="Toy", **more):
    """Makes a node class from one function."""

    def define_schema(cls):
        return io.Schema(node_id=node_id, inputs=list(inputs), outputs=list(outputs), **more)

    methods = {"define_schema": classmethod(define_schema), "execute": classmethod(execute)}
    return type(node_id, (io.ComfyNode,), methods)


def run_one(node_class, inputs=None, **nodes):
    """Runs one node of the class as "t", in front of a Show if it has outputs."""
    classes = NODES | {"Toy": node_class}
    prompt = api(t=("Toy", inputs or {}), **nodes)
    if not node_class.GET_SCHEMA().is_output_node:
        prompt |= api(s=("Show", {"value": ["t", 0]}))
    return Executor(classes).run(prompt)


def test_values_flow_along_the_links():
    run = Executor(NODES).run(chain())
    assert shown(run) == ["10"]
    assert run.executed == ["n", "j", "s"]
    assert run.value("j") == 10 and run.value("j", 1) == "2 times 5"


def test_only_what_an_output_node_needs_runs():
    run = Executor(NODES).run(chain() | api(extra=("Number", {"seed": 1})))
    assert "extra" not in run.executed


def test_nodes_run_without_gradients():
    seen = []
    run_one(define(lambda cls: seen.append(torch.is_inference_mode_enabled()), is_output_node=True))
    assert seen == [True]


def test_results_are_kept_until_something_changes():
    executor = Executor(NODES)
    executor.run(chain())
    again = executor.run(chain())
    assert again.executed == [] and again.cached == ["n", "j", "s"]
    assert shown(again) == ["10"]
    assert executor.run(chain(b=6)).executed == ["j", "s"]
    assert executor.run(chain(seed=3, b=6)).executed == ["n", "j", "s"]
    assert len(Join.calls) == 3


def test_the_cache_goes_by_content_not_by_id():
    executor = Executor(NODES)
    executor.run(chain())
    renamed = api(
        a=("Number", {"seed": 2}),
        b=("Join", {"a": ["a", 0], "how": "times", "b": 5}),
        c=("Show", {"value": ["b", 0]}),
    )
    assert executor.run(renamed).executed == []


def test_what_a_prompt_does_not_use_is_forgotten():
    executor = Executor(NODES)
    executor.run(chain())
    executor.run(chain(seed=3))
    assert executor.run(chain()).executed == ["n", "j", "s"]


def test_a_node_that_asks_for_its_id_or_is_not_idempotent_is_cached_by_id():
    for more in ({"hidden": [io.Hidden.unique_id]}, {"not_idempotent": True}):
        toy = define(lambda cls: io.NodeOutput(1), outputs=[io.Int.Output()], **more)
        executor = Executor(NODES | {"Toy": toy})
        executor.run(api(t=("Toy", {}), s=("Show", {"value": ["t", 0]})))
        assert executor.run(api(u=("Toy", {}), s=("Show", {"value": ["u", 0]}))).executed == ["u", "s"]


class Fingerprinted(Number):
    mark = ["same"]

    @classmethod
    def fingerprint_inputs(cls, seed, plus=0):
        value = cls.mark[0]
        if isinstance(value, Exception):
            raise value
        return value


@pytest.mark.parametrize(
    ("marks", "executed"),
    [
        (["same", "same"], []),
        (["same", "other"], ["n", "j", "s"]),
        ([float("nan")] * 2, ["n", "j", "s"]),
        ([OSError("gone")] * 2, ["n", "j", "s"]),
    ],
)
def test_fingerprints_decide_whether_a_node_runs_again(marks, executed):
    executor = Executor(NODES | {"Number": Fingerprinted})
    for mark in marks:
        Fingerprinted.mark[0] = mark
        run = executor.run(chain())
    assert run.executed == executed


def test_an_optional_input_that_is_not_connected_is_not_passed():
    seen = []
    toy = define(
        lambda cls, **given: seen.append(given),
        inputs=[io.Image.Input("image", optional=True), io.Int.Input("n", default=4)],
        is_output_node=True,
    )
    run_one(toy, {"n": 1})
    assert seen == [{"n": 1}]


def test_plain_values_become_the_type_of_their_widget():
    seen = []
    inputs = [io.Int.Input("i"), io.Float.Input("f"), io.String.Input("s"), io.Boolean.Input("b")]
    run_one(
        define(lambda cls, **given: seen.append(given), inputs=inputs, is_output_node=True),
        {"i": "5", "f": 1, "s": 2, "b": 1},
    )
    assert seen == [{"i": 5, "f": 1.0, "s": "2", "b": True}]
    assert [type(value) for value in seen[0].values()] == [int, float, str, bool]


def test_hidden_values_arrive_on_the_class():
    def execute(cls):
        return io.NodeOutput((cls.hidden.unique_id, cls.hidden.prompt, cls.hidden.extra_pnginfo))

    hidden = [io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo]
    toy = define(execute, outputs=[io.AnyType.Output()], hidden=hidden)
    prompt = api(t=("Toy", {}), s=("Show", {"value": ["t", 0]}))
    run = Executor(NODES | {"Toy": toy}).run(prompt, extra_pnginfo={"workflow": 1})
    assert run.value("t") == ("t", prompt, {"workflow": 1})


def test_dynamic_inputs_arrive_as_dicts():
    seen = []
    toy = define(
        lambda cls, **given: seen.append(given),
        inputs=[
            io.Autogrow.Input("xs", template=io.Autogrow.TemplatePrefix(io.Int.Input("x"), "x", min=1)),
            io.DynamicCombo.Input("mode", options=[io.DynamicCombo.Option("on", [io.Int.Input("n", max=9)])]),
        ],
        is_output_node=True,
    )
    number = ("Number", {"seed": 1})
    run_one(toy, {"xs.x0": ["n", 0], "xs.x4": ["n", 0], "mode": "on", "mode.n": 2}, n=number)
    assert seen == [{"xs": {"x0": 1, "x4": 1}, "mode": {"mode": "on", "n": 2}}]
    for wrong, message in (
        ({"mode": "on", "mode.n": 2}, "'xs.x0' is missing"),
        ({"xs.x0": ["n", 0], "mode": "on"}, "'mode.n' is missing"),
        ({"xs.x0": ["n", 0], "mode": "on", "mode.n": 10}, "maximum is 9"),
        ({"xs.x0": ["n", 0], "mode": "off"}, "must be one of: 'on'"),
        ({"xs.x0": ["n", 0]}, "'mode' is missing"),
    ):
        with pytest.raises(WorkflowError, match=message):
            run_one(toy, wrong, n=number)


def test_coroutines_are_awaited():
    async def execute(cls):
        await asyncio.sleep(0)
        return io.NodeOutput(6)

    assert shown(run_one(define(execute, outputs=[io.Int.Output()]))) == ["6"]


@pytest.mark.parametrize("returned", [(6,), {"result": (6,)}, io.NodeOutput(6)], ids=["tuple", "dict", "output"])
def test_a_node_may_return_its_results_in_several_ways(returned):
    assert shown(run_one(define(lambda cls: returned, outputs=[io.Int.Output()]))) == ["6"]


@pytest.mark.parametrize("returned", [6, (1, 2)], ids=["a bare value", "too many"])
def test_a_node_that_returns_something_else_fails(returned):
    with pytest.raises(NodeError):
        run_one(define(lambda cls: returned, outputs=[io.Int.Output()]))


def test_lists_make_several_calls_of_the_next_node():
    many = define(lambda cls: io.NodeOutput([1, 2, 3]), outputs=[io.Int.Output(is_output_list=True)])
    prompt = api(
        t=("Toy", {}),
        j=("Join", {"a": ["t", 0], "how": "add", "b": 10}),
        s=("Show", {"value": ["j", 0]}),
    )
    run = Executor(NODES | {"Toy": many}).run(prompt)
    assert shown(run) == ["11", "12", "13"]


def test_a_node_may_take_a_list_at_once():
    many = define(lambda cls: io.NodeOutput([1, 2, 3]), outputs=[io.Int.Output(is_output_list=True)], node_id="Many")
    total = define(
        lambda cls, x: io.NodeOutput(sum(x)),
        inputs=[io.Int.Input("x")],
        outputs=[io.Int.Output()],
        is_input_list=True,
        node_id="Total",
    )
    prompt = api(m=("Many", {}), t=("Total", {"x": ["m", 0]}), s=("Show", {"value": ["t", 0]}))
    assert shown(Executor(NODES | {"Many": many, "Total": total}).run(prompt)) == ["6"]


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (api(s=("Nobody", {})), "no node 'Nobody'"),
        (api(n=("Number", {"seed": 1})), "Nothing in this workflow"),
        (api(s=("Show", {})), r"Show \(#s\): the required input 'value' is missing"),
        (api(s=("Show", {"value": ["gone", 0]})), "leads nowhere"),
        (api(s=("Show", {"value": [1, 2, 3]})), "leads nowhere"),
        (api(n=("Number", {"seed": 1}), s=("Show", {"value": ["n", 1]})), r"output 1 of Number \(#n\), which has 1"),
        (chain(seed=101), "'seed' is 101, but the maximum is 100"),
        (chain(seed=-1), "'seed' is -1, but the minimum is 0"),
        (chain(seed="many"), "'seed' takes INT, not 'many'"),
        (chain(how="minus"), "'how' is 'minus'; it must be one of: 'add', 'times'"),
    ],
)
def test_prompts_that_cannot_run_are_refused(prompt, message):
    with pytest.raises(WorkflowError, match=message):
        Executor(NODES).run(prompt)
    assert Join.calls == []


def test_links_must_fit_their_sockets():
    prompt = chain()
    prompt["j"]["inputs"]["a"] = ["k", 1]
    prompt["k"] = {"class_type": "Join", "inputs": {"a": ["n", 0], "how": "add", "b": 1}, "_meta": {"title": "First"}}
    with pytest.raises(WorkflowError, match=r"Join \(#j\): 'a' takes INT, but First \(#k\) gives STRING"):
        Executor(NODES).run(prompt)


def test_nodes_that_wait_for_each_other_are_refused():
    prompt = api(
        a=("Join", {"a": ["b", 0], "how": "add", "b": 1}),
        b=("Join", {"a": ["a", 0], "how": "add", "b": 1}),
        s=("Show", {"value": ["a", 0]}),
    )
    with pytest.raises(WorkflowError, match=r"Join \(#a\) -> Join \(#b\) -> Join \(#a\)"):
        Executor(NODES).run(prompt)


class Validated(Number):
    @classmethod
    def validate_inputs(cls, seed):
        return True if seed is None or seed % 2 == 0 else "only even numbers"


def test_a_node_checks_its_inputs_itself():
    executor = Executor(NODES | {"Number": Validated})
    with pytest.raises(WorkflowError, match=r"Number \(#n\): only even numbers"):
        executor.run(chain(seed=3))
    # Inputs that the node checks itself are not checked against the schema, as on the server.
    assert shown(executor.run(chain(seed=1000))) == ["5000"]


def test_a_linked_input_is_none_while_it_is_checked():
    prompt = chain() | api(m=("Number", {"seed": 3}))
    prompt["m"], prompt["n"] = (
        {"class_type": "Number", "inputs": {"seed": 4}},
        {"class_type": "Number", "inputs": {"seed": ["m", 0]}},
    )
    assert shown(Executor(NODES | {"Number": Validated}).run(prompt)) == ["20"]


def test_a_node_that_raises_is_named():
    def execute(cls, value):
        raise ValueError("it is broken")

    classes = NODES | {"Show": define(execute, [io.AnyType.Input("value")], is_output_node=True, node_id="Show")}
    executor = Executor(classes)
    with pytest.raises(NodeError, match=r"Show \(#s\): it is broken") as caught:
        executor.run(chain())
    assert isinstance(caught.value.__cause__, ValueError) and caught.value.node_id == "s"
    Join.calls.clear()
    with pytest.raises(NodeError):
        executor.run(chain())
    assert Join.calls == [], "what ran before the error is kept"


def test_a_stop_ends_the_run_at_the_next_progress_update():
    reached = []

    def execute(cls):
        bar = comfy.utils.ProgressBar(3)
        bar.update(1)
        comfy.model_management.interrupt_current_processing()
        bar.update(1)
        reached.append("too far")

    toy = define(execute, is_output_node=True)
    with pytest.raises(InterruptProcessingException):
        run_one(toy)
    assert reached == []
    assert shown(Executor(NODES).run(chain())) == ["10"], "the next run is not stopped"


def test_listeners_hear_of_every_node():
    def execute(cls):
        bar = comfy.utils.ProgressBar(2)
        bar.update(1)
        PromptServer.instance.send_progress_text("half", cls.hidden.unique_id)
        bar.update(1)
        return io.NodeOutput(1)

    toy = define(execute, outputs=[io.Int.Output()], hidden=[io.Hidden.unique_id])
    executor = Executor(NODES | {"Toy": toy})
    prompt = api(t=("Toy", {}), s=("Show", {"value": ["t", 0]}))
    events = []
    executor.run(prompt, on_event=events.append)
    assert [(event.kind, event.node_id, event.value, event.text) for event in events] == [
        ("start", "t", 0, ""),
        ("progress", "t", 1, ""),
        ("text", "t", 0, "half"),
        ("progress", "t", 2, ""),
        ("done", "t", 0, ""),
        ("start", "s", 0, ""),
        ("done", "s", 0, ""),
    ]
    assert [(event.position, event.count, event.label) for event in events[-1:]] == [(2, 2, "Show (#s)")]
    events.clear()
    executor.run(prompt, on_event=events.append)
    assert [event.kind for event in events] == ["cached", "cached"]


def test_shown_pictures_can_be_found(comfy_folders):
    toy = define(lambda cls: io.NodeOutput(ui=ui.PreviewImage(torch.zeros(2, 4, 4, 3))), is_output_node=True)
    paths = headless.shown_files(run_one(toy))
    assert len(paths) == 2 and all(path.parent == comfy_folders / "temp" and path.exists() for path in paths)
