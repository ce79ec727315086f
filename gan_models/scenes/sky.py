"""The sky: a graded dome, the sun or the moon, and sunlit clouds."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .layout import View
from .lighting import Lighting, vector
from .noise import Noise, blur, smoothstep


def cloud_field(view: View, noise: Noise, cover: float) -> Tensor:
    """The density of clouds, 0..1, ``[H, W]``: heaps or high veils that cover a share of about ``cover`` of the sky."""
    slope, across = view.slopes(), view.across()
    near = 1 / (slope.clamp(min=0) + 0.16)
    x, y = (across * near).expand(view.height, -1), (3.2 * torch.log(near)).expand(-1, view.width)
    scale = 0.75 + 0.5 * (noise.seed % 7) / 7
    if noise.seed % 4 == 3:
        warp = noise.fractal(0.6 * x, 0.6 * y, "warp", 3)
        shape = noise.fractal(0.5 * x + warp, 2.2 * y + 1.2 * warp + 0.8 * x, "veil", 6, 0.6)
        soft = 0.9
    else:
        shape = noise.fractal(scale * x, 1.5 * scale * y, "heap", 3) + 0.42 * noise.puffs(3 * x, 3.6 * y, "puff", 4)
        soft = 0.5
    seen = shape[(slope > 0).expand_as(shape)]
    if cover <= 0 or not len(seen):
        return torch.zeros_like(shape)
    threshold = float(seen.sort().values[min(int((1 - cover) * len(seen)), len(seen) - 1)])
    return smoothstep(threshold - 0.4 * soft, threshold + soft, shape) * smoothstep(0.005, 0.05, slope)


def render_sky(view: View, lighting: Lighting, noise: Noise, clouds: Tensor) -> Tensor:
    """The sky with its clouds in linear light, ``[3, H, W]``. Below the horizon, it continues as at the horizon."""
    slope, across = view.slopes().clamp(min=0), view.across()
    length = (1 + slope.square() + across.square()).sqrt()
    sx, sy, sz = lighting.direction()
    facing = ((across * sx + slope * sy + sz) / length).clamp(0, 1)
    dome = _dome(slope / length, facing, lighting)
    dome = _veil(dome, slope, across, lighting, noise)
    if lighting.elevation < 30 and lighting.overcast < 0.3:
        radius = 0.018 if lighting.name != "moonlight" else 0.024
        disc = smoothstep(math.cos(radius * 1.3), math.cos(radius * 0.9), facing)
        dome = dome + disc * _broadcast(lighting.glow, dome) * (3.0 if lighting.name != "moonlight" else 1.6)
    density, lit = _shade_clouds(view, lighting, noise, clouds)
    backlight = facing**6 * (1 - density)
    colour = torch.lerp(_broadcast(lighting.cloud_shade, dome), _broadcast(lighting.cloud, dome), lit)
    colour = colour + backlight * 0.6 * _broadcast(lighting.glow, dome)
    far = torch.exp(-slope * 9).expand_as(density) * 0.55
    colour = torch.lerp(colour, dome, far)
    return torch.lerp(dome, colour, density)


def _dome(elevation: Tensor, facing: Tensor, lighting: Lighting) -> Tensor:
    middle = 1 - torch.exp(-5.5 * elevation)
    edge, half_way = _broadcast(lighting.horizon, facing), _broadcast(lighting.middle, facing)
    sky = torch.lerp(edge, half_way, middle.expand_as(facing))
    up = (elevation / 0.62).clamp(0, 1) ** 1.25
    sky = torch.lerp(sky, _broadcast(lighting.overhead, facing), up.expand_as(facing))
    low = math.exp(-lighting.elevation / 25)
    glow = 0.55 * facing**5 * torch.exp(-3 * elevation) * (0.25 + low) + 0.4 * facing**40 + 0.5 * facing**400
    return sky + glow * 0.8 * _broadcast(lighting.glow, facing)


def _veil(dome: Tensor, slope: Tensor, across: Tensor, lighting: Lighting, noise: Noise) -> Tensor:
    """Adds grey clouds without borders to an overcast sky, and faint high clouds to any other."""
    near = 1 / (slope + 0.12)
    x, y = (across * near).expand(dome.shape[1:]), (1.5 * near).expand(dome.shape[1:])
    if lighting.overcast > 0:
        folds = noise.fractal(0.5 * x, 0.5 * y, "folds", 5, 0.55)
        share = smoothstep(-0.5, 0.6, folds)
        grey = torch.lerp(_broadcast(lighting.cloud_shade, dome), _broadcast(lighting.horizon, dome), share)
        return torch.lerp(dome, grey, lighting.overcast * 0.8 * smoothstep(0.0, 0.25, slope).expand_as(share))
    streaks = smoothstep(-0.1, 1.0, noise.fractal(0.35 * x + 0.3 * y, 0.9 * y - 0.5 * x, "cirrus", 5, 0.6))
    return torch.lerp(dome, _broadcast(lighting.cloud, dome), 0.22 * streaks * smoothstep(0.02, 0.25, slope))


def _shade_clouds(view: View, lighting: Lighting, noise: Noise, clouds: Tensor) -> tuple[Tensor, Tensor]:
    """Opacity and sunlight, both 0..1, ``[H, W]``: density is taken as depth, and shadows extend away from the sun."""
    sx, sy, sz = lighting.direction()
    ahead = max(sz, 0.25)
    sun_x, sun_y = sx / ahead * view.focal, view.horizon - sy / ahead * view.focal
    rows = torch.arange(view.height, dtype=torch.float32)[:, None].expand_as(clouds)
    columns = torch.arange(view.width, dtype=torch.float32)[None].expand_as(clouds)
    to_x, to_y = sun_x + view.width / 2 - columns, sun_y - rows
    length = (to_x.square() + to_y.square()).sqrt().clamp(min=1)
    step = max(view.height, view.width) * 0.011
    to_x, to_y = to_x / length * step * 2 / view.width, to_y / length * step * 2 / view.height
    grid = torch.stack([(columns + 0.5) * 2 / view.width - 1, (rows + 0.5) * 2 / view.height - 1], -1)
    shadow = torch.zeros_like(clouds)
    thick = clouds[None, None]
    toward = torch.stack([to_x, to_y], -1)
    for reach in (1.0, 2.2, 4.0, 7.0):
        shadow += F.grid_sample(thick, (grid + toward * reach)[None], padding_mode="border", align_corners=False)[0, 0]
    direct = torch.exp(-0.62 * (shadow - 1.1 * clouds).clamp(min=0))
    relief = clouds - blur(clouds, max(view.height, view.width) * 0.012)
    lit = (0.15 + 0.95 * direct + 0.9 * relief - 0.18 * clouds).clamp(0, 1)
    return smoothstep(0.0, 0.72, clouds) * 0.97, lit


def _broadcast(color: tuple[float, float, float], like: Tensor) -> Tensor:
    return vector(color, like)[:, :, None].expand(3, *like.shape[-2:])
