"""GAN Atelier: GauGAN and SinGAN in ComfyUI's graph editor."""

from comfy_api.latest import ComfyExtension, io

from .nodes import NODES

WEB_DIRECTORY = "./web"


class GANAtelier(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return NODES


async def comfy_entrypoint() -> GANAtelier:
    return GANAtelier()
