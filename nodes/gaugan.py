"""GauGAN: choose a style, generate."""

from comfy_api.latest import io

from ..gan_models import gaugan, labels
from ..gan_models.seeds import seeded
from . import host
from .advice import advice
from .sockets import GauGANModel, LabelMap, Style, seed_input

CATEGORY = "GAN Atelier/GauGAN"
OFF, OVERALL, PER_CLASS, SOFT = "off", "overall", "per class", "per class, soft"


class GauGANEncodeStyle(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANEncodeStyle",
            display_name="GauGAN Encode Style",
            category=CATEGORY,
            description="Reads the style of a photo: its lighting, weather and colours. The model needs a style "
            "encoder.",
            search_aliases=["image to style", "style from photo", "netE", "style transfer"],
            inputs=[
                GauGANModel.Input("model", tooltip="A GauGAN with a style encoder."),
                io.Image.Input(
                    "image",
                    tooltip="A photo of any size and shape. A batch gives one style for each photo.",
                ),
            ],
            outputs=[Style.Output(display_name="style", tooltip="The styles, for use with the same model.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, image) -> io.NodeOutput:
        with advice():
            return io.NodeOutput(read_style(model, host.to_model(image), host.progress_reporter(cls.hidden.unique_id)))


class GauGANRandomStyle(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANRandomStyle",
            display_name="GauGAN Random Style",
            category=CATEGORY,
            description="Draws random styles like those that the model saw in training.",
            search_aliases=["random look", "style noise", "latent vector", "z vector"],
            inputs=[
                GauGANModel.Input("model", tooltip="A GauGAN with a style."),
                seed_input("Seed for the random styles."),
                io.Int.Input(
                    "count",
                    default=1,
                    min=1,
                    max=256,
                    tooltip="Number of styles. A larger count with the same seed starts with the same styles.",
                ),
                io.Float.Input(
                    "spread",
                    default=1.0,
                    min=0.0,
                    max=3.0,
                    step=0.05,
                    tooltip="How far the styles are from the average one. 0: the average style. 1: as in training. "
                    "Above 1: extremes.",
                ),
            ],
            outputs=[Style.Output(display_name="style", tooltip="The styles, for use with the same model.")],
        )

    @classmethod
    def execute(cls, model, seed, count=1, spread=1.0) -> io.NodeOutput:
        with advice():
            return io.NodeOutput(gaugan.Style(model.model.random_styles(count, seeded(seed), spread)))


class GauGANMixStyles(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANMixStyles",
            display_name="GauGAN Mix Styles",
            category=CATEGORY,
            description="Mixes two styles, or makes a transition from one to the other in a number of frames.",
            search_aliases=["interpolate styles", "slerp", "blend styles", "style animation", "transition"],
            inputs=[
                Style.Input("style_a", tooltip="The style at weight 0, and the first frame."),
                Style.Input(
                    "style_b",
                    tooltip="The style at weight 1, and the last frame. It must come from the same model.",
                ),
                io.Float.Input(
                    "weight",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Share of style_b, from 0 to 1. Used only when frames is 1.",
                ),
                io.Int.Input(
                    "frames",
                    default=1,
                    min=1,
                    max=1024,
                    tooltip="Number of styles from style_a to style_b, both included. 1: a single style, mixed by "
                    "weight.",
                ),
            ],
            outputs=[Style.Output(display_name="style", tooltip="The styles, for use with the same model.")],
        )

    @classmethod
    def execute(cls, style_a, style_b, weight=0.5, frames=1) -> io.NodeOutput:
        if frames == 1:
            return io.NodeOutput(gaugan.Style(gaugan.mix_styles(style_a.z, style_b.z, weight)))
        return io.NodeOutput(gaugan.Style(gaugan.transition(style_a.z, style_b.z, frames)))


class GauGANGenerate(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANGenerate",
            display_name="GauGAN Generate",
            category=CATEGORY,
            description="Paints a picture of a label map in a given style, in the style of a photo, or in a random "
            "style. Further styles for the same label map take only a fraction of the time of the first.",
            search_aliases=["spade", "semantic image synthesis", "segmentation to image", "label map to image"],
            inputs=[
                GauGANModel.Input("model", tooltip="The GauGAN to paint with."),
                LabelMap.Input(
                    "label_map",
                    tooltip="The label map, in the classes of the model. A batch gives one picture for each.",
                ),
                seed_input(
                    "Seed for the random style if neither style nor style_image is connected, and for the noise that "
                    "some models add for fine variation."
                ),
                io.Combo.Input(
                    "size",
                    options=list(gaugan.HOW_TO_FIT),
                    advanced=True,
                    tooltip="What to do if the sides of the label map are not multiples of the model's stride (32, "
                    "64 or 128 pixels). resize: use the nearest multiples. pad: repeat the border, and cut the "
                    "picture back to the label map's size. error: stop.",
                ),
                io.Combo.Input(
                    "color_match",
                    options=[OFF, OVERALL, PER_CLASS, SOFT],
                    tooltip="Gives the finished picture the colours of style_image; this works with every model. "
                    "overall: match the colours of the whole picture. per class: match each class separately, sky to "
                    "sky and so on, with style_label_map. per class, soft: the same for photos of other scenes; "
                    "classes that the photo lacks get the colours of its sky or ground, and borders stay soft.",
                ),
                Style.Input(
                    "style",
                    optional=True,
                    tooltip="One style for all label maps, one for each, or several for a single label map.",
                ),
                io.Image.Input(
                    "style_image",
                    optional=True,
                    tooltip="A photo. The model's encoder reads its style, color_match takes its colours, or both.",
                ),
                LabelMap.Input(
                    "style_label_map",
                    optional=True,
                    tooltip="The label map of style_image, for color_match per class, soft or not. Label Map from "
                    "Photo makes one.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The painted pictures.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls, model, label_map, seed, size="resize", color_match=OFF, style=None, style_image=None, style_label_map=None
    ) -> io.NodeOutput:
        net, report = model.model, host.progress_reporter(cls.hidden.unique_id)
        require_consistent(style, style_image, color_match, style_label_map)
        photos = None if style_image is None else host.to_model(style_image, "style_image")
        with advice():
            label_map.require(net.classes)
            style = style or chosen_style(model, len(label_map), seed, photos, color_match, report)
            painting = net.generate(label_map, style, seed=seed, size=size, device=host.results_device(),
                                    make_room=model.placed, on_progress=report)  # fmt: skip
            images, notes = painting.images, notes_on(net, label_map, size, painting)
            if color_match != OFF:
                images, lost = recolored(net, painting, photos, style_label_map, color_match)
                notes += lost
        if notes:
            host.tell(cls.hidden.unique_id, "; ".join(notes))
        return io.NodeOutput(host.to_comfy(images))


def read_style(model, photos, report):
    """The styles of photos ``[B, 3, H, W]``."""
    return model.model.read_style(photos, make_room=model.placed, on_progress=report)


def chosen_style(model, count: int, seed: int, photos, color_match: str, report):
    """The styles of photos ``[B, 3, H, W]``, or random ones if there are none; None for a model without a style."""
    net = model.model
    if photos is not None and (net.encoder is not None or color_match == OFF):
        return read_style(model, photos, report)
    return gaugan.Style(net.random_styles(count, seeded(seed))) if net.generator.config.z_dim else None


def notes_on(net, label_map, size: str, painting) -> list[str]:
    """What the user should know about how a picture was painted."""
    notes = [] if net.generator.config.varies else ["this model has no style, so the seed changes nothing"]
    if painting.painted_size != label_map.size:
        notes.append(f"{size}: label map {size_text(label_map.size)}, model {size_text(painting.painted_size)}")
    return notes


def require_consistent(style, style_image, color_match: str, style_label_map) -> None:
    """Refuse inputs that contradict each other or would have no effect."""
    if style is not None and style_image is not None and color_match == OFF:
        raise ValueError("style and style_image both give a style; disconnect one, or set color_match, which lets "
                         "style_image give the colours only")  # fmt: skip
    if color_match != OFF and style_image is None:
        raise ValueError(f"color_match is '{color_match}', but no style_image is connected to take the colours from")
    by_label_map = color_match in (PER_CLASS, SOFT)
    if by_label_map and style_label_map is None:
        raise ValueError(f"color_match '{color_match}' needs the label map of the style image; connect style_label_map")
    if style_label_map is not None and not by_label_map:
        raise ValueError(f"style_label_map is used only with color_match '{PER_CLASS}' or '{SOFT}'; set one "
                         "of these, or disconnect style_label_map")  # fmt: skip


def recolored(net, painting, photos, style_label_map, color_match: str):
    """The pictures in the colours of photos ``[B, 3, H, W]``, and what the user should know of it."""
    there = None if style_label_map is None else style_label_map.require(net.classes)
    images, ids = painting.images, painting.label_map.ids
    if color_match == SOFT:
        images, missing = gaugan.match_colors_softly(images, photos, ids, there, net.classes.sky)
        return images, [f"style_image has no {name}; the picture's is as the model painted it" for name in missing]
    images, missing = gaugan.match_colors(images, photos, ids, there)
    names = labels.listed(net.classes.classes[label].name for label in missing)
    return images, [f"style_image has no {names}; its overall colours are used there"] if missing else []


def size_text(size: tuple[int, int]) -> str:
    """Width and height in pixels."""
    return f"{size[1]}×{size[0]}"
