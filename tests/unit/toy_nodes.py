"""Tiny nodes, and builders of workflows made of them, for the tests of the executor and its readers."""

from comfy_api.latest import io, ui


class Number(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="Number",
            display_name="A Number",
            inputs=[
                io.Int.Input("seed", default=3, min=0, max=100, control_after_generate=True),
                io.Int.Input("plus", default=0, optional=True),
            ],
            outputs=[io.Int.Output()],
        )

    @classmethod
    def execute(cls, seed, plus=0):
        return io.NodeOutput(seed + plus)


class Join(io.ComfyNode):
    """Two numbers and how to join them."""

    calls = []

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="Join",
            inputs=[
                io.Int.Input("a", force_input=True),
                io.Combo.Input("how", options=["add", "times"]),
                io.Float.Input("scale", default=1.0, min=0.0, max=10.0, optional=True),
                io.Int.Input("b", default=10),
            ],
            outputs=[io.Int.Output(), io.String.Output()],
        )

    @classmethod
    def execute(cls, a, how, b, scale=1.0):
        cls.calls.append((a, how, b))
        return io.NodeOutput(int((a + b if how == "add" else a * b) * scale), f"{a} {how} {b}")


class Show(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="Show", inputs=[io.AnyType.Input("value")], is_output_node=True)

    @classmethod
    def execute(cls, value):
        return io.NodeOutput(ui=ui.PreviewText(str(value)))


NODES = {"Number": Number, "Join": Join, "Show": Show}


def shown(run):
    """Returns everything that Show nodes showed, in the order of the run."""
    return [text for ui in run.ui.values() for text in ui["text"]]


def node(id, type, inputs=(), values=(), mode=0, outputs=(), **more):
    """A node of a saved workflow; ``inputs`` are (name, type, link id or None)."""
    return {
        "id": id,
        "type": type,
        "mode": mode,
        "inputs": [{"name": name, "type": kind, "link": link} for name, kind, link in inputs],
        "outputs": [{"name": kind, "type": kind} for kind in outputs],
        "widgets_values": list(values),
        **more,
    }


def saved(nodes, links, **more):
    """A saved workflow; ``links`` are (id, from node, from slot, to node, to slot)."""
    return {"version": 0.4, "nodes": nodes, "links": [[*link, "INT"] for link in links], **more}
