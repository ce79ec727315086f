"""Settings to begin a GauGAN's training with."""

import dataclasses
from typing import Any

from ..labels import taxonomy
from .config import EncoderConfig, GeneratorConfig, NetConfig, Pix2PixHDConfig
from .discriminator import DiscriminatorConfig
from .training_config import TrainingConfig

PRESETS: dict[str, dict[str, Any]] = {
    "small": {
        "ngf": 16, "nhidden": 48, "z_dim": 32, "critics_ndf": 32, "encoder_ndf": 24, "encoder_layers": 5,
        "size": 128, "batch": 8, "steps": 6000, "color_weight": 20.0, "region_weight": 20.0, "latent_weight": 2.0,
        "style_weight": 0.005, "style_steps": 3000,
    },
    "paper": {},
}  # fmt: skip
"""What the presets change of the paper's settings. 'small' trains on a CPU in hours."""

GENERATORS: dict[str, type[GeneratorConfig] | type[Pix2PixHDConfig]] = {
    "spade": GeneratorConfig,
    "pix2pixhd": Pix2PixHDConfig,
}
"""The kinds of generators: the paper's, and the baseline that it compares with."""

LABELS = {"classes", "unknown", "instance_edges"}
TRAINING = {field.name for field in dataclasses.fields(TrainingConfig)} - {
    "taxonomy", "generator", "encoder", "critics"
}  # fmt: skip


def preset(name: str, taxonomy_name: str, generator: str = "spade", **changes: Any) -> TrainingConfig:
    """The settings of a preset for label maps of a taxonomy.

    Args:
        name: one of ``PRESETS``.
        generator: one of ``GENERATORS``.
        changes: as for ``changed``.
    Raises:
        ValueError: there is no such preset or taxonomy, or a value is not possible.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    known = taxonomy(taxonomy_name)
    # A net's channel for unknown pixels is its last; elsewhere "unknown" is a class like others.
    unknown = known.unknown_id == len(known) - 1
    net = GENERATORS[generator](len(known) - unknown, unknown=unknown)
    critics = DiscriminatorConfig(3 + net.semantic_nc)
    paper = TrainingConfig(taxonomy_name, net, EncoderConfig(), critics)
    values = {key: value for key, value in PRESETS[name].items() if key != "nhidden" or generator == "spade"}
    return changed(paper, **values | {key: value for key, value in changes.items() if value is not None})


def changed(config: TrainingConfig, **changes: Any) -> TrainingConfig:
    """The same settings with some others.

    Args:
        changes: attributes of ``TrainingConfig`` and of its generator's settings, and ``critics_ndf``, ``encoder_ndf``,
            ``encoder_layers``. None means no change. A ``z_dim`` of 0 leaves the encoder away.
    Raises:
        ValueError: a value is not possible, or there is no such setting.
    """
    given = {key: value for key, value in changes.items() if value is not None}
    encoder = config.encoder
    of_generator = {field.name for field in dataclasses.fields(config.generator)} - LABELS
    generator: NetConfig = dataclasses.replace(
        config.generator, **{key: given[key] for key in of_generator & given.keys()}
    )
    if generator.z_dim:
        changes_of_encoder = {"z_dim": generator.z_dim} | {
            key: given[f"encoder_{key}"] for key in ("ndf", "layers") if f"encoder_{key}" in given
        }
        encoder = dataclasses.replace(encoder or EncoderConfig(), **changes_of_encoder)
    critics = dataclasses.replace(config.critics, ndf=given.get("critics_ndf", config.critics.ndf))
    strange = given.keys() - of_generator - TRAINING - {"critics_ndf", "encoder_ndf", "encoder_layers"}
    if strange:
        raise ValueError(f"a training of this kind of net has no setting {sorted(strange)[0]!r}")
    return dataclasses.replace(
        config,
        generator=generator,
        encoder=encoder if generator.z_dim else None,
        critics=critics,
        **{key: given[key] for key in TRAINING & given.keys()},
    )
