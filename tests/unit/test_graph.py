import json

import pytest
from comfy_api.latest import io

import headless
from headless import WorkflowError

from .toy_nodes import NODES, Show, node, saved

SHOW = node(9, "Show", [("value", "*", 9)])


def prompt_of(workflow, classes=NODES):
    return headless.parse_workflow(workflow, classes).prompt


def inputs_of(workflow, node_id, classes=NODES):
    return prompt_of(workflow, classes)[node_id]["inputs"]


def test_widgets_and_links_become_inputs():
    workflow = saved(
        [
            node(1, "Number", values=[7, "randomize", 2], title="Seven"),
            node(2, "Join", [("a", "INT", 1)], values=["times", 4, 0.5]),
            node(9, "Show", [("value", "*", 2)]),
            node(5, "Note", values=["hello"]),
            node(6, "MarkdownNote", values=["# hello"]),
        ],
        [(1, 1, 0, 2, 0), (2, 2, 1, 9, 0)],
    )
    assert prompt_of(workflow) == {
        "1": {"class_type": "Number", "inputs": {"seed": 7, "plus": 2}, "_meta": {"title": "Seven"}},
        # The optional widget comes last, whatever the order in the schema.
        "2": {
            "class_type": "Join",
            "inputs": {"a": ["1", 0], "how": "times", "b": 4, "scale": 0.5},
            "_meta": {"title": "Join"},
        },
        "9": {"class_type": "Show", "inputs": {"value": ["2", 1]}, "_meta": {"title": "Show"}},
    }


def test_a_title_that_nobody_changed_is_the_display_name():
    assert prompt_of(saved([node(1, "Number", values=[1, "fixed"])], []))["1"]["_meta"]["title"] == "A Number"


@pytest.mark.parametrize("values", [[7, "fixed", 2], [7, 2]], ids=["with control", "without"])
def test_the_control_after_a_seed_is_skipped_if_it_is_there(values):
    assert inputs_of(saved([node(1, "Number", values=values)], []), "1") == {"seed": 7, "plus": 2}


def test_widgets_that_the_file_does_not_know_get_their_defaults():
    assert inputs_of(saved([node(1, "Number", values=[7, "fixed"])], []), "1") == {"seed": 7, "plus": 0}
    join = node(2, "Join", [("a", "INT", None)])
    assert inputs_of(saved([join], []), "2") == {"how": "add", "b": 10, "scale": 1.0}


def test_widget_values_may_come_by_name():
    named = node(1, "Number") | {"widgets_values": {"seed": 5, "plus": 1}}
    assert inputs_of(saved([named], []), "1") == {"seed": 5, "plus": 1}


def test_a_linked_widget_keeps_its_place():
    workflow = saved(
        [
            node(1, "Number", values=[1, "fixed", 0]),
            node(2, "Join", [("a", "INT", None), ("b", "INT", 1)], values=["times", 4, 0.5]),
        ],
        [(1, 1, 0, 2, 1)],
    )
    assert inputs_of(workflow, "2") == {"how": "times", "b": ["1", 0], "scale": 0.5}


def test_reroutes_and_primitives_dissolve():
    workflow = saved(
        [
            node(1, "PrimitiveNode", values=[42, "fixed"]),
            node(2, "Reroute", [("", "*", 1)]),
            node(3, "Number", [("seed", "INT", 2)], values=[7, "fixed", 0]),
            node(4, "Reroute", [("", "*", 3)]),
            node(5, "Reroute", [("", "*", 4)]),
            node(6, "Show", [("value", "*", 5)]),
            node(7, "Reroute", [("", "*", None)]),
            node(8, "Show", [("value", "*", 6)]),
        ],
        [(1, 1, 0, 2, 0), (2, 2, 0, 3, 0), (3, 3, 0, 4, 0), (4, 4, 0, 5, 0), (5, 5, 0, 6, 0), (6, 7, 0, 8, 0)],
    )
    prompt = prompt_of(workflow)
    assert set(prompt) == {"3", "6", "8"}
    assert prompt["3"]["inputs"]["seed"] == 42
    assert prompt["6"]["inputs"] == {"value": ["3", 0]}
    assert prompt["8"]["inputs"] == {}


