"""Nodes that animate the training picture of a SinGAN and show its scales side by side."""

import torch
from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from . import host
from .singan import placed
from .sockets import SinGANModel, seed_input


class SinGANAnimate(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANAnimate",
            display_name="Animate with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Animates the training picture. Every frame is a sample that differs a little from the frame "
            "before. Connect a node that saves animations or videos.",
            search_aliases=["video", "gif", "loop", "motion", "random walk", "animation"],
            inputs=[
                SinGANModel.Input("model", tooltip="A trained SinGAN."),
                seed_input("Seed for the noise. Each seed gives a different motion."),
                io.Int.Input("frames", default=60, min=1, max=2000, tooltip="Number of frames in the animation."),
                io.Float.Input(
                    "alpha",
                    default=0.3,
                    min=0.02,
                    max=1.0,
                    step=0.01,
                    tooltip="How strongly each frame is pulled back to the training picture. Lower values give larger "
                    "motion, up to other arrangements. The paper uses 0.1.",
                ),
                io.Float.Input(
                    "beta",
                    default=0.95,
                    min=0.0,
                    max=0.98,
                    step=0.01,
                    tooltip="How much of its direction the motion keeps from frame to frame. Higher values are "
                    "slower and smoother. The paper uses 0.8 to 0.95.",
                ),
                io.Int.Input(
                    "start_scale",
                    default=0,
                    min=0,
                    max=20,
                    tooltip="The coarsest scale that moves. 0 moves whole objects; higher values move only finer "
                    "parts, in many models hardly at all.",
                ),
                io.Boolean.Input(
                    "loop",
                    default=True,
                    tooltip="Makes the last frame lead back to the first. If off, the animation starts at the training "
                    "picture and ends anywhere.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="frames", tooltip="The frames as one batch, made for 10 to 30 frames per second."
                )
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, seed, frames=60, alpha=0.3, beta=0.95, start_scale=0, loop=True) -> io.NodeOutput:
        net = placed(model)
        animation = singan.animate(
            net,
            frames,
            generator=seeded(seed),
            alpha=alpha,
            beta=beta,
            start_scale=start_scale,
            loop=loop,
            on_progress=host.progress_reporter(cls.hidden.unique_id),
        )
        images = torch.empty(frames, *net.size, 3, device=host.results_device())
        for index, frame in enumerate(animation):
            images[index] = host.to_comfy(frame)[0]
        return io.NodeOutput(images)


class SinGANScales(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANScales",
            display_name="Show SinGAN Scales",
            category="GAN Atelier/SinGAN",
            description="Shows what each scale of a model adds, which helps in choosing a start scale: the training "
            "picture, its reconstruction, and a sample that keeps the layout of the coarser scales.",
            search_aliases=["pyramid", "inspect singan", "start scale", "contact sheet"],
            inputs=[
                SinGANModel.Input("model", tooltip="A trained SinGAN."),
                seed_input("Seed for the noise of the samples.", io.ControlAfterGenerate.fixed),
            ],
            outputs=[
                io.Image.Output(
                    display_name="image",
                    tooltip="One picture with two scales per row, each with its number and its size in pixels.",
                )
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, seed=0) -> io.NodeOutput:
        sheet = singan.show_scales(
            placed(model),
            generator=seeded(seed),
            on_progress=host.progress_reporter(cls.hidden.unique_id),
        )
        return io.NodeOutput(host.to_comfy(sheet))
