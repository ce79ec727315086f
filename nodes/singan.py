"""Nodes that load, save and sample SinGANs."""

from pathlib import Path, PurePath

from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from ..gan_models.singan.kept import forget
from ..gan_models.weights import bundled
from . import host
from .sockets import SinGANModel, seed_input

KIND = "singan"
BUNDLED = bundled(KIND)
MOST_PIXELS = 8192
NETWORKS = "Gs.pth"
"""The file by which a folder in the released format is recognised."""
host.register_model_folder(KIND, ".pth")


class SinGANLoad(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANLoad",
            display_name="Load SinGAN",
            category="GAN Atelier/SinGAN",
            description="Loads a trained SinGAN: a bundled model, a file in models/singan, or a folder there in the "
            "released format (Gs.pth, Zs.pth, NoiseAmp.pth, reals.pth).",
            search_aliases=["single image gan loader", "open singan", "import singan"],
            inputs=[
                io.Combo.Input(
                    "name",
                    options=[*BUNDLED, *own_models()],
                    tooltip="The model to load. Names without an extension are bundled models, names with one are "
                    "files in models/singan, and names that end with a slash are folders in the released format. ./ is "
                    "models/singan itself, for released files that lie directly in it.",
                ),
            ],
            outputs=[SinGANModel.Output(display_name="model", tooltip="The SinGAN, for the other SinGAN nodes.")],
        )

    @classmethod
    def fingerprint_inputs(cls, name=None):
        if name is None:  # it is linked
            return host.state_of_models(KIND)
        path = singan_path(name)
        return host.state_of(sorted(path.glob("*.pth")) if path.is_dir() else [path])

    @classmethod
    def execute(cls, name) -> io.NodeOutput:
        path = singan_path(name)
        with host.stoppable():
            model = singan.load_released(path) if path.is_dir() else singan.load(path)
        return io.NodeOutput(host.ManagedModel(model))


class SinGANSave(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANSave",
            display_name="Save SinGAN",
            category="GAN Atelier/SinGAN",
            description="Saves a SinGAN, including its training picture, as one safetensors file in models/singan.",
            search_aliases=["export singan", "store model"],
            inputs=[
                SinGANModel.Input("model", tooltip="The model to save."),
                io.String.Input(
                    "name",
                    default="my_singan",
                    tooltip="File name without an extension. It may contain subfolders, such as trees/oak.",
                ),
                io.Boolean.Input(
                    "overwrite",
                    default=False,
                    tooltip="Replaces an existing file of this name. If off, a number is appended to the name instead.",
                ),
            ],
            outputs=[
                io.String.Output(
                    display_name="file_name",
                    tooltip="The name that Load SinGAN lists after the node definitions are refreshed (R).",
                )
            ],
            is_output_node=True,
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, name, overwrite=False) -> io.NodeOutput:
        path = singan.save(model.model, host.new_model_path(KIND, name), overwrite=overwrite)
        forget(model.model, unfinished_folder())
        file_name = path.relative_to(host.model_folder(KIND)).as_posix()
        host.tell(cls.hidden.unique_id, f"saved as models/{KIND}/{file_name}")
        return io.NodeOutput(file_name)


class SinGANSample(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANSample",
            display_name="Sample SinGAN",
            category="GAN Atelier/SinGAN",
            description="Generates new arrangements of the training picture, at any size and aspect ratio.",
            search_aliases=["random sample", "variations", "retarget", "resize content aware", "generate singan"],
            inputs=[
                SinGANModel.Input("model", tooltip="A trained SinGAN."),
                seed_input("Seed for the noise. Each seed gives a different arrangement."),
                io.Int.Input("batch_size", default=1, min=1, max=256, tooltip="Number of pictures to generate."),
                io.Float.Input(
                    "width_factor",
                    default=1.0,
                    min=0.25,
                    max=16.0,
                    step=0.05,
                    tooltip="Width of the pictures as a multiple of the training picture's width. Used only when "
                    "width is 0.",
                ),
                io.Float.Input(
                    "height_factor",
                    default=1.0,
                    min=0.25,
                    max=16.0,
                    step=0.05,
                    tooltip="Height of the pictures as a multiple of the training picture's height. Used only when "
                    "height is 0.",
                ),
                io.Int.Input(
                    "start_scale",
                    default=0,
                    min=0,
                    max=20,
                    tooltip="The coarsest scale that varies. 0 rearranges everything; higher values keep the layout of "
                    "the training picture and vary finer details only. Values above 0 require the training size.",
                ),
                io.Int.Input(
                    "width",
                    optional=True,
                    default=0,
                    min=0,
                    max=MOST_PIXELS,
                    tooltip="Width of the pictures in pixels. 0 uses width_factor instead.",
                ),
                io.Int.Input(
                    "height",
                    optional=True,
                    default=0,
                    min=0,
                    max=MOST_PIXELS,
                    tooltip="Height of the pictures in pixels. 0 uses height_factor instead.",
                ),
                io.Float.Input(
                    "keep_layout",
                    optional=True,
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How closely the pictures follow the layout of the training picture. 0 allows any "
                    "arrangement; values near 1 give more faithful and less varied pictures. Values above 0 require "
                    "the training size.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The new pictures.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model,
        seed,
        batch_size=1,
        width_factor=1.0,
        height_factor=1.0,
        start_scale=0,
        width=0,
        height=0,
        keep_layout=0.0,
    ) -> io.NodeOutput:
        net = placed(model)
        images = net.sample(
            batch_size,
            generator=seeded(seed),
            height=height or round(net.size[0] * height_factor),
            width=width or round(net.size[1] * width_factor),
            start_scale=start_scale,
            keep_layout=keep_layout,
            on_progress=host.progress_reporter(cls.hidden.unique_id),
        )
        return io.NodeOutput(host.to_comfy(images))


def own_models() -> list[str]:
    """Names of the files in models/singan, and of the folders in the released format, which end with a slash.

    The released files can also lie directly in models/singan, which is the folder ``./``.
    """
    files = [PurePath(name) for name in host.model_files(KIND)]
    folders = [f"{file.parent.as_posix()}/" for file in files if file.name == NETWORKS]
    return [*(name for name in host.model_files(KIND) if not name.lower().endswith(".pth")), *folders]


def singan_path(name: str) -> Path:
    """The path of a name that the loader lists: a file, or a folder in the released format."""
    if name in BUNDLED:
        return host.PACK / BUNDLED[name]
    if name.endswith("/"):
        return host.model_path(KIND, str(PurePath(name) / NETWORKS)).parent
    return host.model_path(KIND, name)


def unfinished_folder() -> Path:
    """Where trainings are kept until their model is saved."""
    return host.model_folder(KIND) / "unfinished"


def placed(model: host.ManagedModel[singan.SinGAN], least: int = 0) -> singan.SinGAN:
    """Move the SinGAN to the compute device, with memory for its activations and at least ``least`` bytes."""
    # A generator works on strips of bounded size.
    width = model.model.config.width(len(model.model.sizes) - 1)
    return model.placed(max(4 * width * singan.STRIP_PIXELS * 4, least))
