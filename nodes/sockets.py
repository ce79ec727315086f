"""The socket types of the pack, and the inputs that several nodes share."""

from comfy_api.latest import io

from ..gan_models import labels

SinGANModel = io.Custom("SINGAN_MODEL")
"""Carries a ``host.ManagedModel`` with a ``gan_models.singan.SinGAN``."""

GauGANModel = io.Custom("GAUGAN_MODEL")
"""Carries a ``host.ManagedModel`` with a ``gan_models.gaugan.Synthesizer``."""

Style = io.Custom("GAUGAN_STYLE")
"""Carries a ``gan_models.gaugan.Style``."""

LabelMap = io.Custom("LABEL_MAP")
"""Carries a ``gan_models.labels.LabelMap``."""


def seed_input(tooltip: str, control: bool | io.ControlAfterGenerate = True) -> io.Int.Input:
    """A seed widget with ComfyUI's range. ``control``: what happens to it after a run, unless the user chooses."""
    return io.Int.Input("seed", default=0, min=0, max=2**64 - 1, control_after_generate=control, tooltip=tooltip)


def palette_input(**options: bool) -> io.Combo.Input:
    """The widget that says what label pictures show."""
    return io.Combo.Input(
        "palette",
        options=list(labels.PALETTE_CHOICES),
        tooltip="What a label picture shows. auto finds out: it takes a grey picture for ids where that explains it "
        "better, and otherwise chooses the palette that matches the most pixels. ade20k_oneformer has the colours that "
        "the OneFormer preprocessor has used since 2025. ids: grey levels are ids of the taxonomy. ade20k_ids_from_0: "
        "grey levels are ADE20K classes, counted from 0. cityscapes_train_ids: grey levels are the 19 train ids of "
        "Cityscapes.",
        **options,
    )


def offset_input() -> io.Int.Input:
    """The widget that shifts the ids of label pictures."""
    return io.Int.Input(
        "offset",
        default=0,
        min=-255,
        max=255,
        optional=True,
        advanced=True,
        tooltip="A number that is added to every grey level before it is read as an id: 1 if your data set counts from "
        "0 and the taxonomy from 1, -1 if it is the other way round. The level 255 and negative results are unknown. "
        "It does not change colours.",
    )
