"""GauGAN model files: load, save."""

from pathlib import PurePath

import torch
from comfy_api.latest import io

from ..gan_models import gaugan
from ..gan_models.gaugan.training.loop import STATE
from ..gan_models.weights import Bundled, entries, resolve
from . import host
from .gaugan import CATEGORY
from .sockets import GauGANModel
from .taxonomies import taxonomy_names, taxonomy_state

KIND = "gaugan"
ENTRIES = {entry.name: entry for entry in entries(KIND)}
AUTO, NONE = "auto", "none"
PRECISIONS = {"float16": torch.float16, "float32": torch.float32}
host.register_model_folder(KIND, ".pth", ".pt", ".tar")


class GauGANLoad(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        files = local_files()
        return io.Schema(
            node_id="GauGANLoad",
            display_name="Load GauGAN",
            category=CATEGORY,
            description="Loads a GauGAN (SPADE): the bundled model, a file in models/gaugan, or another listed model, "
            "which is downloaded when this node first runs. A style encoder in the same file or beside it is loaded "
            "too.",
            search_aliases=["spade loader", "open gaugan", "latest_net_G", "semantic image synthesis model"],
            inputs=[
                io.Combo.Input("name", options=offered(files), tooltip=name_tooltip()),
                io.Combo.Input(
                    "encoder",
                    options=[AUTO, NONE, *files],
                    advanced=True,
                    tooltip="The file of the style encoder. auto: the encoder in the same file, or latest_net_E beside "
                    "latest_net_G. none: no encoder.",
                ),
                io.Combo.Input(
                    "taxonomy",
                    options=[AUTO, *taxonomy_names()],
                    advanced=True,
                    tooltip="The classes that the model was trained with. auto: as the file says; otherwise, only the "
                    "released models are recognised. For classes of your own, put a JSON or CSV file with the id, the "
                    "name and the colour of every class into models/gaugan/taxonomies and choose it here, or choose "
                    "numbered.",
                ),
                io.Int.Input(
                    "label_offset",
                    default=0,
                    min=-16,
                    max=16,
                    advanced=True,
                    tooltip="This number is added to every label id, for a model that was trained with shifted ids: -1 "
                    "for an ADE20K model that counts from wall = 0. 0: as the file says, unless override_label_offset "
                    "is on.",
                ),
                io.Combo.Input(
                    "upsampling",
                    options=[AUTO, *gaugan.UPSAMPLINGS],
                    advanced=True,
                    tooltip="The training option num_upsampling_layers, for files that do not store it. A wrong value "
                    "gives smeared pictures.",
                ),
                io.Boolean.Input(
                    "override_label_offset",
                    default=False,
                    optional=True,
                    advanced=True,
                    tooltip="Uses label_offset instead of what the file says, even if label_offset is 0.",
                ),
            ],
            outputs=[GauGANModel.Output(display_name="model", tooltip="The model, for the other GauGAN nodes.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(
        cls, name=None, encoder=AUTO, taxonomy=AUTO, label_offset=0, upsampling=AUTO, override_label_offset=False
    ):
        if name is None or encoder is None:  # linked
            return [*host.state_of_models(KIND), taxonomy_state(taxonomy)]
        # Files of the list never change (their hash is checked); others can be large, so their content isn't read.
        files = [host.model_path(KIND, file) for file in (name, encoder) if file not in (*ENTRIES, AUTO, NONE)]
        if name not in ENTRIES and encoder == AUTO and (beside := gaugan.encoder_beside(files[0])):
            files.append(beside)
        return [name, *host.state_of(files), taxonomy_state(taxonomy)]

    @classmethod
    def execute(
        cls, name, encoder=AUTO, taxonomy=AUTO, label_offset=0, upsampling=AUTO, override_label_offset=False
    ) -> io.NodeOutput:
        entry = ENTRIES.get(name)
        overrides = dict(entry.config) if entry else {}
        if upsampling != AUTO:
            overrides["upsampling"] = upsampling
        with host.stoppable():
            model = gaugan.open_synthesizer(
                fetched(entry, cls.hidden.unique_id) if entry else host.model_path(KIND, name),
                encoder=None if encoder in (AUTO, NONE) else host.model_path(KIND, encoder),
                without_encoder=encoder == NONE,
                taxonomy_name=taxonomy if taxonomy != AUTO else entry and entry.taxonomy,
                label_offset=label_offset if label_offset or override_label_offset else entry and entry.label_offset,
                **overrides,
            )
        host.tell(cls.hidden.unique_id, model.summary)
        return io.NodeOutput(host.ManagedModel(model.to(host.inference_dtype())))


class GauGANSave(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANSave",
            display_name="Save GauGAN",
            category=CATEGORY,
            description="Saves a GauGAN to models/gaugan as one safetensors file, together with its style encoder and "
            "the meaning of its labels.",
            search_aliases=["export gaugan", "store spade", "convert latest_net_G to safetensors"],
            inputs=[
                GauGANModel.Input("model", tooltip="The model to save."),
                io.String.Input(
                    "name",
                    default="my_gaugan",
                    tooltip="File name without an extension. It may contain subfolders, as in coast/evening.",
                ),
                io.Boolean.Input(
                    "overwrite",
                    default=False,
                    tooltip="Replace an existing file with this name. When this is off, a number is appended to the "
                    "name.",
                ),
                io.Combo.Input(
                    "precision",
                    options=list(PRECISIONS),
                    advanced=True,
                    tooltip="Precision of the weights in the file. float16: half the size, and pictures that look the "
                    "same. float32: full precision, unless the model was loaded in half precision.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="file_name", tooltip="The name in Load GauGAN after a refresh (R).")
            ],
            is_output_node=True,
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, name, overwrite=False, precision="float16") -> io.NodeOutput:
        path = host.new_model_path(KIND, name, trainings=True, taken=downloads())
        path = model.model.save(path, PRECISIONS[precision], overwrite=overwrite)
        file_name = path.relative_to(host.model_folder(KIND)).as_posix()
        host.tell(cls.hidden.unique_id, f"saved as models/{KIND}/{file_name}")
        return io.NodeOutput(file_name)


def local_files() -> list[str]:
    """The files in models/gaugan, except listed models, the states of training runs, and archives of other things."""
    files = host.model_files(KIND)
    states = {name for name in files if PurePath(name).parts[0] == host.TRAINING and PurePath(name).name == STATE}
    archives = {name for name in files if name.lower().endswith(".tar") and not name.lower().endswith(".pth.tar")}
    return [name for name in files if name not in downloads() | states | archives]


def downloads() -> set[str]:
    """The files in models/gaugan that the pack downloads, which are not listed by their names."""
    listed = (*ENTRIES.values(), *entries("vgg19"), *entries("efficientnet"))
    return {entry.file_name for entry in listed if not isinstance(entry.source, Bundled)}


def offered(files: list[str]) -> list[str]:
    """The names in the loader's list: models that ship with the pack, the user's files, then models to download."""
    bundled = [name for name, entry in ENTRIES.items() if isinstance(entry.source, Bundled)]
    return [*bundled, *files, *(name for name in ENTRIES if name not in bundled)]


def name_tooltip() -> str:
    """The tooltip of the loader's list, with the licence of each listed model."""
    lines = "\n".join(entry.description for entry in ENTRIES.values())
    files = "Names with an ending are files in models/gaugan (safetensors, or pth, pt and pth.tar without code)."
    return f"{files} The other models are:\n{lines}"


def fetched(entry, node_id: str | None):
    """The file of a model of the list, downloaded if no model folder has it."""
    report = host.progress_reporter(node_id, stages=True)
    return resolve(entry, host.download_folder(KIND, entry.file_name), report)
