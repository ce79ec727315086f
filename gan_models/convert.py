"""Turns released checkpoints into one safetensors file.

GauGAN: python -m gan_models.convert IN.pth OUT.safetensors. SinGAN: python -m gan_models.convert FOLDER OUT.safetensors
"""

import argparse
from pathlib import Path

from .gaugan.checkpoint import load_encoder, load_generator, normalize, save
from .gaugan.config import UPSAMPLINGS
from .gaugan.detection import is_encoder
from .singan import checkpoint as singan_checkpoint
from .singan.released import FILES, load_released
from .state_dict import read_state_dict

GAUGAN_ONLY = ("encoder", "crop_size", "aspect_ratio", "upsampling", "taxonomy")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m gan_models.convert", description=__doc__)
    help_text = f"latest_net_G.pth or any other supported generator, or the folder of a SinGAN with {', '.join(FILES)}"
    parser.add_argument("generator", type=Path, help=help_text)
    parser.add_argument("output", type=Path, help="the safetensors file to write")
    parser.add_argument("--encoder", type=Path, help="latest_net_E.pth, the style encoder of the generator")
    parser.add_argument("--crop-size", type=int, help="width of the training pictures, in pixels")
    parser.add_argument("--aspect-ratio", type=float, help="width divided by height of the training pictures")
    upsampling_help = "the upsampling mode; tensor shapes cannot tell 'normal' from 'more'"
    parser.add_argument("--upsampling", choices=UPSAMPLINGS, help=upsampling_help)
    parser.add_argument("--taxonomy", help="the name of the label taxonomy, written to the metadata")
    parser.add_argument("--license", help="the licence of the weights, written to the metadata")
    args = parser.parse_args(arguments)
    if args.output.suffix != ".safetensors":
        parser.error(f"the name of the output must end in .safetensors, but it is {args.output.name}")
    try:
        if args.generator.is_dir():
            _convert_singan(parser, args)
            return
        tensors = normalize(read_state_dict(args.generator)[0])
        overrides = {"crop_size": args.crop_size, "aspect_ratio": args.aspect_ratio, "upsampling": args.upsampling}
        generator = load_generator(tensors, **overrides)
        if args.encoder:
            tensors = read_state_dict(args.encoder)[0]
        encoder = load_encoder(tensors) if args.encoder or is_encoder(tensors) else None
    except (ValueError, FileNotFoundError) as error:
        parser.exit(1, f"{error}\n")
    metadata = {name: value for name in ("taxonomy", "license") if (value := getattr(args, name))}
    save(args.output, generator, encoder, metadata)
    print(f"{args.output.name}: {generator.config}" + (f", {encoder.config}" if encoder else ""))


def _convert_singan(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    overrides = [name for name in GAUGAN_ONLY if getattr(args, name) is not None]
    if overrides:
        option = overrides[0].replace("_", "-")
        parser.error(f"--{option} applies to GauGAN models only, but {args.generator.name} is the folder of a SinGAN")
    model = load_released(args.generator)
    singan_checkpoint.save(model, args.output, licence=args.license or singan_checkpoint.LICENCE)
    print(f"{args.output.name}: a SinGAN of {len(model.sizes)} scales, {model.size[1]}x{model.size[0]} pixels")


if __name__ == "__main__":
    main()
