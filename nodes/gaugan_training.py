"""Training a GauGAN on pictures with label maps, from the beginning or from a model."""

from comfy_api.latest import io

from ..gan_models import gaugan, labels
from ..gan_models.gaugan.training.features import find_features
from ..gan_models.gaugan.training.perceptual import find_perceptual
from ..gan_models.gaugan.training.presets import DISCRIMINATORS, GENERATORS, PRESETS
from ..gan_models.gaugan.training.run import train
from . import host
from .gaugan import CATEGORY
from .gaugan_files import KIND
from .gaugan_training_data import (
    CONNECTED,
    FOLDER,
    RENDERED,
    configure,
    connected_pairs,
    described,
    folder_pairs,
    networks_of,
    rendered_pairs,
    require_use,
    training_folder,
)
from .sockets import GauGANModel, LabelMap, offset_input, palette_input, seed_input
from .taxonomies import taxonomy_names, taxonomy_state

AUTO = "auto"
MEMORY = 6 << 30


class GauGANTrain(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANTrain",
            display_name="Train GauGAN",
            category=CATEGORY,
            description="Trains a GauGAN to turn label maps into pictures: on a folder of pictures with their label "
            "maps, on connected pictures and label maps, or on landscapes that the pack renders. With a connected "
            "model, training starts from that model. You can stop at any time: the progress is saved, and the next run "
            "with the same name resumes from there.",
            search_aliases=["train spade", "semantic image synthesis training", "learn from label maps", "fit gaugan",
                            "fine-tune gaugan", "single image gaugan"],
            is_input_list=True,
            inputs=[
                io.Combo.Input(
                    "data",
                    options=[FOLDER, RENDERED, CONNECTED],
                    tooltip="What to train on. folder: your own pictures and label maps. rendered landscapes: 2000 "
                    "scenes in the classes of 'landscape', which the pack renders while it trains. connected pictures: "
                    "what is connected to images and label_maps.",
                ),
                io.String.Input(
                    "folder",
                    default="",
                    tooltip="A folder with images/ and labels/, whose files have the same names. Give a full path or a "
                    "path inside ComfyUI's input folder. Label maps hold ids (grey PNG) or a taxonomy's colours. "
                    "Endings that data sets add to names, such as _labels or _mask, are ignored. Text files in styles/ "
                    "may name the pictures' styles; the style encoder then learns to tell them apart first.",
                ),
                io.Combo.Input(
                    "taxonomy",
                    options=taxonomy_names(),
                    tooltip="What the ids or colours of the label maps mean.",
                ),
                io.String.Input(
                    "name",
                    default="my_gaugan",
                    tooltip="Name of the run, which is saved in models/gaugan/training. A run with the same name "
                    "resumes it.",
                ),
                io.Combo.Input(
                    "preset",
                    options=list(PRESETS),
                    default="small",
                    tooltip="The settings to start from. small: 128 pixels and a small net, which learns from a few "
                    "hundred photographs on a CPU in an hour or more. paper: 256 pixels and the paper's net, which "
                    "takes days on a large GPU. fine-tune: adapts the connected model to one or a few pictures in ten "
                    "minutes on a CPU.",
                ),
                io.Float.Input(
                    "minutes",
                    default=30.0,
                    min=0.0,
                    max=20000.0,
                    step=1.0,
                    tooltip="Longest time to train, in minutes. To train for longer, change the number and queue "
                    "again. 0 trains until all steps are done.",
                ),
                seed_input(
                    "Seed for the initial weights, the shuffling and the noise. The same seed, data and settings give "
                    "the same model.",
                    io.ControlAfterGenerate.fixed,
                ),
                io.Int.Input(
                    "size",
                    default=0,
                    min=0,
                    max=1024,
                    step=32,
                    advanced=True,
                    tooltip="Side of the training pictures in pixels, a multiple of 32. 0 uses the preset's value, or "
                    "the size that a connected model was trained at.",
                ),
                io.Int.Input(
                    "batch",
                    default=0,
                    min=0,
                    max=256,
                    advanced=True,
                    tooltip="Number of pictures per step. Fewer pictures need less memory. 0 uses the preset's value.",
                ),
                io.Int.Input(
                    "steps",
                    default=0,
                    min=0,
                    max=10_000_000,
                    advanced=True,
                    tooltip="Number of steps of the whole run. The learning rate falls to zero over its second half. 0 "
                    "uses the preset's value.",
                ),
                io.Float.Input(
                    "learning_rate",
                    default=0.0,
                    min=0.0,
                    max=0.1,
                    step=0.00001,
                    round=0.000001,
                    advanced=True,
                    tooltip="Base learning rate. The discriminators train at twice this rate, the generator at half of "
                    "it (at the full rate with projected discriminators). 0 uses the preset's value: 0.0001 for "
                    "fine-tune, otherwise the paper's 0.0002.",
                ),
                io.Boolean.Input(
                    "flips",
                    default=True,
                    advanced=True,
                    tooltip="Mirror pictures at random. Switch this off where left and right differ, as in pictures "
                    "with writing.",
                ),
                io.Combo.Input(
                    "generator",
                    options=list(GENERATORS),
                    advanced=True,
                    tooltip="The architecture of the generator. spade: the paper's net. pix2pixhd: the baseline that "
                    "the paper compares it with.",
                ),
                io.Boolean.Input(
                    "perceptual",
                    default=False,
                    advanced=True,
                    tooltip="Also compare pictures by VGG19's features, as the paper does. The pictures become "
                    "sharper, but training is slow on a CPU. The weights (575 MB, BSD-3-Clause) are downloaded into "
                    "models/gaugan at the first use.",
                ),
                io.Combo.Input(
                    "discriminators",
                    options=[AUTO, *DISCRIMINATORS],
                    optional=True,
                    advanced=True,
                    tooltip="The nets that judge the pictures. projected: small nets on the frozen features of an "
                    "image classifier, EfficientNet-Lite0, which learn from a few hundred photographs; its weights (19 "
                    "MB, Apache-2.0) are downloaded into models/gaugan at the first use. paper: SPADE's discriminator, "
                    "which needs no download. auto: paper for the preset paper, projected for the other presets.",
                ),
                palette_input(optional=True, advanced=True),
                offset_input(),
                io.Image.Input(
                    "images",
                    optional=True,
                    tooltip="Pictures to train on, if data is 'connected pictures': a batch, or a list of pictures of "
                    "different sizes.",
                ),
                LabelMap.Input(
                    "label_maps",
                    optional=True,
                    tooltip="The label maps of the connected pictures, one for each and of the same size, for example "
                    "from Label Map from Photo.",
                ),
                GauGANModel.Input(
                    "model",
                    optional=True,
                    tooltip="A model to start from, which keeps its architecture. The preset fine-tune needs one. It "
                    "is used only for a new run, because a run that is resumed has its own weights.",
                ),
            ],
            outputs=[GauGANModel.Output(display_name="model", tooltip="The model, for the other GauGAN nodes.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    @host.takes_lists()
    def fingerprint_inputs(cls, data=None, folder=None, taxonomy=None, **others):
        classes = taxonomy_state(taxonomy)
        if data not in (FOLDER, None) or not folder:  # a folder that is linked is not known yet
            return [classes]
        parts = ("images", "labels", "styles")
        return [classes, *(host.digest_of_folder(training_folder(folder) / part) for part in parts)]

    @classmethod
    @host.takes_lists("images", "label_maps")
    def execute(
        cls, data, folder, taxonomy, name, preset, minutes, seed, size=0, batch=0, steps=0, learning_rate=0.0,
        flips=True, generator="spade", perceptual=False, discriminators=AUTO, palette=labels.AUTO, offset=0,
        images=None, label_maps=None, model=None,
    ) -> io.NodeOutput:  # fmt: skip
        require_use(data, images=images, label_maps=label_maps)
        run = host.training_folder(KIND, name)
        start = model.model if model is not None else None
        config = configure(
            preset,
            taxonomy,
            generator,
            None if discriminators == AUTO else discriminators,
            start,
            seed=seed,
            size=size,
            batch=batch,
            steps=steps,
            learning_rate=learning_rate,
            flips=flips,
        )
        warn = warner(cls.hidden.unique_id)
        report = host.progress_reporter(cls.hidden.unique_id, stages=True)
        sources = {"model": start.digest} if start is not None else {}
        if data == CONNECTED:
            pairs = connected_pairs(images, label_maps, config)
            sources["pictures"] = pairs.digest
        elif data == RENDERED:
            pairs = rendered_pairs(config, run)
        else:
            pairs = folder_pairs(folder, config, warn, palette, offset)
        host.free_memory(MEMORY)
        with host.stoppable():
            file = train(
                pairs,
                config,
                run,
                device=host.device(),
                dtype=host.training_dtype(),
                perceptual=find_perceptual(host.model_folder(KIND), warn, report) if perceptual else None,
                features=find_features(config, host.model_folder(KIND), report),
                minutes=minutes or None,
                data=described(data, pairs, folder),
                on_progress=report,
                on_warning=warn,
                on_start=warn,
                start=networks_of(start),
                sources=sources,
            )
            trained = gaugan.open_synthesizer(file)
        host.tell(cls.hidden.unique_id, f"{trained.trained}; {trained.summary}")
        return io.NodeOutput(host.ManagedModel(trained.to(host.inference_dtype())))


def warner(node_id: str | None):
    """An ``on_warning`` that shows the warning on the node and in the log."""
    return lambda text: host.tell(node_id, text)
