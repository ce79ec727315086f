"""The core nodes that the example workflows use, with ComfyUI's ids, inputs and results."""

from ..api.node import ComfyNode
from .files import LoadImage, LoadImageMask, PreviewAny, PreviewImage, SaveAnimatedWEBP, SaveImage
from .images import (
    EmptyImage,
    ImageBatch,
    ImageCompositeMasked,
    ImageFromBatch,
    ImageScale,
    ImageScaleBy,
    RepeatImageBatch,
)
from .masks import (
    CropMask,
    FeatherMask,
    GrowMask,
    ImageToMask,
    InvertMask,
    MaskPreview,
    MaskToImage,
    SolidMask,
)
from .values import PrimitiveBoolean, PrimitiveFloat, PrimitiveInt, PrimitiveString, PrimitiveStringMultiline

CORE_NODES: dict[str, type[ComfyNode]] = {
    node_class.__name__: node_class
    for node_class in (
        LoadImage,
        LoadImageMask,
        SaveImage,
        SaveAnimatedWEBP,
        PreviewImage,
        PreviewAny,
        EmptyImage,
        ImageScale,
        ImageScaleBy,
        ImageBatch,
        ImageFromBatch,
        RepeatImageBatch,
        ImageCompositeMasked,
        MaskToImage,
        ImageToMask,
        InvertMask,
        SolidMask,
        GrowMask,
        CropMask,
        FeatherMask,
        MaskPreview,
        PrimitiveInt,
        PrimitiveFloat,
        PrimitiveString,
        PrimitiveStringMultiline,
        PrimitiveBoolean,
    )
}
