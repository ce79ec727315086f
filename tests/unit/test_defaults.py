"""Results do not depend on the defaults that other code has set in PyTorch: dtype, device, autocast."""

from contextlib import contextmanager

import pytest
import torch

from gan_models.kernels import onednn, winograd
from gan_models.labels import jpeg
from gan_models.scenes import noise


@contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


SURROUNDINGS = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "meta": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
}
KEPT = {
    "trial of oneDNN": (onednn.works,),
    "transforms": (winograd._transforms,),
    "cosines": (jpeg._cosines,),
    "tables of JPEG": (jpeg._tables,),
    "noise of scenes": (noise._tile, torch.device("cpu")),
}


@pytest.fixture(params=SURROUNDINGS)
def surroundings(request):
    return SURROUNDINGS[request.param]


@pytest.mark.parametrize("kept", KEPT)
def test_what_is_kept_for_all_callers_is_not_the_first_ones(surroundings, kept):
    work, *arguments = KEPT[kept]
    work.cache_clear()
    wanted = work(*arguments)
    work.cache_clear()
    with surroundings():
        found = work(*arguments)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)