def test_reroutes_in_a_circle_are_an_error():
    workflow = saved(
        [node(1, "Reroute", [("", "*", 1)]), node(2, "Reroute", [("", "*", 2)]), node(3, "Show", [("value", "*", 3)])],
        [(1, 2, 0, 1, 0), (2, 1, 0, 2, 0), (3, 1, 0, 3, 0)],
    )
    with pytest.raises(WorkflowError, match="form a cycle"):
        prompt_of(workflow)


def test_muted_nodes_vanish_with_their_links():
    workflow = saved(
        [node(1, "Number", mode=2), node(2, "Join", [("a", "INT", 1)], values=["add", 1])], [(1, 1, 0, 2, 0)]
    )
    prompt = prompt_of(workflow)
    assert set(prompt) == {"2"} and "a" not in prompt["2"]["inputs"]


def test_a_muted_node_may_be_unknown():
    assert prompt_of(saved([node(1, "NobodyKnows", mode=2), node(2, "Number")], [])).keys() == {"2"}


@pytest.mark.parametrize(
    ("output", "wanted", "source"),
    [
        (0, "MASK", ["2", 0]),  # the same slot is an IMAGE, the first MASK is slot 1
        (1, "MASK", ["2", 0]),
        (0, "IMAGE", ["1", 0]),
        (0, "*", ["1", 0]),
        (1, "LATENT", None),
    ],
)
def test_a_bypassed_node_passes_on_an_input_of_the_right_type(output, wanted, source):
    class Taker(Show):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Taker", inputs=[io.AnyType.Input("value")], is_output_node=True)

    workflow = saved(
        [
            node(1, "Number"),
            node(2, "Number"),
            node(3, "Unknown", [("image", "IMAGE", 1), ("mask", "MASK", 2)], mode=4, outputs=["IMAGE", "MASK"]),
            node(4, "Taker", [("value", wanted, 3)]),
        ],
        [(1, 1, 0, 3, 0), (2, 2, 0, 3, 1), (3, 3, output, 4, 0)],
    )
    assert inputs_of(workflow, "4", NODES | {"Taker": Taker}).get("value") == source


class Dynamic(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="Dynamic",
            inputs=[
                io.DynamicCombo.Input(
                    "mode",
                    options=[
                        io.DynamicCombo.Option("plain", []),
                        io.DynamicCombo.Option("noisy", [io.Int.Input("seed"), io.Float.Input("amount", default=0.5)]),
                    ],
                ),
                io.Combo.Input("image", options=[], upload=io.UploadType.image),
                io.Autogrow.Input("masks", template=io.Autogrow.TemplatePrefix(io.Mask.Input("mask"), "mask", min=0)),
                io.String.Input("text", optional=True),
            ],
        )

    @classmethod
    def execute(cls, **kwargs):
        return io.NodeOutput()


def test_dynamic_widgets_and_the_upload_button_have_their_places():
    values = ["noisy", 5, "randomize", 0.25, "cat.png", "image", "hello"]
    inputs = [("masks.mask0", "MASK", None), ("masks.mask1", "MASK", 1)]
    workflow = saved([node(1, "Number"), node(2, "Dynamic", inputs, values)], [(1, 1, 0, 2, 1)])
    assert inputs_of(workflow, "2", NODES | {"Dynamic": Dynamic}) == {
        "mode": "noisy",
        "mode.seed": 5,
        "mode.amount": 0.25,
        "image": "cat.png",
        "text": "hello",
        "masks.mask1": ["1", 0],
    }
    short = saved([node(2, "Dynamic", values=["plain", "cat.png", "image", "hello"])], [])
    assert inputs_of(short, "2", {"Dynamic": Dynamic}) == {"mode": "plain", "image": "cat.png", "text": "hello"}


