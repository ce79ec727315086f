import sys

import pytest
from comfy_api.latest import IO, ComfyExtension, io, ui

import headless
from headless.api.dynamic import expand_inputs, nest
from headless.pack import pack_nodes


class Everything(io.ComfyNode):
    """A node with every kind of input that the pack may use."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="Everything",
            display_name="All Kinds",
            category="test",
            description="d",
            search_aliases=["all"],
            inputs=[
                io.Image.Input("image", tooltip="t"),
                io.Int.Input("seed", default=1, min=0, max=9, step=2, control_after_generate=True),
                io.Float.Input("weight", optional=True, round=0.01, display_mode=io.NumberDisplay.slider),
                io.String.Input("text", multiline=True, placeholder="p", socketless=True),
                io.Boolean.Input("flag", default=False, label_on="yes", advanced=True),
                io.Combo.Input("choice", ["a", "b"], default="b", upload=io.UploadType.image),
                io.Custom("THING").Input("thing", optional=True, lazy=True),
                io.Color.Input("color"),
                io.Autogrow.Input(
                    "masks", template=io.Autogrow.TemplatePrefix(io.Mask.Input("mask"), "mask", min=1, max=3)
                ),
                io.DynamicCombo.Input(
                    "mode",
                    options=[
                        io.DynamicCombo.Option("plain", []),
                        io.DynamicCombo.Option("blur", [io.Int.Input("radius", default=2)]),
                    ],
                ),
            ],
            outputs=[io.Custom("THING").Output(display_name="thing", tooltip="o"), io.Image.Output("picture")],
            hidden=[io.Hidden.unique_id],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, **kwargs):
        return io.NodeOutput(None, None)


def test_object_info_is_what_the_server_sends():
    info = headless.object_info(Everything)
    required = info["input"]["required"]
    assert required["image"] == ["IMAGE", {"tooltip": "t"}]
    assert required["seed"] == [
        "INT",
        {"default": 1, "min": 0, "max": 9, "step": 2, "control_after_generate": True},
    ]
    assert required["text"] == ["STRING", {"socketless": True, "multiline": True, "placeholder": "p"}]
    assert required["flag"] == ["BOOLEAN", {"advanced": True, "default": False, "label_on": "yes"}]
    assert required["choice"] == [
        "COMBO",
        {"default": "b", "multiselect": False, "options": ["a", "b"], "image_upload": True},
    ]
    assert required["color"] == ["COLOR", {"default": "#ffffff", "socketless": True}]
    assert required["masks"] == [
        "COMFY_AUTOGROW_V3",
        {"template": {"input": {"required": {"mask": ["MASK", {}]}}, "prefix": "mask", "min": 1, "max": 3}},
    ]
    assert required["mode"][1]["options"][1] == {
        "key": "blur",
        "inputs": {"required": {"radius": ["INT", {"default": 2}]}},
    }
    assert info["input"]["optional"] == {
        "weight": ["FLOAT", {"round": 0.01, "display": "slider"}],
        "thing": ["THING", {"lazy": True}],
    }
    assert info["input"]["hidden"] == {
        "unique_id": ["UNIQUE_ID"],
        "prompt": ["PROMPT"],
        "extra_pnginfo": ["EXTRA_PNGINFO"],
    }
    assert info["input_order"]["optional"] == ["weight", "thing"]
    assert info["output"] == ["THING", "IMAGE"]
    assert info["output_name"] == ["thing", "picture"]
    assert info["output_tooltips"] == ["o", None]
    assert info["output_is_list"] == [False, False]
    assert (info["name"], info["display_name"], info["category"]) == ("Everything", "All Kinds", "test")
    assert info["search_aliases"] == ["all"] and info["output_node"] is True


@pytest.mark.parametrize(
    "build",
    [
        lambda: io.Schema(node_id="X", colour="red"),
        lambda: io.Schema(node_id="X", has_intermediate_output=True),  # newer than 0.17
        lambda: io.Int.Input("x", multiline=True),
        lambda: io.Image.Input("x", default=1),
        lambda: io.Combo.Input("x", [], force_input=True),
        lambda: io.Image.Output("x", optional=True),
    ],
)
def test_unknown_keywords_raise(build):
    with pytest.raises(TypeError, match="unexpected keyword"):
        build()


def test_types_keep_their_names_apart():
    one, two = io.Custom("ONE"), io.Custom("TWO")
    assert (one.Input("a").io_type, two.Input("a").io_type, one.Output().io_type) == ("ONE", "TWO", "ONE")
    assert isinstance(io.Int.Input("a"), io.WidgetInput) and not isinstance(one.Input("a"), io.WidgetInput)
    assert IO is io


def test_ids_must_be_unique():
    class Twice(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Twice", inputs=[io.Int.Input("a"), io.Mask.Input("a")])

        @classmethod
        def execute(cls, a):
            return io.NodeOutput()

    with pytest.raises(ValueError, match="must be unique"):
        Twice.GET_SCHEMA()


def test_a_node_without_execute_is_refused():
    class Half(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Half")

    with pytest.raises(Exception, match="No execute function"):
        Half.GET_SCHEMA()


def test_dynamic_inputs_expand_and_nest():
    inputs = Everything.GET_SCHEMA().inputs
    values = {"masks.mask0": "m", "mode": "blur", "mode.radius": 3, "flag": True}
    slots = {slot.name: slot for slot in expand_inputs(inputs, values)}
    assert slots["masks.mask0"].required and not slots["masks.mask1"].required
    assert "masks.mask3" not in slots and "masks" not in slots
    assert nest(values, slots.values(), inputs) == {
        "masks": {"mask0": "m"},
        "mode": {"mode": "blur", "radius": 3},
        "flag": True,
    }
    assert "mode.radius" not in {slot.name for slot in expand_inputs(inputs, {"mode": "plain"})}
    assert nest({}, [], inputs) == {"masks": {}}


def test_an_autogrow_of_widgets_shows_sockets():
    template = io.Autogrow.TemplateNames(io.Float.Input("x", optional=True), ["left", "right"])
    info = io.Autogrow.Input("xs", template=template).as_dict()["template"]
    assert info == {
        "input": {"required": {}, "optional": {"x": ("FLOAT", {"forceInput": True})}},
        "names": ["left", "right"],
        "min": 1,
    }


def test_outputs_of_a_node():
    assert io.NodeOutput().result is None
    output = io.NodeOutput(1, 2, ui=ui.PreviewText("hello"))
    assert output.result == (1, 2) and output[1] == 2
    assert output.ui.as_dict() == {"text": ("hello",)}
    with pytest.raises(NotImplementedError):
        io.NodeOutput(expand={})


def test_a_call_gets_a_class_that_keeps_no_state():
    class Forgetful(Everything):
        @classmethod
        def execute(cls, **kwargs):
            cls.count = 1

    with pytest.raises(AttributeError, match="count"):
        headless.call_node(Forgetful)


def test_hidden_values_that_were_not_asked_for_are_none():
    class Shy(Everything):
        @classmethod
        def execute(cls, **kwargs):
            return io.NodeOutput(cls.hidden.unique_id, cls.hidden.extra_pnginfo)

    assert headless.call_node(Shy, unique_id="9").args == ("9", None)


def test_installing_twice_keeps_the_modules():
    before = sys.modules["comfy"], sys.modules["folder_paths"]
    headless.install()
    assert (sys.modules["comfy"], sys.modules["folder_paths"]) == before


def test_a_real_comfyui_is_left_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "folder_paths", type(sys)("folder_paths"))
    with pytest.raises(RuntimeError, match="real ComfyUI"):
        headless.install()


def test_a_pack_is_loaded_by_path_with_its_relative_imports(tmp_path):
    folder = tmp_path / "a-pack"
    folder.mkdir()
    (folder / "things.py").write_text("VALUE = 5\n")
    (folder / "__init__.py").write_text("from .things import VALUE\n")
    path = list(sys.path)
    try:
        assert headless.import_package("a_pack_for_a_test", folder).VALUE == 5
        assert headless.import_package("a_pack_for_a_test", tmp_path) is sys.modules["a_pack_for_a_test"]
    finally:
        del sys.modules["a_pack_for_a_test"], sys.modules["a_pack_for_a_test.things"]
    assert sys.path == path


def test_a_pack_that_fails_to_import_leaves_nothing_behind(tmp_path):
    (tmp_path / "__init__.py").write_text("import no_such_module_anywhere\n")
    with pytest.raises(ModuleNotFoundError):
        headless.import_package("a_broken_pack", tmp_path)
    assert "a_broken_pack" not in sys.modules


def module_with(tmp_path, extension):
    module = type(sys)("toy_pack")
    module.__path__ = [str(tmp_path)]

    async def comfy_entrypoint():
        return extension

    module.comfy_entrypoint = comfy_entrypoint
    return module


def test_the_entry_point_gives_the_nodes(tmp_path):
    class Toys(ComfyExtension):
        async def get_node_list(self):
            return [Everything]

    assert pack_nodes(module_with(tmp_path, Toys())) == {"Everything": Everything}
    assert headless.object_info(Everything)["python_module"] == f"custom_nodes.{tmp_path.name}"


def test_a_wrong_entry_point_is_named(tmp_path):
    class Tuple(ComfyExtension):
        async def get_node_list(self):
            return (Everything,)

    class Twice(ComfyExtension):
        async def get_node_list(self):
            return [Everything, Everything]

    with pytest.raises(TypeError, match="ComfyExtension"):
        pack_nodes(module_with(tmp_path, [Everything]))
    with pytest.raises(TypeError, match="list"):
        pack_nodes(module_with(tmp_path, Tuple()))
    with pytest.raises(ValueError, match="'Everything'"):
        pack_nodes(module_with(tmp_path, Twice()))
