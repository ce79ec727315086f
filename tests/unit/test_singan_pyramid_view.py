import pytest
import torch

from gan_models.seeds import seeded
from gan_models.singan import show_scales
from gan_models.singan.captions import BACKGROUND, GAP, captioned, sheet
from singan_toys import picture, trained


@pytest.mark.parametrize("width", [4, 56, 300, 1000])
def test_a_caption_stands_above_the_picture(width):
    image = picture(40, width).expand(2, -1, -1, -1)
    out = captioned(image, "scale 3")
    strip = out[:, :, :-40]
    assert torch.equal(out[:, :, -40:], image) and out.shape[-1] == width
    assert strip.shape[2] in range(16, 30)
    background = torch.tensor(BACKGROUND).view(1, 3, 1, 1) / 127.5 - 1
    assert ((strip - background).abs().amax(1) > 0.5).any()


def test_captions_differ():
    assert not torch.equal(captioned(picture(), "scale 1"), captioned(picture(), "scale 2"))


def test_a_sheet_has_rows_and_gaps():
    cells = [torch.full((1, 3, 10, 20), value) for value in (-1.0, 0.0, 1.0)]
    out = sheet(cells, 2)
    assert out.shape == (1, 3, 20 + GAP, 40 + GAP)
    assert out[0, 0, 0, 0] == -1 and out[0, 0, 0, 20 + GAP] == 0 and out[0, 0, 10 + GAP, 0] == 1
    assert (out[:, :, 10 + GAP :, 20 + GAP :] < -0.5).all()


def test_every_scale_is_shown_with_its_sample():
    model, seen = trained(), []
    out = show_scales(model, generator=seeded(1), on_progress=seen.append)
    height, width = out.shape[-2] + GAP, out.shape[-1] + GAP
    rows = -(-len(model.sizes) // 2)
    assert height % rows == 0 and width == 6 * (56 + GAP)
    assert [report.step for report in seen] == list(range(len(model.sizes) + 1))
    for scale in (0, 3):
        sample = model.sample(1, generator=seeded(1), start_scale=scale)
        bottom = (scale // 2 + 1) * (height // rows) - GAP
        right = (scale % 2) * (width // 2) + 3 * (56 + GAP) - GAP
        assert torch.equal(out[:, :, bottom - 44 : bottom, right - 56 : right], sample)
    assert torch.equal(out, show_scales(model, generator=seeded(1)))
