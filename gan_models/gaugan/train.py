"""Trains a GauGAN: ``python -m gan_models.gaugan.train --data FOLDER --taxonomy landscape --output RUN``.

FOLDER contains ``images/`` and ``labels/`` with files of the same names. It may also contain ``styles/`` with text
files that name the pictures' styles. ``--data scenes`` renders landscapes instead. The same command resumes the run in
RUN; settings without an option then keep their values. Ctrl-C ends training early and writes the model. Nothing is
saved if the style encoder still learns alone at that time.

Several GPUs can share a run: ``torchrun --nproc-per-node 4 -m gan_models.gaugan.train …``, and so can several machines.
With ``--max-restarts 3``, torchrun starts the processes again when one is lost, and the run resumes from its last saved
state. Each process trains on its share of every batch; all of them need the same options and data.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from ..distributed import PeerLostError, first_alone, joined, processes
from ..labels import AUTO, PALETTE_CHOICES, TAXONOMIES, offer_taxonomy
from ..progress import Progress
from .config import UPSAMPLINGS
from .training.config import TrainingConfig
from .training.features import find_features
from .training.finite import NotFiniteError
from .training.folder import unquoted
from .training.loop import STATE, Enough
from .training.pairs import FolderPairs, Pairs, RenderedPairs
from .training.perceptual import find_perceptual
from .training.presets import DISCRIMINATORS, FINE_TUNE, GENERATORS, PRESETS, changed, preset
from .training.run import train
from .training.state import read_config

SCENES = "scenes"
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
DOWNLOADS = Path(torch.hub.get_dir()) / "checkpoints"
LINE_SECONDS = 60.0
"""Seconds between lines of output if the output is not a terminal."""

DEFAULT_PRESET, DEFAULT_TAXONOMY, DEFAULT_GENERATOR = "small", "landscape", "spade"


SETTINGS: tuple[tuple[str, Callable[[str], float], str], ...] = (
    ("size", int, "width of the training pictures in pixels"),
    ("batch", int, "number of pictures per step, over all processes"),
    ("steps", int, "number of steps of the run; the learning rate falls to 0 over its second half"),
    ("style-steps", int, "steps at the beginning in which the style encoder alone learns to tell styles apart"),
    ("seed", int, "seed for the initial weights, the shuffling, the crops and the noise"),
    ("learning-rate", float, "base learning rate; see --generator-rate and --discriminator-rate"),
    ("init-gain", float, "gain of the Xavier initialization of the weights"),
    ("style-weight", float, "weight of the styles' divergence from the unit Gaussian"),
    ("feature-weight", float, "weight of feature matching"),
    ("color-weight", float, "weight of the difference of coarse colours"),
    ("region-weight", float, "weight of the difference of each class's mean colour and contrast"),
    ("perceptual-weight", float, "weight of the difference of an image classifier's features"),
    ("transfer-weight", float, "weight of the difference from the colours of the picture that gave the style"),
    ("grid-weight", float, "weight of waves with the periods of the generator's doublings"),
    ("transfers", float, "share of the batch that is generated in the style of another picture"),
    ("smallest-crop", float, "random crops take this share to all of a picture; 0 uses --margin instead"),
    ("largest-scale", float, "batches have random sizes, from --size to this many times --size"),
    ("color-jitter", float, "random variation of gamma, white balance and saturation; 0.2 is moderate"),
    ("class-jitter", float, "random variation of the colours of each class on its own; 0.1 is moderate"),
    ("warp", float, "smooth random displacements, relative to a picture's sides; 0.03 is moderate"),
    ("coarse-labels", float, "share of the label maps that get smooth outlines, as if drawn with a brush"),
    ("color-window", float, "share of the sides of the random window in which colours of classes are compared"),
    ("generator-rate", float, "factor of the learning rate for the generator and the style encoder"),
    ("discriminator-rate", float, "factor of the learning rate for the discriminators"),
    ("latent-weight", float, "weight of the difference between a picture's style and the style read from it"),
    ("decay", float, "share of its weights that the generator's EMA keeps in each step"),
    ("frozen-norm", float, "share of the steps, at the end, in which batch norm uses fixed statistics"),
    ("margin", float, "pictures are resized to this many times --size, then cropped"),
    ("ngf", int, "channels of the generator's last layers"),
    ("nhidden", int, "channels of SPADE's hidden layer"),
    ("z-dim", int, "length of the style vector; 0 gives a net without a style (only with --discriminators paper)"),
    ("crop-size", int, "picture width in pixels that the generator's start grid is made for"),
    ("overscan", int, "pixels that the model generates beyond each border of larger pictures and cuts off; "
     "if above 0, larger pictures are generated from coarse to fine"),
    ("aspect-ratio", float, "width divided by height of the pictures"),
    ("encoder-ndf", int, "channels of the style encoder's first layer"),
    ("encoder-layers", int, "number of convolutions of the style encoder"),
)
"""Options that override a number of the preset or of the run: name, type and help."""

OTHER_SETTINGS = ("discriminator_ndf", "upsampling", "flips", "even_style")
"""Overrides whose options are not plain numbers or have two names."""


def main(arguments: list[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    with joined(options.device) as device:
        try:
            config = _config(options)
            pairs = _pairs(options, config)
            folder = options.vgg19
            perceptual = first_alone(lambda: find_perceptual(folder, _say)) if folder is not None else None
            features = first_alone(lambda: find_features(config, options.features or DOWNLOADS))
            path = train(
                pairs,
                config,
                options.output,
                device=device,
                dtype=PRECISIONS[options.precision],
                perceptual=perceptual,
                features=features,
                minutes=options.minutes,
                data=f"{len(pairs)} rendered landscapes"
                if options.data == SCENES
                else unquoted(options.data).resolve().name,
                license=options.license,
                half=options.half,
                on_progress=_Console(),
                on_warning=_say,
                on_start=_say,
            )
        except (ValueError, OSError, NotFiniteError, PeerLostError) as error:
            parser.exit(1, f"{error}\n")
        except Enough:
            parser.exit(1, "stopped before the first step; nothing was saved\n")
        _say(f"wrote {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gan_models.gaugan.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", required=True, help=f"a folder with images/ and labels/, or '{SCENES}' for rendered landscapes")
    add("--output", type=Path, required=True, help="the folder of the run, which is resumed if it exists")
    add("--taxonomy", help=f"{', '.join(TAXONOMIES)}, or a JSON or CSV file with classes (default: {DEFAULT_TAXONOMY})")
    add("--palette", choices=PALETTE_CHOICES, default=AUTO, help="what the label maps show (default: %(default)s)")
    add("--offset", type=int, default=0, help="added to the numbers of label maps with ids (default: %(default)s)")
    presets = [name for name in PRESETS if name != FINE_TUNE]  # it needs a model, which no option gives
    add("--preset", choices=presets, help=f"the settings to start from (default: {DEFAULT_PRESET})")
    add("--discriminators", choices=DISCRIMINATORS, help="SPADE's discriminator, or small ones on frozen features")
    add("--generator", choices=GENERATORS, help="the architecture (default: spade); pix2pixhd is the paper's baseline")
    add("--minutes", type=float, help="the longest time to train, in minutes")
    for name, kind, text in SETTINGS:
        add(f"--{name}", type=kind, help=text)
    # The former name of the option is still accepted.
    add("--discriminator-ndf", "--critics-ndf", type=int, help="channels of the discriminator's first layer")
    add("--upsampling", choices=UPSAMPLINGS, help="doublings of the start grid: 5 (normal), 6 (more) or 7 (most)")
    add("--no-flips", dest="flips", action="store_const", const=False, help="do not mirror the pictures at random")
    add("--even-style", action="store_const", const=True, help="the style acts alike on all cells of the start grid")
    add("--scenes", type=int, default=4000, help="number of landscapes to render (default: %(default)s)")
    add("--features", type=Path, metavar="PATH", help="weights of EfficientNet-Lite0: the file, or a folder for it")
    add("--vgg19", type=Path, metavar="FOLDER", help="use the VGG19 loss, with weights from FOLDER or downloaded to it")
    add("--device", choices=("cpu", "cuda"), default="cuda" if torch.cuda.is_available() else "cpu")
    add("--precision", choices=PRECISIONS, default="float32", help="dtype of the convolutions (default: %(default)s)")
    add("--threads", type=int, help="number of CPU threads")
    add("--half", action="store_true", help="write the model in float16")
    add("--license", default="", help="licence of the weights, for the model's metadata")
    return parser


def _config(options: argparse.Namespace) -> TrainingConfig:
    names = [name.replace("-", "_") for name, _, _ in SETTINGS]
    overrides = {name: getattr(options, name) for name in (*names, *OTHER_SETTINGS)}
    taxonomy = options.taxonomy
    if taxonomy is not None and taxonomy not in TAXONOMIES:
        taxonomy = offer_taxonomy(unquoted(taxonomy))
    state = options.output / STATE
    if state.is_file() and options.preset is None:
        config = changed(read_config(state), **overrides)
        kind = GENERATORS[options.generator] if options.generator else type(config.generator)
        if not isinstance(config.generator, kind):
            raise ValueError(f"{STATE} has another kind of generator; start a new run for {options.generator}")
        return replace(config, taxonomy=taxonomy or config.taxonomy)
    return preset(
        options.preset or DEFAULT_PRESET,
        taxonomy or DEFAULT_TAXONOMY,
        options.generator or DEFAULT_GENERATOR,
        options.discriminators,
        **overrides,
    )


def _pairs(options: argparse.Namespace, config: TrainingConfig) -> Pairs:
    if options.data != SCENES:
        return FolderPairs(options.data, config.taxonomy, _say, options.palette, options.offset)
    if config.taxonomy != DEFAULT_TAXONOMY:
        raise ValueError(f"--data {SCENES} has the classes of '{DEFAULT_TAXONOMY}', not of '{config.taxonomy}'")
    return RenderedPairs.for_run(options.output, options.scenes, config)


class _Console:
    """Prints the progress. Ctrl-C ends training after the current step, a second Ctrl-C at once."""

    def __init__(self) -> None:
        self.pressed = False
        self.next_line = 0.0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._press)

    def _press(self, number: int, frame: object) -> None:
        self.pressed = True
        signal.signal(number, signal.SIG_DFL)

    def __call__(self, progress: Progress) -> None:
        line = f"{progress.stage} (of {progress.total})"
        if sys.stdout.isatty():
            print(f"\r\033[K{line}", end="", flush=True)
        elif time.monotonic() >= self.next_line:
            print(line, flush=True)
            self.next_line = time.monotonic() + LINE_SECONDS
        if self.pressed:
            raise Enough


def _say(text: str) -> None:
    if processes()[0] == 0:
        print(text, flush=True)


if __name__ == "__main__":
    main()
