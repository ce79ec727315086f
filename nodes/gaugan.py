"""GauGAN models: load, choose a style, generate."""

from comfy_api.latest import io

from ..gan_models import gaugan, labels
from ..gan_models.gaugan.training.run import STATE
from ..gan_models.seeds import seeded
from ..gan_models.weights import Bundled, entries, resolve
from . import host
from .advice import advice
from .sockets import GauGANModel, LabelMap, Style, seed_input

CATEGORY = "GAN Atelier/GauGAN"
KIND = "gaugan"
ENTRIES = {entry.name: entry for entry in entries(KIND)}
AUTO, NONE = "auto", "none"
OFF, OVERALL, PER_CLASS = "off", "overall", "per class"
host.register_model_folder(KIND, ".pth")


class GauGANLoad(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        files = local_files()
        return io.Schema(
            node_id="GauGANLoad",
            display_name="Load GauGAN",
            category=CATEGORY,
            description="Loads a GauGAN (SPADE): a file in models/gaugan, or a model of the list, which is downloaded "
            "when this node first runs. A style encoder comes along if the file has one or lies beside it.",
            search_aliases=["spade loader", "open gaugan", "latest_net_G", "semantic image synthesis model"],
            inputs=[
                io.Combo.Input("name", options=offered(files), tooltip=name_tooltip()),
                io.Combo.Input(
                    "encoder",
                    options=[AUTO, NONE, *files],
                    advanced=True,
                    tooltip="File of the style encoder. auto: in the same file, or latest_net_E beside latest_net_G.",
                ),
                io.Combo.Input(
                    "taxonomy",
                    options=[AUTO, *labels.TAXONOMIES],
                    advanced=True,
                    tooltip="What the labels of the model mean. auto: as the file says, else by their number.",
                ),
                io.Int.Input(
                    "label_offset",
                    default=0,
                    min=-16,
                    max=16,
                    advanced=True,
                    tooltip="Added to every label id, for a model that was trained with shifted ids. -1 for one of "
                    "ADE20K that counts from wall = 0. 0: as the file says.",
                ),
                io.Combo.Input(
                    "upsampling",
                    options=[AUTO, *gaugan.UPSAMPLINGS],
                    advanced=True,
                    tooltip="How the model was trained, for files that don't tell: as the training option "
                    "num_upsampling_layers said. Wrong, it gives smears.",
                ),
            ],
            outputs=[GauGANModel.Output(display_name="model", tooltip="For the other GauGAN nodes.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, name, encoder=AUTO, taxonomy=AUTO, label_offset=0, upsampling=AUTO):
        # Files of the list never change (their hash is checked); others can be large, so their content isn't read.
        files = [host.model_path(KIND, file) for file in (name, encoder) if file not in (*ENTRIES, AUTO, NONE)]
        if name not in ENTRIES and encoder == AUTO and (beside := gaugan.encoder_beside(files[0])):
            files.append(beside)
        return [name, *((status.st_size, status.st_mtime_ns) for status in (file.stat() for file in files))]

    @classmethod
    def execute(cls, name, encoder=AUTO, taxonomy=AUTO, label_offset=0, upsampling=AUTO) -> io.NodeOutput:
        entry = ENTRIES.get(name)
        overrides = dict(entry.config) if entry else {}
        if upsampling != AUTO:
            overrides["upsampling"] = upsampling
        model = gaugan.open_synthesizer(
            fetched(entry, cls.hidden.unique_id) if entry else host.model_path(KIND, name),
            encoder=None if encoder in (AUTO, NONE) else host.model_path(KIND, encoder),
            without_encoder=encoder == NONE,
            taxonomy_name=taxonomy if taxonomy != AUTO else entry and entry.taxonomy,
            label_offset=label_offset or (entry.label_offset if entry else None),
            **overrides,
        )
        host.tell(cls.hidden.unique_id, model.summary)
        return io.NodeOutput(host.Held(model.to(host.inference_dtype())))


class GauGANEncodeStyle(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANEncodeStyle",
            display_name="GauGAN Encode Style",
            category=CATEGORY,
            description="Reads the style of a photo: its light, weather and colours. The model needs a style encoder.",
            search_aliases=["image to style", "style from photo", "netE", "style transfer"],
            inputs=[
                GauGANModel.Input("model", tooltip="A GauGAN with a style encoder."),
                io.Image.Input("image", tooltip="Any photo, of any size and shape. A batch gives a style for each."),
            ],
            outputs=[Style.Output(display_name="style", tooltip="For the same model.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, image) -> io.NodeOutput:
        with advice():
            return io.NodeOutput(read_style(model, image, host.progress_reporter(cls.hidden.unique_id)))


class GauGANRandomStyle(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANRandomStyle",
            display_name="GauGAN Random Style",
            category=CATEGORY,
            description="Styles by chance, of the kind that the model met in training.",
            search_aliases=["random look", "style noise", "latent vector", "z vector"],
            inputs=[
                GauGANModel.Input("model", tooltip="A GauGAN with a style."),
                seed_input("Another seed gives other styles."),
                io.Int.Input(
                    "count",
                    default=1,
                    min=1,
                    max=256,
                    tooltip="Number of styles. More with the same seed begin with the same ones.",
                ),
                io.Float.Input(
                    "spread",
                    default=1.0,
                    min=0.0,
                    max=3.0,
                    step=0.05,
                    tooltip="How unusual. 1: as in training. 0: the average style. Above 1: extremes.",
                ),
            ],
            outputs=[Style.Output(display_name="style", tooltip="For the same model.")],
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
            description="A style between two others, or a transition from one to the other in a number of frames.",
            search_aliases=["interpolate styles", "slerp", "blend styles", "style animation", "transition"],
            inputs=[
                Style.Input("style_a", tooltip="The style at weight 0, and the first frame."),
                Style.Input("style_b", tooltip="The style at weight 1, and the last frame. Of the same model."),
                io.Float.Input(
                    "weight",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How much of style_b. Counts when frames is 1.",
                ),
                io.Int.Input(
                    "frames",
                    default=1,
                    min=1,
                    max=1024,
                    tooltip="More than 1: a batch of so many styles from style_a to style_b, both included.",
                ),
            ],
            outputs=[Style.Output(display_name="style", tooltip="For the model of the two styles.")],
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
            description="Turns a label map into a picture, in a given style, in that of a photo, or in a random one. "
            "Another style for the same label map costs only a fraction of the first.",
            search_aliases=["spade", "semantic image synthesis", "segmentation to image", "label map to image"],
            inputs=[
                GauGANModel.Input("model", tooltip="From Load GauGAN."),
                LabelMap.Input("label_map", tooltip="What is where, in the classes of the model. Batches are kept."),
                seed_input(
                    "Seed for the style where neither style nor style_image gives one, and for the fine variation in "
                    "the pictures of models that add noise inside."
                ),
                io.Combo.Input(
                    "size",
                    options=list(gaugan.HOW_TO_FIT),
                    advanced=True,
                    tooltip="For a label map whose sides the model cannot make (it makes multiples of 32, 64 or 128). "
                    "resize: to the nearest that it can. pad: the border is repeated, and the picture cut back to "
                    "the label map's size. error: stop.",
                ),
                io.Combo.Input(
                    "color_match",
                    options=[OFF, OVERALL, PER_CLASS],
                    advanced=True,
                    tooltip="Gives the picture the colours of style_image afterwards, which works with every model. "
                    "overall: those of the whole picture. per class: sky as its sky, and so on, by style_label_map.",
                ),
                Style.Input("style", optional=True, tooltip="One for all, or one for each label map; or many for one."),
                io.Image.Input(
                    "style_image",
                    optional=True,
                    tooltip="A photo whose style is taken (by the model's encoder), or whose colours are (by "
                    "color_match), or both.",
                ),
                LabelMap.Input(
                    "style_label_map",
                    optional=True,
                    tooltip="What is where in style_image, for color_match per class.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The pictures.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls, model, label_map, seed, size="resize", color_match=OFF, style=None, style_image=None, style_label_map=None
    ) -> io.NodeOutput:
        net, report = model.model, host.progress_reporter(cls.hidden.unique_id)
        require_consistent(style, style_image, color_match, style_label_map)
        with advice():
            label_map.require(net.classes)
            style = style or chosen_style(model, len(label_map), seed, style_image, color_match, report)
            painting = net.generate(label_map, style, seed=seed, size=size, device=host.results_device(),
                                    make_room=model.placed, on_progress=report)  # fmt: skip
            images, notes = painting.images, notes_on(net, label_map, size, painting)
            if color_match != OFF:
                images, lost = recolored(net, painting, style_image, style_label_map)
                notes += lost
        if notes:
            host.tell(cls.hidden.unique_id, "; ".join(notes))
        return io.NodeOutput(host.to_comfy(images))


def local_files() -> list[str]:
    """The files in models/gaugan, without those that belong to the list and the states of training runs."""
    belonging = {entry.file_name for entry in (*ENTRIES.values(), *entries("vgg19"), *entries("efficientnet"))}
    files = host.model_files(KIND)
    states = {name for name in files if name.startswith(host.TRAINING) and name.endswith(STATE)}
    return [name for name in files if name not in belonging | states]


def offered(files: list[str]) -> list[str]:
    """What the loader lists: what ships with the pack, the user's files, then what can be downloaded."""
    bundled = [name for name, entry in ENTRIES.items() if isinstance(entry.source, Bundled)]
    return [*bundled, *files, *(name for name in ENTRIES if name not in bundled)]


def name_tooltip() -> str:
    """What the loader's list offers, with the licence of each model of ours."""
    lines = "\n".join(entry.description for entry in ENTRIES.values())
    return f"Names with an ending are files in models/gaugan (safetensors, or pth without code). The others:\n{lines}"


def fetched(entry, node_id: str | None):
    """The file of a model of the list, downloaded if no model folder has it."""
    report = host.progress_reporter(node_id)

    def on_progress(progress):
        host.show_text(node_id, progress.stage)
        report(progress)

    here = entry.file_name in host.model_files(KIND)
    folder = host.model_path(KIND, entry.file_name).parent if here else host.model_folder(KIND)
    return resolve(entry, folder, on_progress)


def read_style(model, image, report):
    """The styles of photos."""
    return model.model.read_style(host.to_model(image), make_room=model.placed, on_progress=report)


def chosen_style(model, count: int, seed: int, style_image, color_match: str, report):
    """The style of the photo, or random ones; None for a model without."""
    net = model.model
    if style_image is not None and (net.encoder is not None or color_match == OFF):
        return read_style(model, style_image, report)
    return gaugan.Style(net.random_styles(count, seeded(seed))) if net.generator.config.z_dim else None


def notes_on(net, label_map, size: str, painting) -> list[str]:
    """What the user should know about how a picture was painted."""
    notes = [] if net.generator.config.z_dim else ["this model has no style, so the seed changes nothing"]
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
    if color_match == PER_CLASS and style_label_map is None:
        raise ValueError("color_match 'per class' needs the label map of the style image; connect style_label_map")
    if color_match != PER_CLASS and style_label_map is not None:
        raise ValueError("style_label_map counts only for color_match 'per class'; set that, or disconnect it")


def recolored(net, painting, style_image, style_label_map):
    """The pictures in the colours of the photo, and what the user should know of it."""
    there = None if style_label_map is None else style_label_map.require(net.classes)
    photo = host.to_model(style_image)
    images, missing = gaugan.match_colors(painting.images, photo, painting.label_map.ids, there)
    names = labels.listed(net.classes.classes[label].name for label in missing)
    return images, [f"style_image has no {names}; there its overall colours count"] if missing else []


def size_text(size: tuple[int, int]) -> str:
    """Width and height in pixels."""
    return f"{size[1]}×{size[0]}"
