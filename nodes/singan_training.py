"""Training a SinGAN on one picture or a few."""

from dataclasses import replace

import torch
from comfy_api.latest import io

from ..gan_models.singan import MOST_IMAGES, PRESETS, SinGANConfig
from ..gan_models.singan.config import LARGEST_WHOLE
from ..gan_models.singan.resume import train_resumable
from . import runtime
from .sockets import SinGANModel, seed_input

ANY_TASK, SUPER_RESOLUTION = "any task", "super-resolution"
EXACT = "paper"
MEMORY = 2 << 30
MAX_SIZE = 1024


class SinGANTrain(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANTrain",
            display_name="Train SinGAN",
            category="GAN Atelier/SinGAN",
            description="Learns the patches of one picture, or of a few, at all scales. The model then makes new "
            "arrangements of it, blends pasted objects into it, or enlarges it. Stop at any time: finished scales are "
            "kept, and the next run with the same picture, seed and settings goes on from there.",
            search_aliases=["single image gan", "learn one image", "texture synthesis", "internal learning"],
            inputs=[
                io.Image.Input(
                    "image",
                    tooltip=f"The picture to learn. Those of a batch, up to {MOST_IMAGES}, are learned together.",
                ),
                io.Combo.Input(
                    "preset",
                    options=list(PRESETS),
                    default="standard",
                    tooltip="draft: a first look at 128 pixels in about a minute. standard: 250 pixels in minutes. "
                    "best: the same in three times the time, with fewer faults. "
                    "paper: the released schedule, hours on a CPU.",
                ),
                seed_input("The same picture, seed and settings give the same model.", io.ControlAfterGenerate.fixed),
                io.Combo.Input(
                    "purpose",
                    options=[ANY_TASK, SUPER_RESOLUTION],
                    default=ANY_TASK,
                    tooltip="super-resolution trains for enlarging this very picture; any task for all the rest.",
                ),
                io.Int.Input(
                    "max_size",
                    default=0,
                    min=0,
                    max=MAX_SIZE,
                    advanced=True,
                    tooltip="The picture's longer side is brought down to this many pixels. 0: as the preset says. "
                    f"Scales above {LARGEST_WHOLE} train on crops of that size, so more needs time but little memory.",
                ),
                io.Int.Input(
                    "iterations",
                    default=0,
                    min=0,
                    max=10000,
                    advanced=True,
                    tooltip="Iterations at every scale. 0: as the preset says.",
                ),
            ],
            outputs=[
                SinGANModel.Output(display_name="model", tooltip="For the other SinGAN nodes."),
                io.Image.Output(
                    display_name="reconstruction",
                    tooltip="The picture as the model knows it: what it could learn. Of a batch, every picture.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, image, preset, seed, purpose=ANY_TASK, max_size=0, iterations=0) -> io.NodeOutput:
        config = configure(preset, purpose, max_size, iterations)
        runtime.free_memory(MEMORY)
        model = train_resumable(
            runtime.to_model(image),
            config,
            seed=seed,
            folder=runtime.model_folder("singan") / "unfinished",
            device=runtime.device(),
            dtype=torch.float32 if preset == EXACT else runtime.training_dtype(),
            on_progress=runtime.progress_reporter(cls.hidden.unique_id),
            on_warning=lambda text: runtime.tell(cls.hidden.unique_id, text),
        ).cpu()
        runtime.tell(cls.hidden.unique_id, summary(model))
        return io.NodeOutput(model, runtime.to_comfy(model.reconstruct()))


def configure(preset: str, purpose: str, max_size: int, iterations: int) -> SinGANConfig:
    """The settings that the node's widgets ask for."""
    config = SinGANConfig.preset(preset)
    if purpose == SUPER_RESOLUTION:
        config = config.for_super_resolution()
    if max_size:
        config = config.at_size(max_size)
    if iterations:
        config = replace(config, iterations=iterations, coarse_iterations=iterations)
    return config


def summary(model) -> str:
    """What a user should know after the training."""
    height, width = model.size
    pictures = len(model.training_images)
    several = f"{pictures} pictures " if pictures > 1 else ""
    text = f"learned {several}at {width}×{height} in {model.facts['seconds']:.0f} s, {len(model.sizes)} scales"
    if list(model.size) != model.facts["original_size"]:
        text += f"; resized from {model.facts['original_size'][1]}×{model.facts['original_size'][0]}"
    return text
