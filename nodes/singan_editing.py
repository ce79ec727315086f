"""Nodes that apply a trained SinGAN to pictures: edit, paint, enlarge."""

from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from . import host
from .singan import placed
from .sockets import SinGANModel, seed_input

TRAINING_MEMORY = 2 << 30


class SinGANEdit(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANEdit",
            display_name="Edit with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Makes an edited training picture look natural by removing the seams where parts were moved, "
            "copied or covered. Everything away from the mask remains unchanged.",
            search_aliases=["move object", "copy part", "remove seam", "clone", "rearrange", "image editing"],
            inputs=[
                SinGANModel.Input("model", tooltip="A SinGAN, trained on the picture before the edit."),
                io.Image.Input("image", tooltip="The edited training picture, at any resolution."),
                io.Mask.Input("mask", tooltip="White where the edit is. Edges may be soft; any resolution works."),
                start_scale_input(
                    0,
                    "The scale at which the picture is injected. Lower values change more; the last scale changes only "
                    "fine texture. 0 chooses the lowest scale at which the edit remains recognisable.",
                ),
                seed_input("Seed for the noise, which varies the details."),
                all_scales_input(),
                io.Boolean.Input(
                    "seamless",
                    optional=True,
                    default=True,
                    advanced=True,
                    tooltip="Brings the tones of the edited part to those of its surroundings, and removes thin "
                    "contours and ripples around it. Off works exactly as in the paper.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The edited picture at the training size.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, image, mask, start_scale, seed, all_scales=False, seamless=True) -> io.NodeOutput:
        picture, mask = host.to_model(image), host.mask_to_model(mask)
        injection = singan.Edit(placed(model), picture, mask, seeded(seed), seamless)
        note = host.resized_text({"mask": mask}, picture, "image")
        return io.NodeOutput(injected(injection, start_scale, all_scales, cls.hidden.unique_id, note=note))


class SinGANPaintToImage(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANPaintToImage",
            display_name="Paint to Image with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Turns a painting in flat colours into a picture with the shapes and textures of the training "
            "picture. It works best if the painting uses the colours of that picture.",
            search_aliases=["sketch to image", "clipart to photo", "doodle", "paint2image"],
            inputs=[
                SinGANModel.Input("model", tooltip="A SinGAN, trained on the picture that the result should resemble."),
                io.Image.Input(
                    "image",
                    tooltip="The painting, at any resolution and aspect ratio. The result has the same aspect ratio.",
                ),
                start_scale_input(
                    0,
                    "The scale at which the painting is injected. Lower values change more; the last scale changes "
                    "only fine texture. 0 chooses the scale with the most natural texture that keeps the painting's "
                    "layout.",
                ),
                seed_input("Seed for the noise, which varies the details."),
                io.Boolean.Input(
                    "quantize_colors",
                    default=False,
                    tooltip="Replaces every colour of the painting with the nearest main colour of the training "
                    "picture.",
                ),
                io.Int.Input(
                    "colors",
                    default=5,
                    min=2,
                    max=64,
                    tooltip="Number of main colours; colourful pictures need more. Used only when quantize_colors is "
                    "on.",
                ),
                io.Boolean.Input(
                    "retrain",
                    default=False,
                    advanced=True,
                    tooltip="Retrains the start scale on inputs in the main colours, as in the paper. The result is "
                    "cleaner, but takes as long as this scale took in the training. Requires quantize_colors.",
                ),
                all_scales_input(),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The picture that was made from the painting.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls, model, image, start_scale, seed, quantize_colors=False, colors=5, retrain=False, all_scales=False
    ) -> io.NodeOutput:
        if retrain and all_scales:
            raise ValueError("retrain works with one start scale only; switch off retrain or all_scales")
        net = placed(model, TRAINING_MEMORY if retrain else 0)
        injection = singan.Painting(net, host.to_model(image), colors if quantize_colors else None, seeded(seed))
        return io.NodeOutput(injected(injection, start_scale, all_scales, cls.hidden.unique_id, retrain))


class SinGANSuperResolve(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANSuperResolve",
            display_name="Super-Resolve with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Enlarges the training picture, or one like it, with detail that the model learned. Models "
            "that were trained with the purpose super-resolution give the best results.",
            search_aliases=["upscale", "enlarge", "super resolution", "zoom"],
            inputs=[
                SinGANModel.Input("model", tooltip="A SinGAN, preferably trained with the purpose super-resolution."),
                io.Float.Input(
                    "factor",
                    default=4.0,
                    min=1.0,
                    max=16.0,
                    step=0.1,
                    tooltip="Factor by which width and height are multiplied.",
                ),
                seed_input("Seed for the noise, which varies the finest details."),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture to enlarge. If nothing is connected, the training picture is enlarged.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The enlarged picture.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, factor, seed, image=None) -> io.NodeOutput:
        images = singan.super_resolve(
            placed(model),
            factor,
            None if image is None else host.to_model(image),
            generator=seeded(seed),
            on_progress=host.progress_reporter(cls.hidden.unique_id),
        )
        return io.NodeOutput(host.to_comfy(images))


def start_scale_input(default: int, tooltip: str) -> io.Int.Input:
    return io.Int.Input("start_scale", default=default, min=0, max=20, tooltip=tooltip)


def all_scales_input() -> io.Boolean.Input:
    return io.Boolean.Input(
        "all_scales",
        optional=True,
        default=False,
        advanced=True,
        tooltip="Returns one captioned picture for every start scale, so that you can compare them.",
    )


def injected(
    injection: singan.Injection,
    start_scale: int,
    all_scales: bool,
    node_id: str | None,
    retrain: bool = False,
    note: str = "",
):
    """Inject a picture at its start scale (0 chooses one automatically) or at all of them, and return an IMAGE.

    ``note`` is told, too.
    """
    report = host.progress_reporter(node_id)
    if all_scales:
        if note:
            host.tell(node_id, note)
        return host.to_comfy(injection.inject_at_all_scales(report))
    scale = start_scale or injection.choose_scale(report)
    host.tell(node_id, f"start scale {scale}" + (f"; {note}" if note else ""))
    if retrain:
        return host.to_comfy(injection.inject_retrained(scale, dtype=host.training_dtype(), on_progress=report))
    return host.to_comfy(injection.inject(scale, report))
