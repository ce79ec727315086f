"""What can be missing in a GauGAN. The nodes add what a user can do about it."""


class NoStyleError(ValueError):
    """The generator takes no style, but one was given or asked for."""


class NoEncoderError(ValueError):
    """The generator takes a style, but there is no style encoder to read one from a photograph."""


class StyleSizeError(ValueError):
    """A style is of another length than the generator takes."""
