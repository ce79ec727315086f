"""Settings from which a GauGAN training run starts."""

import dataclasses
from typing import Any

from ...labels import taxonomy
from ..config import EncoderConfig, GeneratorConfig, NetConfig, Pix2PixHDConfig
from ..networks.discriminator import DiscriminatorConfig
from ..networks.projected import ProjectedConfig
from .config import TrainingConfig

PAPER, PROJECTED = "paper", "projected"
FINE_TUNE = "fine-tune"

DISCRIMINATORS: dict[str, dict[str, Any]] = {
    PAPER: {},
    PROJECTED: {
        "noise": True, "style_blocks": True, "encoder_colors": True, "init_gain": 1.0, "generator_rate": 1.0,
        "beta": 0.99, "feature_weight": 0.0, "perceptual_weight": 2.0, "style_weight": 0.01, "region_weight": 4.0,
        "transfer_weight": 4.0, "transfers": 0.375, "grid_weight": 0.5, "smallest_crop": 0.5,
    },
}  # fmt: skip
"""The kinds of discriminators, the paper's and those on frozen features, with the settings that each kind changes."""

TUNING: dict[str, Any] = {
    "batch": 4, "steps": 400, "learning_rate": 1e-4, "smallest_crop": 0.4, "warp": 0.02, "color_jitter": 0.05,
    "decay": 0.99, "frozen_norm": 1.0, "frozen_blocks": 3, "train_encoder": False,
}  # fmt: skip
"""Few small steps and strong augmentation. The statistics, the first blocks and the style encoder stay as they are."""

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "small": {
        PAPER: {
            "ngf": 16, "nhidden": 48, "z_dim": 32, "discriminator_ndf": 32, "encoder_ndf": 24, "encoder_layers": 5,
            "size": 128, "batch": 8, "steps": 6000, "color_weight": 20.0, "region_weight": 20.0, "latent_weight": 2.0,
            "style_weight": 0.005, "style_steps": 3000,
        },
        PROJECTED: {
            "ngf": 20, "nhidden": 48, "z_dim": 64, "encoder_ndf": 24, "encoder_layers": 5, "crop_size": 128,
            "size": 128, "batch": 8, "steps": 6000, "decay": 0.998, "overscan": 64,
        },
    },
    "paper": {PAPER: {}, PROJECTED: {}},
    FINE_TUNE: {
        PAPER: TUNING | {"discriminator_ndf": 32, "region_weight": 4.0},
        PROJECTED: TUNING,
    },
}  # fmt: skip
"""The settings that each preset changes for each kind of discriminators. "small" trains on a CPU in hours, and
"fine-tune" adapts a trained model to a few pictures in minutes."""

DEFAULTS = {"small": PROJECTED, "paper": PAPER, FINE_TUNE: PROJECTED}
"""The default discriminators of each preset."""

GENERATORS: dict[str, type[GeneratorConfig] | type[Pix2PixHDConfig]] = {
    "spade": GeneratorConfig,
    "pix2pixhd": Pix2PixHDConfig,
}
"""The kinds of generators: the paper's, and the baseline that the paper compares it with."""

SPADE_ONLY = {"overscan"} | {field.name for field in dataclasses.fields(GeneratorConfig)} - {
    field.name for field in dataclasses.fields(Pix2PixHDConfig)
}  # fmt: skip
"""Settings of presets that the baseline does not get."""
LABELS = {"classes", "unknown", "instance_edges"}
TRAINING = {field.name for field in dataclasses.fields(TrainingConfig)} - {
    "taxonomy", "generator", "encoder", "discriminator"
}  # fmt: skip


