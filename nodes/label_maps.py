"""Label maps: made from colours and masks, converted to colours and masks, and translated between taxonomies."""

import torch
from comfy_api.latest import io
from torch.nn import functional as F

from ..gan_models import labels
from . import host
from .advice import advice
from .sockets import LabelMap, offset_input, palette_input
from .taxonomies import TAXONOMY_TOOLTIP, taxonomy_names, taxonomy_state

CATEGORY = "GAN Atelier/label maps"
NONE = "none"
MASKS = [f"mask_{number}" for number in range(1, 7)]


class GauGANLabelMapFromColors(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANLabelMapFromColors",
            display_name="Label Map from Colors",
            category=CATEGORY,
            description="Reads a picture with one flat colour for each class, such as a map from the GauGAN demo or "
            "from a segmentation preprocessor, or a grey picture of class ids, such as a label map of a public data "
            "set. Blurred and JPEG-compressed borders between colours are cleaned up.",
            search_aliases=["segmentation map to labels", "decode semantic map", "color to label", "gaugan palette",
                            "class ids to label map", "trainIds"],
            inputs=[
                io.Image.Input(
                    "image",
                    tooltip="The picture, with one flat colour for each class, or a grey picture whose levels are ids. "
                    "Transparent pixels become unknown.",
                ),
                io.Combo.Input(
                    "taxonomy",
                    options=taxonomy_names(),
                    tooltip=f"The classes of the result. {TAXONOMY_TOOLTIP} If the palette is that of another "
                    "taxonomy, its classes are translated by name.",
                ),
                palette_input(),
                io.Int.Input(
                    "tolerance",
                    default=labels.TOLERANCE,
                    min=0,
                    max=255,
                    advanced=True,
                    tooltip="The largest difference between a pixel and a palette colour, in levels of 0 to 255 in "
                    "each channel. Pixels that differ more get the class of a neighbour.",
                ),
                offset_input(),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Pixels where the mask is white become unknown. Connect the mask of Load Image here if "
                    "parts of the picture are transparent. A black mask changes nothing.",
                ),
            ],
            outputs=[
                LabelMap.Output(display_name="label_map", tooltip="The class of every pixel."),
                io.Mask.Output(
                    display_name="off_palette", tooltip="White where a pixel matches no colour of the palette."
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, taxonomy=None, **others):
        return taxonomy_state(taxonomy)

    @classmethod
    def execute(
        cls, image, taxonomy, palette=labels.AUTO, tolerance=labels.TOLERANCE, offset=0, mask=None
    ) -> io.NodeOutput:
        with advice(), host.stoppable():
            picture = label_picture(image, mask)
            reading = labels.read(picture, labels.taxonomy(taxonomy), palette, offset, tolerance)
        host.tell(cls.hidden.unique_id, reading.summary)
        return io.NodeOutput(labels.LabelMap(reading.ids, taxonomy), host.mask_from_bool(reading.off_palette))


class GauGANLabelMapFromMasks(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANLabelMapFromMasks",
            display_name="Label Map from Masks",
            category=CATEGORY,
            description="Stacks masks, each with a class of its own: mask_1 has class_1, and so on. Pixels that no "
            "mask covers get the base class. For more than six masks, connect the result to another node of this "
            "kind, or unite the masks that share a class.",
            search_aliases=["masks to labels", "compose label map", "layers", "combine masks"],
            inputs=[
                io.DynamicCombo.Input(
                    "taxonomy",
                    options=[io.DynamicCombo.Option(name, layer_classes(name)) for name in taxonomy_names()],
                    tooltip=f"The classes to choose from. {TAXONOMY_TOOLTIP}",
                ),
                LabelMap.Input(
                    "label_map",
                    optional=True,
                    tooltip="A label map below the masks, which replaces the base class. If it is not connected, the "
                    "result has the size of the first mask. The empty mask of 64×64 pixels that Load Image gives for "
                    "a picture without transparency never decides the size.",
                ),
                *(
                    io.Mask.Input(
                        name,
                        optional=True,
                        tooltip=f"Pixels where this mask is above 0.5 get the class {class_of(name)}. Later masks "
                        "cover earlier ones. The mask may have any resolution. A batch of several masks gives several "
                        "label maps, one for each mask, unless unite_batches is on.",
                    )
                    for name in MASKS
                ),
                io.Boolean.Input(
                    "unite_batches",
                    optional=True,
                    default=False,
                    tooltip="Unites the masks of each batch into one mask, so that the result is one label map. Use it "
                    "for segmentation nodes that give one mask for each object, such as those of SAM or SEGS.",
                ),
            ],
            outputs=[LabelMap.Output(display_name="label_map", tooltip="The class of every pixel.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, taxonomy, **others):
        return taxonomy_state(taxonomy["taxonomy"])

    @classmethod
    def execute(cls, taxonomy, label_map=None, unite_batches=False, **masks) -> io.NodeOutput:
        classes = labels.taxonomy(taxonomy["taxonomy"])
        layers = {name: host.mask_to_model(masks[name], name).cpu() for name in MASKS if masks.get(name) is not None}
        if unite_batches:
            layers = {name: mask.amax(0, keepdim=True) for name, mask in layers.items()}
        chosen = {name: taxonomy[class_of(name)] for name in layers}
        for name, class_name in chosen.items():
            if class_name == NONE:
                raise ValueError(f"{name} is connected but has no class; choose one for {class_of(name)}")
        sized = {name: mask for name, mask in layers.items() if not host.is_placeholder(mask)}
        if label_map is not None:
            with advice():
                base = label_map.require(classes)
        elif sized:
            base = labels.uniform(next(iter(sized.values())), classes.find(taxonomy["base_class"]).id)
        else:
            reason = ": the masks are the empty ones that Load Image gives for pictures without transparency"
            raise ValueError(f"the size of the label map is unknown{reason if layers else ''}; connect a mask or a "
                             "label map")  # fmt: skip
        if note := host.resized_text(sized, base, next(iter(sized), "") if label_map is None else "label_map"):
            host.tell(cls.hidden.unique_id, note)
        ids = labels.lay(base, list(layers.values()), [classes.find(name).id for name in chosen.values()])
        return io.NodeOutput(labels.LabelMap(ids, classes.name))


class GauGANLabelMapToColors(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANLabelMapToColors",
            display_name="Label Map to Colors",
            category=CATEGORY,
            description="Shows a label map in the colours of its taxonomy, to preview or to save it. Label Map from "
            "Colors can read the picture again if it has no legend.",
            search_aliases=["labels to segmentation map", "show label map", "preview label map", "legend"],
            inputs=[
                LabelMap.Input("label_map", tooltip="The label map to show."),
                io.Boolean.Input(
                    "legend",
                    default=False,
                    tooltip="Adds a legend with the names of the classes on the right of the picture.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The label map in colours.")],
        )

    @classmethod
    def execute(cls, label_map, legend=False) -> io.NodeOutput:
        paint = labels.with_legend if legend else labels.encode
        return io.NodeOutput(host.from_bytes(paint(label_map.ids, labels.palette(label_map.taxonomy))))


class GauGANLabelMapToMask(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANLabelMapToMask",
            display_name="Label Map to Mask",
            category=CATEGORY,
            description="Selects the pixels of one class as a mask.",
            search_aliases=["select class", "class mask", "segment to mask", "extract label"],
            inputs=[
                LabelMap.Input("label_map", tooltip="The label map to select from."),
                io.DynamicCombo.Input(
                    "taxonomy",
                    options=[io.DynamicCombo.Option(name, [selected_class(name)]) for name in taxonomy_names()],
                    tooltip="The taxonomy of the label map. It must match.",
                ),
            ],
            outputs=[
                io.Mask.Output(display_name="mask", tooltip="White where the label map has the class, black elsewhere.")
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, taxonomy, **others):
        return taxonomy_state(taxonomy["taxonomy"])

    @classmethod
    def execute(cls, label_map, taxonomy) -> io.NodeOutput:
        classes = labels.taxonomy(taxonomy["taxonomy"])
        with advice():
            ids = label_map.require(classes)
        return io.NodeOutput(host.mask_from_bool(ids == classes.find(taxonomy["class"]).id))


class GauGANLabelMapRemap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANLabelMapRemap",
            display_name="Remap Label Map",
            category=CATEGORY,
            description="Translates a label map to the classes of another taxonomy. Each class becomes the one of the "
            "same name, or the closest one. The node can also replace single classes by others.",
            search_aliases=["convert label map", "change taxonomy", "replace class", "ade20k to coco"],
            inputs=[
                LabelMap.Input("label_map", tooltip="The label map to translate."),
                io.Combo.Input(
                    "taxonomy", options=taxonomy_names(), tooltip=f"The classes of the result. {TAXONOMY_TOOLTIP}"
                ),
                io.String.Input(
                    "replacements",
                    default="",
                    multiline=True,
                    placeholder="sea, river: water",
                    tooltip="Your own replacements, one per line, in the form 'old class: new class'. They override "
                    "the built-in translation. Separate several old classes by commas.",
                ),
            ],
            outputs=[LabelMap.Output(display_name="label_map", tooltip="The translated label map.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, taxonomy=None, **others):
        return taxonomy_state(taxonomy)

    @classmethod
    def execute(cls, label_map, taxonomy, replacements="") -> io.NodeOutput:
        chosen = labels.parse_replacements(replacements)
        ids, lost = labels.remap(label_map.ids, label_map.classes, labels.taxonomy(taxonomy), chosen)
        if lost:
            lost_text = labels.lost_text(lost, taxonomy)
            host.tell(cls.hidden.unique_id, f"'{label_map.taxonomy}' to '{taxonomy}'; {lost_text}")
        return io.NodeOutput(labels.LabelMap(ids, taxonomy, label_map.instances))


def label_picture(image: torch.Tensor, mask: torch.Tensor | None) -> labels.LabelPicture:
    """An IMAGE as a picture of labels. Pixels are transparent by their alpha, or where the MASK is white."""
    has_alpha = image.shape[-1] in (2, 4)
    pixels = host.to_model(image[..., :-1] if has_alpha else image, clamped=False)
    alpha = host.mask_to_model(image[..., -1], "image")[:, 0] if has_alpha else None
    masked = None if mask is None else host.mask_to_model(mask).cpu()
    if masked is not None and masked.any():
        if len(masked) not in (1, len(pixels)):
            raise ValueError(f"mask has {len(masked)} masks, but image has {len(pixels)} pictures; give one for each "
                             "picture, or a single one")  # fmt: skip
        opaque = 1 - F.interpolate(masked, pixels.shape[2:], mode="nearest")[:, 0].expand(len(pixels), -1, -1)
        alpha = opaque if alpha is None else torch.minimum(alpha.cpu(), opaque)
    return labels.LabelPicture.from_images(pixels, alpha)


def class_of(mask: str) -> str:
    """The name of the class widget of a mask: ``"class_3"`` for ``"mask_3"``."""
    return mask.replace("mask", "class")


def layer_classes(name: str) -> list[io.Combo.Input]:
    """The widgets of Label Map from Masks for a taxonomy: the base class, and one class for each mask."""
    names = labels.taxonomy(name).names
    base = io.Combo.Input(
        "base_class",
        options=names,
        default=labels.base_class(name),
        tooltip="The class of the pixels that no mask covers.",
    )
    layers = [
        io.Combo.Input(
            class_of(mask),
            options=[NONE, *names],
            default=NONE,
            tooltip=f"The class of {mask}. Choose one for every mask that is connected.",
        )
        for mask in MASKS
    ]
    return [base, *layers]


def selected_class(name: str) -> io.Combo.Input:
    """The class widget of Label Map to Mask for a taxonomy."""
    return io.Combo.Input("class", options=labels.taxonomy(name).names, tooltip="The class to select.")
