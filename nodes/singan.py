"""SinGAN models: load, save, sample."""

import hashlib
from pathlib import Path, PurePath

from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from ..gan_models.weights import bundled
from . import runtime
from .sockets import SinGANModel, seed_input

KIND = "singan"
BUNDLED = bundled(KIND)
MOST_PIXELS = 8192
NETWORKS = "Gs.pth"
"""What marks a folder of the released format."""
runtime.register_model_folder(KIND, ".pth")


class SinGANLoad(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANLoad",
            display_name="Load SinGAN",
            category="GAN Atelier/SinGAN",
            description="Loads a trained SinGAN: one that ships with the pack, a file in models/singan, or a folder "
            "there of the released format (Gs.pth, Zs.pth, NoiseAmp.pth, reals.pth).",
            search_aliases=["single image gan loader", "open singan", "import singan"],
            inputs=[
                io.Combo.Input(
                    "name",
                    options=[*BUNDLED, *own_models()],
                    tooltip="Names without an ending ship with the pack; the others are files in models/singan, and "
                    "those with a slash at the end folders of the released format.",
                ),
            ],
            outputs=[SinGANModel.Output(display_name="model", tooltip="For the other SinGAN nodes.")],
        )

    @classmethod
    def fingerprint_inputs(cls, name):
        path = singan_path(name)
        files = [file for file in sorted(path.glob("*.pth")) if file.is_file()] if path.is_dir() else [path]
        return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()

    @classmethod
    def execute(cls, name) -> io.NodeOutput:
        path = singan_path(name)
        return io.NodeOutput(singan.load_released(path) if path.is_dir() else singan.load(path))


class SinGANSave(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANSave",
            display_name="Save SinGAN",
            category="GAN Atelier/SinGAN",
            description="Saves a SinGAN to models/singan as one safetensors file, with the picture that it learned.",
            search_aliases=["export singan", "store model"],
            inputs=[
                SinGANModel.Input("model", tooltip="The model to save."),
                io.String.Input(
                    "name",
                    default="my_singan",
                    tooltip="File name without an ending; may have subfolders, as in trees/oak.",
                ),
                io.Boolean.Input(
                    "overwrite",
                    default=False,
                    tooltip="Replace a file of this name. Off: a number is appended to the name instead.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="file_name", tooltip="The name for Load SinGAN, after a refresh (R).")
            ],
            is_output_node=True,
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, name, overwrite=False) -> io.NodeOutput:
        path = runtime.new_model_path(KIND, name, overwrite=overwrite)
        singan.save(model, path)
        file_name = path.relative_to(runtime.model_folder(KIND)).as_posix()
        runtime.tell(cls.hidden.unique_id, f"saved as models/{KIND}/{file_name}")
        return io.NodeOutput(file_name)


class SinGANSample(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANSample",
            display_name="Sample SinGAN",
            category="GAN Atelier/SinGAN",
            description="Makes new arrangements of the picture that the model learned, of any size and shape.",
            search_aliases=["random sample", "variations", "retarget", "resize content aware", "generate singan"],
            inputs=[
                SinGANModel.Input("model", tooltip="A trained SinGAN."),
                seed_input("Another seed gives another arrangement."),
                io.Int.Input("batch_size", default=1, min=1, max=256, tooltip="Number of pictures."),
                io.Float.Input(
                    "width_factor",
                    default=1.0,
                    min=0.25,
                    max=16.0,
                    step=0.05,
                    tooltip="Width relative to the training size.",
                ),
                io.Float.Input(
                    "height_factor",
                    default=1.0,
                    min=0.25,
                    max=16.0,
                    step=0.05,
                    tooltip="Height relative to the training size.",
                ),
                io.Int.Input(
                    "start_scale",
                    default=0,
                    min=0,
                    max=20,
                    tooltip="0 rearranges everything. From 1 on, the layout of the coarser scales stays as in the "
                    "training picture, and only details vary (at the training size only).",
                ),
                io.Int.Input(
                    "width",
                    optional=True,
                    default=0,
                    min=0,
                    max=MOST_PIXELS,
                    tooltip="Width in pixels. 0: by width_factor.",
                ),
                io.Int.Input(
                    "height",
                    optional=True,
                    default=0,
                    min=0,
                    max=MOST_PIXELS,
                    tooltip="Height in pixels. 0: by height_factor.",
                ),
                io.Float.Input(
                    "keep_layout",
                    optional=True,
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="0: arrangements of all kinds. Towards 1 they come nearer to the training picture's own, "
                    "truer and less varied (at the training size only).",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The new pictures.")],
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
        images = runtime.placed(model, memory_needed(model)).sample(
            batch_size,
            generator=seeded(seed),
            height=height or round(model.size[0] * height_factor),
            width=width or round(model.size[1] * width_factor),
            start_scale=start_scale,
            keep_layout=keep_layout,
        )
        return io.NodeOutput(runtime.to_comfy(images))


def own_models() -> list[str]:
    """Names of the files in models/singan, and of the folders of the released format, these with a slash at the end."""
    files = [PurePath(name) for name in runtime.model_files(KIND)]
    folders = [f"{file.parent.as_posix()}/" for file in files if file.name == NETWORKS and file.parent.name]
    return [*(name for name in runtime.model_files(KIND) if not name.lower().endswith(".pth")), *folders]


def singan_path(name: str) -> Path:
    """The file, or the folder of the released format, of a name that the loader lists."""
    if name in BUNDLED:
        return runtime.PACK / BUNDLED[name]
    if name.endswith("/"):
        return runtime.model_path(KIND, str(PurePath(name) / NETWORKS)).parent
    return runtime.model_path(KIND, name)


def memory_needed(model: singan.SinGAN) -> int:
    """Bytes that a generator's activations take at most: it works on strips of bounded size."""
    width = model.config.width(len(model.sizes) - 1)
    return 4 * width * singan.STRIP_PIXELS * 4
