"""What a trained SinGAN does to other pictures."""

from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from . import runtime
from .singan import memory_needed
from .sockets import SinGANModel, seed_input


class SinGANHarmonize(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANHarmonize",
            display_name="Harmonize with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Blends an object that was pasted into the training picture: it takes on the picture's "
            "colours and textures. Everything outside the mask stays.",
            search_aliases=["blend", "composite", "paste", "match style", "harmonization"],
            inputs=[
                SinGANModel.Input("model", tooltip="Trained on the picture without the object."),
                io.Image.Input("image", tooltip="The training picture with the object pasted in, at any resolution."),
                io.Mask.Input("mask", tooltip="White where the object is; soft edges are kept. Any resolution."),
                io.Int.Input(
                    "start_scale",
                    default=5,
                    min=1,
                    max=20,
                    tooltip="Where the picture enters the pyramid. Lower numbers change more: 1 rebuilds the object "
                    "from the picture's own shapes; the last scale changes only fine texture.",
                ),
                seed_input("Another seed varies the details."),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The blended picture at the training size.")],
        )

    @classmethod
    def execute(cls, model, image, mask, start_scale, seed) -> io.NodeOutput:
        images = singan.harmonize(
            runtime.placed(model, memory_needed(model)),
            runtime.to_model(image),
            runtime.mask_to_model(mask),
            start_scale=start_scale,
            generator=seeded(seed),
        )
        return io.NodeOutput(runtime.to_comfy(images))


class SinGANSuperResolve(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANSuperResolve",
            display_name="Super-Resolve with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Enlarges the training picture, or one like it, with detail that the model learned from it. "
            "Train with the purpose super-resolution for the best result.",
            search_aliases=["upscale", "enlarge", "super resolution", "zoom"],
            inputs=[
                SinGANModel.Input("model", tooltip="A SinGAN, best trained with the purpose super-resolution."),
                io.Float.Input("factor", default=4.0, min=1.0, max=16.0, step=0.1, tooltip="How many times larger."),
                seed_input("Another seed varies the finest details."),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture to enlarge. Not connected: the training picture.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The enlarged picture.")],
        )

    @classmethod
    def execute(cls, model, factor, seed, image=None) -> io.NodeOutput:
        images = singan.super_resolve(
            runtime.placed(model, memory_needed(model)),
            factor,
            None if image is None else runtime.to_model(image),
            generator=seeded(seed),
        )
        return io.NodeOutput(runtime.to_comfy(images))
