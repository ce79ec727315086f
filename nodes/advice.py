"""What a user can do about an error of ``gan_models``, in the words of the nodes."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..gan_models import gaugan, labels, segmentation

ADVICE: dict[type[ValueError], str] = {
    labels.OtherTaxonomyError: "put Remap Label Map in between",
    labels.UnknownColorsError: "if the file has ids behind a palette of its own, the image has only the colours of "
                               "that palette: load the file into Paint Label Map, or save the ids as a grey PNG",
    gaugan.NoStyleError: "disconnect the style; to give the picture a photo's colours, connect the photo to "
                         "style_image of GauGAN Generate and set color_match",
    gaugan.NoEncoderError: "use GauGAN Random Style, or choose an encoder file (latest_net_E) in Load GauGAN",
    gaugan.StyleSizeError: "make the style with the same model",
    segmentation.MissingTransformersError: "install or update it (pip install -U transformers)",
    segmentation.MissingNamesError: "write the names of its classes there, or set taxonomy to numbered",
    segmentation.NothingMatchesError: "choose another taxonomy; numbered takes any classes",
}  # fmt: skip


@contextmanager
def advice() -> Iterator[None]:
    """Add to the errors of ``gan_models`` what a user can do about them."""
    try:
        yield
    except tuple(ADVICE) as error:
        raise type(error)(f"{error}; {ADVICE[type(error)]}") from error
