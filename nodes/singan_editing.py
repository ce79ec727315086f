"""What a trained SinGAN does to other pictures: harmonize, edit, paint, enlarge."""

from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from . import runtime
from .singan import memory_needed
from .sockets import SinGANModel, seed_input

TRAINING_MEMORY = 2 << 30


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
                start_scale_input(
                    5,
                    "Where the picture enters the pyramid. Lower numbers change more: 1 rebuilds the object "
                    "from the picture's own shapes; the last scale changes only fine texture. 0: the lowest at which "
                    "the object stays recognisable.",
                ),
                seed_input("Another seed varies the details."),
                all_scales_input(),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The blended picture at the training size.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, image, mask, start_scale, seed, all_scales=False) -> io.NodeOutput:
        model = runtime.placed(model, memory_needed(model))
        injection = singan.Harmonization(model, runtime.to_model(image), runtime.mask_to_model(mask), seeded(seed))
        return io.NodeOutput(injected(injection, start_scale, all_scales, cls.hidden.unique_id))


class SinGANEdit(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANEdit",
            display_name="Edit with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Makes an edit of the training picture look natural: where parts were moved, copied or "
            "covered, the seams vanish. Everything away from the mask stays.",
            search_aliases=["move object", "copy part", "remove seam", "clone", "rearrange", "image editing"],
            inputs=[
                SinGANModel.Input("model", tooltip="Trained on the picture without the edit."),
                io.Image.Input("image", tooltip="The training picture with the edit in it, at any resolution."),
                io.Mask.Input("mask", tooltip="White where it was edited; soft edges are kept. Any resolution."),
                start_scale_input(
                    0,
                    "Where the picture enters the pyramid. Lower numbers change more; the last scale changes only fine "
                    "texture. 0: the lowest at which the edit stays recognisable.",
                ),
                seed_input("Another seed varies the details."),
                all_scales_input(),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The edited picture at the training size.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, image, mask, start_scale, seed, all_scales=False) -> io.NodeOutput:
        model = runtime.placed(model, memory_needed(model))
        injection = singan.Edit(model, runtime.to_model(image), runtime.mask_to_model(mask), seeded(seed))
        return io.NodeOutput(injected(injection, start_scale, all_scales, cls.hidden.unique_id))


class SinGANPaintToImage(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANPaintToImage",
            display_name="Paint to Image with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Turns a painting in flat colours into a picture with the shapes and textures of the one that "
            "the model learned. Best with that picture's colours.",
            search_aliases=["sketch to image", "clipart to photo", "doodle", "paint2image"],
            inputs=[
                SinGANModel.Input("model", tooltip="Trained on the picture that the painting shall look like."),
                io.Image.Input(
                    "image",
                    tooltip="The painting, at any resolution and of any shape; the result has its shape.",
                ),
                start_scale_input(
                    0,
                    "Where the painting enters the pyramid. Lower numbers change more; the last scale changes only "
                    "fine texture. 0: the one with the most natural texture that keeps the painting's layout.",
                ),
                seed_input("Another seed varies the details."),
                io.Boolean.Input(
                    "quantize_colors",
                    default=False,
                    tooltip="Replace every colour of the painting by the nearest main colour of the training picture.",
                ),
                io.Int.Input(
                    "colors",
                    default=5,
                    min=2,
                    max=64,
                    tooltip="Number of main colours, with quantize_colors. A colourful picture wants more.",
                ),
                io.Boolean.Input(
                    "retrain",
                    default=False,
                    advanced=True,
                    tooltip="With quantize_colors: train the start scale anew for inputs in few colours, as in the "
                    "paper. Cleaner, and takes as long as this scale took in the training.",
                ),
                all_scales_input(),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The picture that the painting became.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls, model, image, start_scale, seed, quantize_colors=False, colors=5, retrain=False, all_scales=False
    ) -> io.NodeOutput:
        if retrain and all_scales:
            raise ValueError("retrain trains one start scale; switch it off to see all_scales")
        model = runtime.placed(model, max(memory_needed(model), TRAINING_MEMORY if retrain else 0))
        injection = singan.Painting(model, runtime.to_model(image), colors if quantize_colors else None, seeded(seed))
        return io.NodeOutput(injected(injection, start_scale, all_scales, cls.hidden.unique_id, retrain))


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


def start_scale_input(default: int, tooltip: str) -> io.Int.Input:
    return io.Int.Input("start_scale", default=default, min=0, max=20, tooltip=tooltip)


def all_scales_input() -> io.Boolean.Input:
    return io.Boolean.Input(
        "all_scales",
        optional=True,
        default=False,
        advanced=True,
        tooltip="Give one picture for every start scale, labelled with it, to choose by looking.",
    )


def injected(
    injection: singan.Injection, start_scale: int, all_scales: bool, node_id: str | None, retrain: bool = False
):
    """Inject a picture at its start scale (0 chooses one automatically) or at all of them, and return an IMAGE."""
    report = runtime.progress_reporter(node_id)
    if all_scales:
        return runtime.to_comfy(injection.inject_at_all_scales(report))
    scale = start_scale or injection.choose_scale(report)
    runtime.tell(node_id, f"start scale {scale}")
    if retrain:
        return runtime.to_comfy(injection.inject_retrained(scale, dtype=runtime.training_dtype(), on_progress=report))
    return runtime.to_comfy(injection.inject(scale))
