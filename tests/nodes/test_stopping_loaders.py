"""The stop button ends a node that reads the file of a model, or label pictures."""

import comfy.model_management as model_management
import pytest
import torch


@pytest.mark.parametrize(
    ("node", "inputs"),
    [
        ("SinGANLoad", {"name": "singan-balloons"}),
        ("GauGANLoad", {"name": "gaugan-landscape"}),
        ("GauGANLabelMapFromPhoto", {"model": "segmentation-landscape", "image": torch.rand(1, 32, 32, 3)}),
        ("GauGANLabelMapFromColors", {"taxonomy": "landscape", "image": torch.zeros(2, 32, 32, 3)}),
    ],
)
def test_a_loader_stops(call, node, inputs):
    model_management.interrupt_current_processing()
    with pytest.raises(model_management.InterruptProcessingException):
        call(node, **inputs)
    assert not model_management.processing_interrupted()
    assert call(node, **inputs)