def test_a_list_in_a_widget_is_not_a_link():
    assert inputs_of(saved([node(1, "Number", values=[[1, 2]])], []), "1")["seed"] == {"__value__": [1, 2]}


def subgraph(id, nodes, links, inputs=(), outputs=()):
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
    return {
        "id": id,
        "name": id,
        "nodes": nodes,
        "links": [dict(zip(keys, link, strict=True)) for link in links],
        "inputs": [{"name": name, "type": "INT"} for name in inputs],
        "outputs": [{"name": name, "type": "INT"} for name in outputs],
    }


INNER = subgraph(
    "inner",
    [
        node(1, "Join", [("a", "INT", 1), ("b", "INT", 2)], values=["times", 4, 1.0]),
        node(2, "Number", values=[8, "fixed", 1]),
    ],
    [(1, -10, 0, 1, 0), (2, -10, 1, 1, 1), (3, 1, 0, -20, 0), (4, 2, 0, -20, 1)],
    inputs=["x", "y"],
    outputs=["joined", "eight"],
)


def with_subgraph(host, *subgraphs, slot=0):
    return saved(
        [node(1, "Number", values=[7, "fixed", 0]), host, node(9, "Show", [("value", "*", 9)])],
        [(1, 1, 0, 5, 0), (9, 5, slot, 9, 0)],
        definitions={"subgraphs": list(subgraphs)},
    )


HOST = node(5, "inner", [("x", "INT", 1), ("y", "INT", None)], outputs=["INT", "INT"])


def test_subgraphs_are_flattened():
    prompt = prompt_of(with_subgraph(HOST, INNER))
    assert set(prompt) == {"1", "5:1", "5:2", "9"}
    assert prompt["5:1"]["inputs"] == {"a": ["1", 0], "how": "times", "b": 4, "scale": 1.0}
    assert prompt["9"]["inputs"] == {"value": ["5:1", 0]}
    assert inputs_of(with_subgraph(HOST, INNER, slot=1), "9") == {"value": ["5:2", 0]}


def test_a_subgraph_sets_widgets_inside():
    promoted = {"proxyWidgets": [["-1", "y"], ["2", "seed"], ["1", "how"]]}
    host = HOST | {"properties": promoted, "widgets_values": [11, 12, None]}
    prompt = prompt_of(with_subgraph(host, INNER))
    assert prompt["5:1"]["inputs"] == {"a": ["1", 0], "how": "times", "b": 11, "scale": 1.0}
    assert prompt["5:2"]["inputs"] == {"seed": 12, "plus": 1}


def test_a_subgraph_names_the_widgets_that_it_sets():
    inside = INNER | {"links": [*INNER["links"], dict(INNER["links"][0], id=9, origin_slot=2, target_id=2)]}
    inside["nodes"] = [INNER["nodes"][0], node(2, "Number", [("seed", "INT", 9)], values=[8, "fixed", 1])]
    inside["inputs"] = [*INNER["inputs"], {"name": "start", "type": "INT"}]
    prompt = prompt_of(with_subgraph(HOST | {"widgets_values_named": {"y": 11, "start": 12}}, inside))
    assert prompt["5:1"]["inputs"] == {"a": ["1", 0], "how": "times", "b": 11, "scale": 1.0}
    assert prompt["5:2"]["inputs"] == {"seed": 12, "plus": 1}


def test_a_widget_is_set_through_two_subgraphs():
    host_inside = node(3, "inner", [("x", "INT", 1), ("y", "INT", None)], outputs=["INT", "INT"])
    outer = subgraph("outer", [host_inside], [(1, -10, 0, 3, 0), (2, 3, 0, -20, 0)], inputs=["x"], outputs=["out"])
    host = node(5, "outer", [("x", "INT", 1)], values=[13], properties={"proxyWidgets": [["3", "y"]]})
    assert prompt_of(with_subgraph(host, outer, INNER))["5:3:1"]["inputs"]["b"] == 13


