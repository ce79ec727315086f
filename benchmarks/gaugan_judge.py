"""The judge: a small segmentation net that tells which class each pixel of a rendered landscape belongs to.

It looks at pictures at 128 pixels, and is trained with blur, noise and shifted colours, so that it goes by what
things look like and not by the last detail of their texture. Its pooled features stand in for a pretrained net's.

Trained for 1500 steps on 4453 scenes (11 minutes of one CPU core), it gets 74 % of the pixels of held-out pictures
right, and 75 % of those that it was trained on: more steps would help. What it takes for something else is mostly
cloud for sky, flowers for grass, one kind of water for another.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from gan_models.files import write_atomically
from gaugan_metrics import CLASSES, UNKNOWN

SIZE = 128
WIDTHS = (16, 32, 64, 128, 160)
BATCH = 16
LEARNING_RATE = 4e-3
ARCHITECTURE = "landscape judge"


class Judge(nn.Module):
    """A U-Net of 1.1 M parameters.

    Args of forward:
        image: ``[B, 3, 128, 128]`` in [-1, 1] (see ``shrink``).
    Returns:
        Logits of the known classes, ``[B, 18, 128, 128]``, and the means of the activations of all depths
        but the first, ``[B, 384]``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = _convolution(3, WIDTHS[0])
        self.down, self.narrow, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for fine, coarse in pairwise(WIDTHS):
            self.down.append(nn.Sequential(_convolution(fine, coarse, stride=2), _convolution(coarse, coarse)))
            self.narrow.append(nn.Conv2d(coarse, fine, 1))
            self.up.append(_convolution(2 * fine, fine))
        self.last = nn.Conv2d(WIDTHS[0], CLASSES - 1, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        passed = [self.first(image)]
        for down in self.down:
            passed.append(down(passed[-1]))
        features = torch.cat([x.mean((2, 3)) for x in passed[1:]], 1)
        x = passed.pop()
        for narrow, up in zip(reversed(self.narrow), reversed(self.up), strict=True):
            x = F.interpolate(narrow(x), scale_factor=2, mode="bilinear")
            x = up(torch.cat([x, passed.pop()], 1))
        return self.last(x), features

    @torch.no_grad()
    def look(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Class ids, int64 ``[B, 128, 128]``, and features, float32 ``[B, 384]``, of pictures ``[B, 3, H, W]``."""
        logits, features = self(shrink(image.to(self.last.weight)))
        return logits.argmax(1), features


def shrink(image: Tensor) -> Tensor:
    """Pictures of any size at 128 x 128, by area averaging."""
    return F.interpolate(image, (SIZE, SIZE), mode="area") if image.shape[-2:] != (SIZE, SIZE) else image


def shrink_labels(labels: Tensor) -> Tensor:
    """Label maps ``[B, H, W]`` at 128 x 128, by nearest neighbour."""
    return F.interpolate(labels[:, None].float(), (SIZE, SIZE), mode="nearest-exact")[:, 0].to(labels.dtype)


def train(
    images: Tensor, labels: Tensor, steps: int, seed: int = 0, on_step: Callable[[int, float], None] | None = None
) -> Judge:
    """A judge trained on pictures, uint8 ``[N, 3, 128, 128]``, and label maps, uint8 ``[N, 128, 128]``.

    It trains on the GPU if there is one and comes back on the CPU, in eval mode. ``on_step`` gets each step and its
    loss.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(seed)
    judge = Judge().to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(judge.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps, pct_start=0.15)
    order = torch.cat([torch.randperm(len(images)) for _ in range(-(-steps * BATCH // len(images)))])
    for step in range(steps):
        chosen = order[step * BATCH : (step + 1) * BATCH]
        batch, wanted = images[chosen].to(device).float() / 127.5 - 1, labels[chosen].to(device).long()
        if torch.rand(()) < 0.5:
            batch, wanted = batch.flip(-1), wanted.flip(-1)
        with torch.autocast(device, torch.bfloat16):
            logits, _ = judge(disturb(batch).contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits.float(), wanted, ignore_index=UNKNOWN)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if on_step:
            on_step(step, loss.item())
    return judge.cpu().eval().requires_grad_(False)


def disturb(image: Tensor) -> Tensor:
    """Pictures with mildly changed colours, blurred (half of the calls, sigma up to 1.2 pixels), with noise."""
    count, device = len(image), image.device
    gain = 1 + 0.12 * torch.randn(count, 1, 1, 1, device=device) + 0.05 * torch.randn(count, 3, 1, 1, device=device)
    grey = image.mean(1, keepdim=True)
    saturation = 1 + 0.2 * torch.randn(count, 1, 1, 1, device=device)
    image = torch.lerp(grey, image, saturation) * gain + 0.06 * torch.randn(count, 1, 1, 1, device=device)
    if torch.rand(()) < 0.5:
        image = _blur(image, 0.3 + 0.9 * float(torch.rand(())))
    strength = 0.08 * torch.rand(count, 1, 1, 1, device=device).square()
    return image + strength * torch.randn_like(image)


def read_scenes(folder: Path) -> tuple[Tensor, Tensor]:
    """The data set that ``python -m gan_models.scenes`` wrote, at 128 x 128: pictures and label maps, as for ``train``.

    Raises:
        FileNotFoundError: the folder holds no pair of a picture and its label map.
    """
    pairs = [(path, folder / "labels" / f"{path.stem}.png") for path in sorted(folder.glob("images/*.[jp][pn]g"))]
    pairs = [pair for pair in pairs if pair[1].is_file()]
    if not pairs:
        raise FileNotFoundError(f"{folder} holds no images/*.jpg with labels/*.png; write some with "
                                "python -m gan_models.scenes")  # fmt: skip
    images = torch.empty(len(pairs), 3, SIZE, SIZE, dtype=torch.uint8)
    labels = torch.empty(len(pairs), SIZE, SIZE, dtype=torch.uint8)
    for index, (picture, ids) in enumerate(pairs):
        with Image.open(picture) as file:
            small = file.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BOX)
        images[index] = torch.from_numpy(np.array(small)).permute(2, 0, 1)
        with Image.open(ids) as file:
            labels[index] = torch.from_numpy(np.array(file.resize((SIZE, SIZE), Image.Resampling.NEAREST)))
    return images, labels


def save(path: Path, judge: Judge, facts: dict[str, object]) -> None:
    """Write a judge to a safetensors file; ``facts`` of its training go into the metadata."""
    metadata = {"architecture": ARCHITECTURE, "training": json.dumps(facts)}
    write_atomically(path, to_bytes({name: value.contiguous() for name, value in judge.state_dict().items()}, metadata))


def load(path: Path) -> Judge:
    """Read a judge, in eval mode.

    Raises:
        ValueError: the file holds something else.
    """
    with safe_open(path, framework="pt") as file:
        if (file.metadata() or {}).get("architecture") != ARCHITECTURE:
            raise ValueError(f"{path.name} holds no {ARCHITECTURE}; name a file that does not exist to train one")
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    judge = Judge()
    judge.load_state_dict(state)
    return judge.eval().requires_grad_(False)


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def _blur(image: Tensor, sigma: float) -> Tensor:
    offsets = torch.arange(-3.0, 4, device=image.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = (weights / weights.sum()).repeat(3, 1, 1, 1)
    padded = F.pad(image, (3, 3, 3, 3), mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel, groups=3), kernel.mT, groups=3)