def preset(
    name: str, taxonomy_name: str, generator: str = "spade", discriminators: str | None = None, **changes: Any
) -> TrainingConfig:
    """The settings of a preset for label maps of a taxonomy.

    Args:
        name: one of ``PRESETS``.
        generator: one of ``GENERATORS``.
        discriminators: one of ``DISCRIMINATORS``; None means the default of the preset.
        changes: as for ``changed``.
    Raises:
        ValueError: there is no such preset or taxonomy, the preset needs a model, or a value is not valid.
    """
    if name == FINE_TUNE:
        raise ValueError(f"the preset '{FINE_TUNE}' needs a trained model to start from; give one, or choose another "
                         "preset")  # fmt: skip
    known = taxonomy(taxonomy_name)
    # The net's channel for unknown pixels is its last one. At any other id, "unknown" is an ordinary class.
    unknown = known.unknown_id == len(known) - 1
    net = GENERATORS[generator](len(known) - unknown, unknown=unknown)
    kind, values = _settings(name, discriminators)
    paper = TrainingConfig(taxonomy_name, net, EncoderConfig(), _discriminator(kind, net))
    values = {key: value for key, value in values.items() if key not in SPADE_ONLY or generator == "spade"}
    return changed(paper, **values | {key: value for key, value in changes.items() if value is not None})


def preset_of_model(
    name: str,
    taxonomy_name: str,
    net: NetConfig,
    encoder: EncoderConfig | None,
    size: int,
    discriminators: str | None = None,
    **changes: Any,
) -> TrainingConfig:
    """The settings of a preset for a run that starts from a trained model and keeps its architecture.

    Args:
        name, discriminators: as for ``preset``.
        net, encoder: the architectures of the model's networks.
        size: width of the training pictures in pixels.
        changes: attributes of ``TrainingConfig``. None means no change.
    Raises:
        ValueError: there is no such preset, or a value is not valid.
    """
    kind, values = _settings(name, discriminators)
    encoder = dataclasses.replace(encoder, seen=0) if encoder else None
    start = TrainingConfig(taxonomy_name, net, encoder, _discriminator(kind, net), size=size)
    of_run = {key: value for key, value in values.items() if key in TRAINING | {"discriminator_ndf"} and key != "size"}
    return changed(start, **of_run | {key: value for key, value in changes.items() if value is not None})


def _settings(name: str, discriminators: str | None) -> tuple[str, dict[str, Any]]:
    """The kind of discriminators, and all settings that it and the preset change."""
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    kind = discriminators or DEFAULTS[name]
    if kind not in DISCRIMINATORS:
        raise ValueError(f"there are no discriminators {kind!r}; there are {', '.join(DISCRIMINATORS)}")
    return kind, DISCRIMINATORS[kind] | PRESETS[name][kind]


def _discriminator(kind: str, net: NetConfig) -> DiscriminatorConfig | ProjectedConfig:
    return DiscriminatorConfig(3 + net.semantic_nc) if kind == PAPER else ProjectedConfig(net.semantic_nc)


def changed(config: TrainingConfig, **changes: Any) -> TrainingConfig:
    """A copy of the settings with some changes.

    Args:
        changes: attributes of ``TrainingConfig`` and of its generator's settings, and ``discriminator_ndf``,
            ``encoder_ndf``, ``encoder_layers``, ``encoder_colors``. None means no change. A ``z_dim`` of 0 means no
            encoder.
    Raises:
        ValueError: a value is not valid, or there is no such setting.
    """
    overrides = {key: value for key, value in changes.items() if value is not None}
    encoder = config.encoder
    of_generator = {field.name for field in dataclasses.fields(config.generator)} - LABELS
    generator: NetConfig = dataclasses.replace(
        config.generator, **{key: overrides[key] for key in of_generator & overrides.keys()}
    )
    if generator.z_dim:
        changes_of_encoder = {"z_dim": generator.z_dim} | {
            key: overrides[f"encoder_{key}"] for key in ("ndf", "layers", "colors") if f"encoder_{key}" in overrides
        }
        encoder = dataclasses.replace(encoder or EncoderConfig(), **changes_of_encoder)
    ndf = overrides.get("discriminator_ndf", config.discriminator.ndf)
    of_others = {"discriminator_ndf", "encoder_ndf", "encoder_layers", "encoder_colors"}
    strange = overrides.keys() - of_generator - TRAINING - of_others
    if strange:
        raise ValueError(f"training this kind of net has no setting {sorted(strange)[0]!r}")
    return dataclasses.replace(
        config,
        generator=generator,
        encoder=encoder if generator.z_dim else None,
        discriminator=dataclasses.replace(config.discriminator, ndf=ndf),
        **{key: overrides[key] for key in TRAINING & overrides.keys()},
    )
