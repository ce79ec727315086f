"""A pack with the two nodes of ComfyUI-Distributed that our example uses: the same ids, inputs and outputs.

They do what those do on a server without workers.
"""

from comfy_api.latest import ComfyExtension, io

Audio = io.Custom("AUDIO")


class Seed(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="DistributedSeed",
            display_name="Distributed Seed",
            category="utils",
            inputs=[io.Int.Input("seed", default=1125899906842, min=0, max=1125899906842624)],
            outputs=[io.Int.Output(display_name="seed")],
        )

    @classmethod
    def execute(cls, seed):
        return io.NodeOutput(seed)


class Collector(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="DistributedCollector",
            display_name="Distributed Collector",
            category="image",
            inputs=[
                io.Image.Input("images"),
                io.Boolean.Input("load_balance", default=False),
                Audio.Input("audio", optional=True),
            ],
            outputs=[io.Image.Output(display_name="images"), Audio.Output(display_name="audio")],
        )

    @classmethod
    def execute(cls, images, load_balance=False, audio=None):
        return io.NodeOutput(images, audio)


NODES = {"DistributedSeed": Seed, "DistributedCollector": Collector}


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [*NODES.values()]


async def comfy_entrypoint():
    return Extension()