def test_subgraphs_nest():
    outer = subgraph(
        "outer",
        [node(3, "inner", [("x", "INT", 1), ("y", "INT", 2)], outputs=["INT", "INT"])],
        [(1, -10, 0, 3, 0), (2, -10, 0, 3, 1), (3, 3, 0, -20, 0)],
        inputs=["x"],
        outputs=["out"],
    )
    host = node(5, "outer", [("x", "INT", 1)], outputs=["INT"])
    prompt = prompt_of(with_subgraph(host, outer, INNER))
    assert prompt["5:3:1"]["inputs"] == {"a": ["1", 0], "how": "times", "b": ["1", 0], "scale": 1.0}
    assert prompt["9"]["inputs"] == {"value": ["5:3:1", 0]}


@pytest.mark.parametrize(("mode", "value"), [(2, {}), (4, {"value": ["1", 0]})], ids=["muted", "bypassed"])
def test_what_is_in_a_subgraph_that_is_off_is_off(mode, value):
    prompt = prompt_of(with_subgraph(HOST | {"mode": mode}, INNER))
    assert set(prompt) == {"1", "9"} and prompt["9"]["inputs"] == value


def test_a_subgraph_that_contains_itself_is_an_error():
    loop = subgraph("inner", [node(1, "inner")], [])
    with pytest.raises(WorkflowError, match="contains itself"):
        prompt_of(with_subgraph(HOST, loop))


def test_an_api_file_is_taken_as_it_is():
    api = {"3": {"class_type": "Number", "inputs": {"seed": 1}}, "4": {"class_type": "Show"}}
    workflow = headless.parse_workflow(api, NODES)
    assert workflow.prompt["3"] == api["3"] and workflow.prompt["4"]["inputs"] == {}
    assert workflow.saved is None
    assert headless.parse_workflow({"prompt": api, "client_id": "x"}, NODES).prompt == workflow.prompt


@pytest.mark.parametrize("data", [[], {}, {"a": 1}, {"nodes": 5}, "text", {"3": {"inputs": {}}}, None])
def test_other_json_is_refused(data):
    with pytest.raises(WorkflowError, match="not a workflow: it has neither"):
        headless.parse_workflow(data, NODES)


def test_a_broken_saved_workflow_is_refused():
    with pytest.raises(WorkflowError, match="not a workflow that the editor saved"):
        headless.parse_workflow({"nodes": [{"id": 1}], "links": []}, NODES)
    with pytest.raises(WorkflowError, match="not a workflow that the editor saved"):
        headless.parse_workflow({"nodes": [node(1, "Number")], "links": [[1, 2]]}, NODES)


@pytest.mark.parametrize(
    "workflow",
    [saved([node(1, "KSampler", title="My Sampler")], []), {"1": {"class_type": "KSampler", "inputs": {}}}],
    ids=["saved", "API"],
)
def test_unknown_nodes_are_named(workflow):
    with pytest.raises(WorkflowError, match=r"\(#1\): there is no node 'KSampler' here"):
        headless.parse_workflow(workflow, NODES)


def test_files_that_cannot_be_read_are_errors(tmp_path):
    (tmp_path / "no.json").write_text("{nope")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x80")
    for name, message in (("no.json", "not JSON"), ("binary.json", "not JSON"), ("none.json", "no file"), ("", "read")):
        with pytest.raises(WorkflowError, match=message):
            headless.read_workflow(tmp_path / name, NODES)
    (tmp_path / "yes.json").write_text(json.dumps(saved([SHOW], [])))
    assert headless.read_workflow(str(tmp_path / "yes.json"), NODES).prompt.keys() == {"9"}
