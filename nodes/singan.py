"""SinGAN models: load, save, sample."""

import hashlib

from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from ..gan_models.weights import bundled
from . import runtime
from .sockets import SinGANModel, seed_input

KIND = "singan"
BUNDLED = bundled(KIND)
runtime.register_model_folder(KIND)


class SinGANLoad(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANLoad",
            display_name="Load SinGAN",
            category="GAN Atelier/SinGAN",
            description="Loads a trained SinGAN: one that ships with the pack, or a file in models/singan.",
            search_aliases=["single image gan loader", "open singan"],
            inputs=[
                io.Combo.Input(
                    "name",
                    options=[*BUNDLED, *runtime.model_files(KIND)],
                    tooltip="Names without an ending ship with the pack; the others are files in models/singan.",
                ),
            ],
            outputs=[SinGANModel.Output(display_name="model", tooltip="For the other SinGAN nodes.")],
        )

    @classmethod
    def fingerprint_inputs(cls, name):
        return hashlib.sha256(singan_path(name).read_bytes()).hexdigest()

    @classmethod
    def execute(cls, name) -> io.NodeOutput:
        return io.NodeOutput(singan.load(singan_path(name)))


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
                    "training picture, and only details vary (at factor 1 only).",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The new pictures.")],
        )

    @classmethod
    def execute(cls, model, seed, batch_size=1, width_factor=1.0, height_factor=1.0, start_scale=0) -> io.NodeOutput:
        height, width = round(model.size[0] * height_factor), round(model.size[1] * width_factor)
        images = runtime.placed(model, memory_needed(model)).sample(
            batch_size, generator=seeded(seed), height=height, width=width, start_scale=start_scale
        )
        return io.NodeOutput(runtime.to_comfy(images))


def singan_path(name: str):
    """The file of a name that the loader lists."""
    return runtime.PACK / BUNDLED[name] if name in BUNDLED else runtime.model_path(KIND, name)


def memory_needed(model: singan.SinGAN) -> int:
    """Bytes that a generator's activations take at most: it works on strips of bounded size."""
    width = model.config.width(len(model.sizes) - 1)
    return 4 * width * singan.STRIP_PIXELS * 4
