"""Our half of the workflows that go on with Stable Diffusion, which cannot run here."""

import json

import pytest
import torch
from example_workflows import DIFFUSION, feeding, only

import headless


@pytest.fixture
def ours(run, nodes):
    """``ours(name, kind, input)``: runs the nodes that exist here and returns what a node of Stable Diffusion gets."""

    def start(name, kind, entry):
        (path,) = (path for path in DIFFUSION if path.stem == name)
        workflow = json.loads(path.read_text(encoding="utf-8"))
        prompt = headless.parse_workflow(only(workflow, nodes), nodes).prompt
        return run(prompt), feeding(workflow, kind, entry)

    return start


def test_the_control_net_gets_the_exact_colors_of_ade20k(ours, pack):
    labels = pack.gan_models.labels
    result, (painter, slot) = ours("paint_for_controlnet", "ControlNetApplyAdvanced", "image")
    image, label_map = result.value(painter, slot), result.value(painter, 0)
    colors = torch.tensor([entry.color for entry in labels.taxonomy("ade20k").classes], dtype=torch.uint8)
    levels = image * 255
    assert torch.equal(levels, levels.round()) and image.shape == (1, 512, 512, 3)
    assert torch.equal(colors[label_map.ids.long()], levels.to(torch.uint8))
    assert label_map.taxonomy == "ade20k" and len(label_map.classes.present(label_map.ids)) > 5
    assert (label_map.ids != label_map.classes.unknown_id).all()  # a ControlNet would take black for a thing


def test_image_to_image_gets_an_enlarged_picture(ours):
    result, source = ours("gaugan_refine_with_diffusion", "VAEEncode", "pixels")
    image = result.value(*source)
    assert image.shape[0] == 1 and image.shape[2] == 768 and image.shape[1] % 8 == 0
    assert 0 <= image.min() and image.max() <= 1 and image.std() > 0.05


@pytest.mark.parametrize("path", DIFFUSION, ids=lambda path: path.stem)
def test_without_comfyui_they_are_refused_with_a_sentence(nodes, path):
    with pytest.raises(headless.WorkflowError, match="run this workflow in ComfyUI"):
        headless.read_workflow(path, nodes)
