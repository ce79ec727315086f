"""Pictures that ship with the pack, so that every example workflow runs without uploads."""

import numpy as np
import torch
from comfy_api.latest import io

from ..gan_models.pictures import open_picture
from .host import PACK

PICTURES = (
    "balloons.jpg",
    "balloons_pasted.png",
    "balloons_painted.png",
    "balloons_edited.png",
    "mountains.jpg",
    "mountains_pasted.png",
    "pebbles.jpg",
    "lake_labels.png",
    "valley_labels.png",
    "river_ade20k.png",
    "sunset.jpg",
    "winter.jpg",
    "noon.jpg",
    "autumn.jpg",
    "storm.jpg",
    "mist.jpg",
)


class GANAtelierExampleImage(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GANAtelierExampleImage",
            display_name="Example Image",
            category="GAN Atelier/examples",
            description="A picture that ships with GAN Atelier, for trying the nodes. The mask is white where a part "
            "of the picture was pasted in or copied.",
            search_aliases=["sample image", "test image", "demo picture"],
            inputs=[
                io.Combo.Input(
                    "picture",
                    options=list(PICTURES),
                    tooltip="balloons, mountains and pebbles are pictures to train a SinGAN on. balloons_pasted and "
                    "mountains_pasted have a foreign object to harmonize, balloons_painted is a crude painting, and "
                    "balloons_edited has a copied balloon. lake_labels and valley_labels are label maps in the colours "
                    "of 'landscape', river_ade20k is one in the colours of 'ade20k'. sunset, winter, noon, autumn, "
                    "storm and mist are photographs that serve as styles for GauGAN.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The chosen picture."),
                io.Mask.Output(
                    display_name="mask", tooltip="White where something was pasted in or copied; black elsewhere."
                ),
            ],
        )

    @classmethod
    def execute(cls, picture) -> io.NodeOutput:
        opened = open_picture(PACK / "pictures" / picture).convert("RGBA")
        pixels = torch.from_numpy(np.asarray(opened, dtype=np.float32) / 255)
        return io.NodeOutput(pixels[None, ..., :3].contiguous(), 1 - pixels[None, ..., 3])
