"""Every node that takes a seed uses all 64 bits of it."""

import pytest
import torch

import gaugan_toys
import headless
from gan_models import gaugan
from singan_toys import picture, trained

SEEDS = (7, 7 + 2**32, 7 + 2**63)
"""Seeds that are equal modulo 2**32."""


@pytest.fixture
def inputs(pack, call, comfy_folders):
    """Inputs, apart from the seed, of every node that takes one and does not train."""
    generator = gaugan_toys.generator(gaugan_toys.config(**gaugan_toys.LANDSCAPE, noise=True))
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if "noise" in name:
                parameter.fill_(1)
    path = comfy_folders / "models" / "gaugan" / "small.safetensors"
    gaugan.save(path, generator, None, {"taxonomy": "landscape"})
    painter = call("GauGANLoad", name="small.safetensors")[0]
    style = pack.gan_models.gaugan.Style(torch.zeros(1, 6))
    label_map = pack.gan_models.labels.LabelMap(torch.zeros(1, 64, 64, dtype=torch.uint8), "landscape")
    model = {"model": pack.nodes.host.ManagedModel(trained())}
    image = (picture(44, 56).movedim(1, -1) + 1) / 2
    injection = model | {"image": image, "start_scale": 2}
    masked = injection | {"mask": torch.ones(1, 44, 56)}
    return {
        "GauGANRandomStyle": {"model": painter},
        "GauGANGenerate": {"model": painter, "label_map": label_map, "style": style},
        "SinGANSample": model,
        "SinGANHarmonize": masked,
        "SinGANEdit": masked,
        "SinGANPaintToImage": injection,
        "SinGANSuperResolve": model | {"factor": 2.0},
        "SinGANAnimate": model | {"frames": 3},
        "SinGANScales": model,
    }


def test_seeds_that_are_equal_modulo_2_to_32_give_different_results(pack, call, inputs):
    seeded = {
        node_id
        for node_id, node_class in headless.pack_nodes(pack).items()
        if any(entry.id == "seed" for entry in node_class.GET_SCHEMA().inputs)
    }
    assert seeded == {*inputs, "GauGANTrain", "SinGANTrain"}
    for node_id, given in inputs.items():
        values = [call(node_id, **given, seed=seed)[0] for seed in SEEDS]
        first, *others = (getattr(value, "z", value) for value in values)
        assert not any(torch.equal(first, other) for other in others), node_id
