"""Label maps from photographs, by segmentation models."""

from pathlib import Path

import torch
from comfy_api.latest import io

from ..gan_models import labels, segmentation
from ..gan_models.weights import Bundled, entries, resolve
from . import host
from .advice import advice
from .label_maps import CATEGORY
from .sockets import LabelMap
from .taxonomies import TAXONOMY_TOOLTIP, taxonomy_names, taxonomy_state

KIND = "segmentation"
ENTRIES = {entry.name: entry for entry in entries("segmentation")}
CHECKPOINT = "config.json"
AUTO = "auto"
MEMORY = 3 << 30
MOST_CLASSES = 8
host.register_model_folder(KIND)


class GauGANLabelMapFromPhoto(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANLabelMapFromPhoto",
            display_name="Label Map from Photo",
            category=CATEGORY,
            description="Segments a photograph: every pixel gets the class that a segmentation model sees there. "
            "Models of transformers, such as SegFormer, Mask2Former and OneFormer, are read, too.",
            search_aliases=["semantic segmentation", "segment photo", "photo to label map", "oneformer", "mask2former",
                            "segformer", "upernet", "ade20k segmentation"],
            inputs=[
                io.Image.Input(
                    "image", tooltip="The photograph, of any size. A batch gives one label map for each photograph."
                ),
                io.Combo.Input("model", options=offered(), tooltip=model_tooltip()),
                io.Combo.Input(
                    "taxonomy",
                    options=[AUTO, *taxonomy_names()],
                    tooltip=f"The classes of the result. auto: those of the model. {TAXONOMY_TOOLTIP} The model's "
                    "classes are translated by name; those without a counterpart become unknown.",
                ),
                io.Float.Input(
                    "threshold",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Pixels whose class is less probable than this are white in the mask unsure. It does not "
                    "change the label map.",
                ),
            ],
            outputs=[
                LabelMap.Output(
                    display_name="label_map",
                    tooltip="The class of every pixel. Models that find objects also give instances, for GauGANs with "
                    "instance edges.",
                ),
                io.Mask.Output(display_name="unsure", tooltip="White where the model is not sure of the class."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, model=None, image=None, taxonomy=AUTO, threshold=0.5):
        # Models of the list never change (their hashes are checked); others can be large, so they aren't read.
        if model in ENTRIES:
            return [model, taxonomy_state(taxonomy)]
        names = [model] if model is not None else host.model_subfolders(KIND, CHECKPOINT)  # None: it is linked
        folders = [host.model_subfolder(KIND, name, CHECKPOINT) for name in names]
        files = host.state_of(file for folder in folders for file in sorted(folder.iterdir()))
        return [model, *files, taxonomy_state(taxonomy)]

    @classmethod
    def execute(cls, image, model, taxonomy=AUTO, threshold=0.5) -> io.NodeOutput:
        photos, report = (host.to_model(image) + 1) / 2, host.progress_reporter(cls.hidden.unique_id)
        with advice(), host.stoppable():
            segmenter = open_segmenter(model, None if taxonomy == AUTO else taxonomy, cls.hidden.unique_id)
        found = segmenter.segment(photos, report)
        classes = segmenter.taxonomy if taxonomy == AUTO else labels.taxonomy(taxonomy)
        ids, _ = labels.remap(found.ids, segmenter.taxonomy, classes)
        require_something(ids, classes, model)
        unsure = found.confidence < threshold
        host.tell(cls.hidden.unique_id, "; ".join([found_text(ids, classes, unsure), *lost_text(segmenter, classes)]))
        return io.NodeOutput(labels.LabelMap(ids, classes.name, found.instances), host.mask_from_bool(unsure))


def offered() -> list[str]:
    """The names in the list: what ships with the pack, the folders in models/segmentation, then models to download."""
    bundled = [name for name, entry in ENTRIES.items() if isinstance(entry.source, Bundled)]
    folders = [name for name in host.model_subfolders(KIND, CHECKPOINT) if name not in ENTRIES]
    return [*bundled, *folders, *(name for name in ENTRIES if name not in bundled)]


def model_tooltip() -> str:
    """The tooltip of the list, with the licence of each listed model."""
    lines = "\n".join(entry.description for entry in ENTRIES.values())
    return ("segmentation-landscape knows the classes of landscapes and needs no download. Folders in "
            "models/segmentation hold checkpoints of transformers for semantic or universal segmentation (config.json, "
            "preprocessor_config.json and safetensors), as they are on the Hugging Face Hub. The other models are:\n"
            f"{lines}")  # fmt: skip


def open_segmenter(name: str, taxonomy: str | None, node_id: str | None) -> segmentation.Segmenter:
    """The segmenter that the widgets ask for; a listed model is downloaded if no model folder has it."""
    entry = ENTRIES.get(name)
    path = host.model_subfolder(KIND, name, CHECKPOINT) if entry is None else fetched(entry, node_id)
    host.free_memory(MEMORY)
    if path.is_file():
        return segmentation.open_landscape_segmenter(path, host.device())
    return segmentation.open_transformers_segmenter(path, host.device(), taxonomy)


def fetched(entry, node_id: str | None) -> Path:
    """The file or the folder of a listed model, downloaded if necessary."""
    report = host.progress_reporter(node_id, stages=True)
    return resolve(entry, host.download_folder(KIND, entry.file_name), report)


def require_something(ids: torch.Tensor, classes: labels.Taxonomy, model: str) -> None:
    """Refuse photographs in which no pixel has a class."""
    if (ids == classes.unknown_id).all():
        raise ValueError(f"image shows nothing that {model} knows and '{classes.name}' has a class for, so the whole "
                         "label map would be unknown; choose another model or taxonomy")  # fmt: skip


def found_text(ids: torch.Tensor, classes: labels.Taxonomy, unsure: torch.Tensor) -> str:
    """The classes with their shares, and the share of unsure pixels."""
    shares = [f"{entry.name} {share(ids == entry.id)}" for entry in classes.present(ids)]
    return f"{classes.name}: {labels.listed(shares, MOST_CLASSES)}; {share(unsure)} unsure"


def share(pixels: torch.Tensor) -> str:
    """The share of the pixels that are true."""
    return labels.percent(pixels.float().mean().item())


def lost_text(segmenter: segmentation.Segmenter, classes: labels.Taxonomy) -> list[str]:
    """What to say of the model's classes that the taxonomy does not have."""
    lost = getattr(segmenter, "unmatched", ())
    return [f"'{classes.name}' has no class for {labels.listed(lost)}"] if lost else []
