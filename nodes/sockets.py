"""The socket types of the pack, and the input that many nodes share."""

from comfy_api.latest import io

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
