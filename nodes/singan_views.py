"""What a trained SinGAN can be looked at with: its scales side by side, and the training picture in motion."""

import torch
from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from . import runtime
from .singan import memory_needed
from .sockets import SinGANModel, seed_input


class SinGANAnimate(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANAnimate",
            display_name="Animate with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Sets the training picture in motion: every frame is a sample near it, and a little further "
            "on the way. Connect a node that saves animations or videos.",
            search_aliases=["video", "gif", "loop", "motion", "random walk", "animation"],
            inputs=[
                SinGANModel.Input("model", tooltip="A trained SinGAN."),
                seed_input("Another seed gives another motion."),
                io.Int.Input("frames", default=60, min=1, max=2000, tooltip="Number of frames."),
                io.Float.Input(
                    "alpha",
                    default=0.3,
                    min=0.02,
                    max=1.0,
                    step=0.01,
                    tooltip="How strongly every frame is drawn back to the training picture. Lower: larger motion, up "
                    "to other arrangements. The paper has 0.1.",
                ),
                io.Float.Input(
                    "beta",
                    default=0.95,
                    min=0.0,
                    max=0.98,
                    step=0.01,
                    tooltip="How much of its direction the motion keeps from frame to frame. Higher: slower and "
                    "smoother. The paper has 0.8 to 0.95.",
                ),
                io.Int.Input(
                    "start_scale",
                    default=0,
                    min=0,
                    max=20,
                    tooltip="Scales below this one stand still. 0 moves whole objects; from 1 on only finer parts "
                    "move, in many models hardly at all.",
                ),
                io.Boolean.Input(
                    "loop",
                    default=True,
                    tooltip="The last frame leads to the first. Off: from the training picture to anywhere.",
                ),
            ],
            outputs=[io.Image.Output(display_name="frames", tooltip="The frames as one batch, for 10 to 30 a second.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, seed, frames=60, alpha=0.3, beta=0.95, start_scale=0, loop=True) -> io.NodeOutput:
        model = runtime.placed(model, memory_needed(model))
        animation = singan.animate(
            model,
            frames,
            generator=seeded(seed),
            alpha=alpha,
            beta=beta,
            start_scale=start_scale,
            loop=loop,
            on_progress=runtime.progress_reporter(cls.hidden.unique_id),
        )
        images = torch.empty(frames, *model.size, 3, device=runtime.results_device())
        for index, frame in enumerate(animation):
            images[index] = runtime.to_comfy(frame)[0]
        return io.NodeOutput(images)


class SinGANScales(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANScales",
            display_name="Show SinGAN Scales",
            category="GAN Atelier/SinGAN",
            description="Shows what each scale of a model knows, to choose a start scale by looking: the training "
            "picture, its reconstruction there, and a sample that keeps the coarser scales as they are.",
            search_aliases=["pyramid", "inspect singan", "start scale", "contact sheet"],
            inputs=[
                SinGANModel.Input("model", tooltip="A trained SinGAN."),
                seed_input("Of the samples.", io.ControlAfterGenerate.fixed),
            ],
            outputs=[
                io.Image.Output(
                    display_name="image",
                    tooltip="One picture, two scales in a row, each labelled with its number and size.",
                )
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, seed=0) -> io.NodeOutput:
        sheet = singan.show_scales(
            runtime.placed(model, memory_needed(model)),
            generator=seeded(seed),
            on_progress=runtime.progress_reporter(cls.hidden.unique_id),
        )
        return io.NodeOutput(runtime.to_comfy(sheet))
