import comfy.model_management as memory
import pytest
import torch
from comfy.model_patcher import CoreModelPatcher, ModelPatcher
from comfy.utils import ProgressBar, common_upscale, repeat_to_batch_size, set_progress_bar_global_hook
from torch import nn

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def clean():
    yield
    memory.interrupt_current_processing(False)
    memory.unload_all_models()
    memory.set_torch_device(None)
    set_progress_bar_global_hook(None)


def test_progress_reaches_the_hook_with_the_preview():
    seen = []
    set_progress_bar_global_hook(lambda *told, node_id: seen.append((*told, node_id)))
    bar = ProgressBar(10, node_id="7")
    bar.update(3)
    bar.update_absolute(99, preview="picture")
    bar.update_absolute(1, total=2)
    assert seen == [(3, 10, None, "7"), (10, 10, "picture", "7"), (1, 2, None, "7")]


def test_a_progress_update_raises_once_after_a_stop_was_asked_for():
    bar = ProgressBar(10)
    memory.interrupt_current_processing()
    assert memory.processing_interrupted()
    with pytest.raises(memory.InterruptProcessingException):
        bar.update(1)
    assert not memory.processing_interrupted()
    bar.update(1)
    assert bar.current == 1


def test_a_stop_is_not_an_ordinary_exception():
    assert not issubclass(memory.InterruptProcessingException, Exception)


def test_a_patcher_holds_the_model_and_where_it_goes():
    model = nn.Linear(4, 2)
    patcher = CoreModelPatcher(model, load_device=CPU, offload_device=CPU)
    assert patcher.model is model
    assert patcher.load_device == patcher.current_loaded_device() == CPU
    assert patcher.model_size() == 4 * (4 * 2 + 2)
    clone = patcher.clone()
    assert isinstance(clone, ModelPatcher) and clone is not patcher and clone.is_clone(patcher)


def test_loading_moves_the_model_and_freeing_memory_moves_it_back():
    meta = torch.device("meta")
    patcher = ModelPatcher(nn.Linear(4, 2), load_device=meta, offload_device=meta)
    patcher.offload_device = CPU  # meta tensors cannot be moved back, and only the bookkeeping is tested
    memory.load_models_gpu([patcher], memory_required=1, force_full_load=True)
    assert patcher.model.weight.device == patcher.model.device == meta
    patcher.offload_device = meta
    memory.free_memory(1e9, CPU)
    assert patcher in memory._loaded
    memory.free_memory(1e9, meta)
    assert patcher not in memory._loaded


def test_half_precision_is_not_for_the_cpu():
    memory.set_torch_device("cpu")
    assert memory.get_torch_device() == CPU
    assert not memory.should_use_fp16() and not memory.should_use_bf16(CPU)


def test_out_of_memory_is_torchs_own():
    assert issubclass(memory.OOM_EXCEPTION, RuntimeError)


@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"])
@pytest.mark.parametrize("channels", [1, 3])
def test_resizing_keeps_a_flat_picture_flat(method, channels):
    resized = common_upscale(torch.full((2, channels, 6, 8), 0.2), 5, 7, method, "disabled")
    assert resized.shape == (2, channels, 7, 5)
    assert torch.allclose(resized, torch.tensor(0.2), atol=1e-6)


def test_center_crop_cuts_the_longer_side_evenly():
    columns = torch.arange(8.0).expand(1, 1, 4, 8)
    assert common_upscale(columns, 4, 4, "bilinear", "center")[0, 0, 0].tolist() == [2, 3, 4, 5]


def test_a_batch_is_cut_or_repeated():
    batch = torch.arange(3.0)
    assert repeat_to_batch_size(batch, 2).tolist() == [0, 1]
    assert repeat_to_batch_size(batch, 7).tolist() == [0, 1, 2, 0, 1, 2, 0]
