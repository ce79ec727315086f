"""The node that harmonizes pasted objects."""

import copy
import hashlib
from collections import OrderedDict

import torch
from comfy_api.latest import io

from ..gan_models import singan
from ..gan_models.seeds import seeded
from . import host
from .singan import placed
from .singan_editing import TRAINING_MEMORY, all_scales_input, injected, start_scale_input
from .sockets import SinGANModel, seed_input

MOST_STEPS = 5000
MOST_KEPT = 4
_fine_tuned: OrderedDict[str, singan.SinGAN] = OrderedDict()
"""The latest fine-tuned models by the content that they depend on, on the CPU."""


class SinGANHarmonize(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SinGANHarmonize",
            display_name="Harmonize with SinGAN",
            category="GAN Atelier/SinGAN",
            description="Blends a pasted object into the training picture by giving it the picture's colours and "
            "textures. Everything outside the mask remains unchanged. Models that were trained with the purpose "
            "harmonize give the best results.",
            search_aliases=["blend", "composite", "paste", "match style", "harmonization"],
            inputs=[
                SinGANModel.Input(
                    "model",
                    tooltip="A SinGAN, trained on the picture without the object, preferably with the purpose "
                    "harmonize.",
                ),
                io.Image.Input("image", tooltip="The training picture with the object pasted in, at any resolution."),
                io.Mask.Input("mask", tooltip="White where the object is. Edges may be soft; any resolution works."),
                start_scale_input(
                    0,
                    "The scale at which the picture is injected. Lower values change more: 1 rebuilds the object from "
                    "shapes of the training picture; the last scale changes only fine texture. 0 chooses the lowest "
                    "scale at which the object keeps its edges and has the colours of the training picture.",
                ),
                seed_input("Seed for the noise, which varies the details."),
                all_scales_input(),
                io.Int.Input(
                    "fine_tune",
                    optional=True,
                    default=0,
                    min=0,
                    max=MOST_STEPS,
                    tooltip="Number of steps for which a copy of the model is trained further on this very picture, so "
                    "that the object follows the training picture more closely; 100 to 300 are good values. Too many "
                    "dissolve the object. Requires a model with the purpose harmonize. 0 is off.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The blended picture at the training size.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, image, mask, start_scale, seed, all_scales=False, fine_tune=0) -> io.NodeOutput:
        node_id = cls.hidden.unique_id
        picture, mask = host.to_model(image), host.mask_to_model(mask)
        net = placed(model, TRAINING_MEMORY if fine_tune else 0)
        if fine_tune:
            net = fine_tuned(net, picture, mask, fine_tune, node_id)
        injection = singan.Harmonization(net, picture, mask, seeded(seed))
        note = host.resized_text({"mask": mask}, picture, "image")
        return io.NodeOutput(injected(injection, start_scale, all_scales, node_id, note=note))


def fine_tuned(net: singan.SinGAN, picture: torch.Tensor, mask: torch.Tensor, steps: int, node_id: str | None):
    """``singan.fine_tuned``, with the latest results kept: the same content is not trained on again."""
    if not net.config.harmonizes:
        raise ValueError("fine_tune needs a model that was trained to harmonize; choose the purpose harmonize in Train "
                         "SinGAN, or set fine_tune to 0")  # fmt: skip
    key = content(*net.state_dict().values(), picture, mask, torch.tensor(steps))
    if key not in _fine_tuned:
        # The noise's seed plays no part, so that other seeds need no other training.
        harmonization = singan.Harmonization(net, picture, mask, seeded(0))
        trained = singan.fine_tuned(
            harmonization, steps, dtype=host.training_dtype(), on_progress=host.progress_reporter(node_id)
        )
        # A copy, as the scales that were not trained are the model's own, which ComfyUI moves.
        _fine_tuned[key] = copy.deepcopy(trained).cpu()
    _fine_tuned.move_to_end(key)
    while len(_fine_tuned) > MOST_KEPT:
        _fine_tuned.popitem(last=False)
    return _fine_tuned[key].to(host.device())


def content(*tensors: torch.Tensor) -> str:
    """A digest of the values of tensors."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(repr((tuple(tensor.shape), tensor.dtype)).encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
