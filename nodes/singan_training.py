"""The node that trains a SinGAN."""

from dataclasses import replace

import torch
from comfy_api.latest import io

from ..gan_models.singan import MOST_IMAGES, PRESETS, SinGANConfig
from ..gan_models.singan.config import LARGEST_WHOLE
from ..gan_models.singan.kept import unfinished_text
from ..gan_models.singan.resume import train_resumable
from . import host
from .singan import unfinished_folder
from .sockets import SinGANModel, seed_input

ANY_TASK, SUPER_RESOLUTION, HARMONIZE = "any task", "super-resolution", "harmonize"
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
            description="Trains a SinGAN on one picture, or on a few. The model can generate new arrangements of the "
            "picture, blend pasted objects into it, or enlarge it. You can stop at any time: finished scales are kept, "
            "and the next run with the same picture, seed and settings resumes there.",
            search_aliases=["single image gan", "learn one image", "texture synthesis", "internal learning"],
            inputs=[
                io.Image.Input(
                    "image",
                    tooltip=f"The training picture. A batch of up to {MOST_IMAGES} pictures trains one model on all "
                    "of them.",
                ),
                io.Combo.Input(
                    "preset",
                    options=list(PRESETS),
                    default="standard",
                    tooltip="How long to train and at which size. draft gives a first impression at 128 pixels in "
                    "about a minute. standard takes minutes for 250 pixels. best takes eight times as long as "
                    "standard and has fewer flaws. paper is the released schedule, which takes hours on a CPU.",
                ),
                seed_input(
                    "Seed for the initial weights, the noise and all other random choices. The same picture, seed and "
                    "settings give the same model.",
                    io.ControlAfterGenerate.fixed,
                ),
                io.Combo.Input(
                    "purpose",
                    options=[ANY_TASK, SUPER_RESOLUTION, HARMONIZE],
                    default=ANY_TASK,
                    tooltip="What the model is for. super-resolution is for enlarging this picture, harmonize for "
                    "blending pasted objects into it (about two minutes with the preset standard), and any task for "
                    "everything else.",
                ),
                io.Int.Input(
                    "max_size",
                    default=0,
                    min=0,
                    max=MAX_SIZE,
                    advanced=True,
                    tooltip="Longer side of the training picture in pixels; larger pictures are reduced to it. 0 "
                    f"uses the preset's value. Scales above {LARGEST_WHOLE} pixels train on crops of {LARGEST_WHOLE} "
                    "pixels, so larger sizes take more time but hardly more memory.",
                ),
                io.Int.Input(
                    "iterations",
                    default=0,
                    min=0,
                    max=10000,
                    advanced=True,
                    tooltip="Number of training iterations at every scale. 0 uses the preset's values.",
                ),
            ],
            outputs=[
                SinGANModel.Output(display_name="model", tooltip="The trained SinGAN, for the other SinGAN nodes."),
                io.Image.Output(
                    display_name="reconstruction",
                    tooltip="The model's reconstruction of every training picture, which shows how much it has "
                    "learned.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, image, preset, seed, purpose=ANY_TASK, max_size=0, iterations=0) -> io.NodeOutput:
        config = configure(preset, purpose, max_size, iterations)
        host.free_memory(MEMORY)
        model = train_resumable(
            host.to_model(image),
            config,
            seed=seed,
            folder=unfinished_folder(),
            device=host.device(),
            dtype=torch.float32 if preset == EXACT else host.training_dtype(),
            on_progress=host.progress_reporter(cls.hidden.unique_id),
            on_warning=lambda text: host.tell(cls.hidden.unique_id, text),
        ).cpu()
        host.tell(cls.hidden.unique_id, "; ".join(filter(None, [summary(model), unfinished_text(unfinished_folder())])))
        return io.NodeOutput(host.ManagedModel(model), host.to_comfy(model.reconstruct()))


def configure(preset: str, purpose: str, max_size: int, iterations: int) -> SinGANConfig:
    """The settings for the values of the node's widgets."""
    if purpose == HARMONIZE and preset == EXACT:
        raise ValueError("the preset paper has no training for harmonization; use draft, standard or best with the "
                         "purpose harmonize")  # fmt: skip
    config = SinGANConfig.for_harmonization(preset) if purpose == HARMONIZE else SinGANConfig.preset(preset)
    if purpose == SUPER_RESOLUTION:
        config = config.for_super_resolution()
    if max_size:
        config = config.at_size(max_size)
    if iterations:
        config = replace(config, iterations=iterations, coarse_iterations=iterations)
    return config


def summary(model) -> str:
    """A line about the finished training for the node: pictures, size, seconds, scales."""
    height, width = model.size
    pictures = len(model.training_images)
    several = f"on {pictures} pictures " if pictures > 1 else ""
    text = f"trained {several}at {width}×{height} in {model.facts['seconds']:.0f} s, {len(model.sizes)} scales"
    if list(model.size) != model.facts["original_size"]:
        text += f"; resized from {model.facts['original_size'][1]}×{model.facts['original_size'][0]}"
    return text
