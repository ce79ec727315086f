"""Any semantic or universal segmentation model of ``transformers`` as a segmenter."""

import importlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..labels import NUMBERED, Taxonomy
from ..progress import OnProgress
from .checkpoint import MissingNamesError, OtherCheckpointError, class_names, open_network, placeholders, read_config
from .names import Matching, match
from .preparation import Preparation, read_preparation
from .scores import best, from_logits, instances, of_queries, share
from .segmenter import Segmentation, one_by_one

FIXED_SIZE = ("beit", "data2vec-vision", "eomt", "eomt_dinov3")
"""Nets whose position embeddings belong to one size."""
TRIAL = 64
"""The side of the picture that shows whether missing weights are used."""
TASK = "panoptic"
"""OneFormer's task. It finds the classes as well as the objects."""


class TransformersSegmenter:
    """A segmentation model of ``transformers``.

    Attributes:
        taxonomy: the taxonomy of the ids that it gives.
        classes: the number of the model's own classes.
        unmatched: the names of its classes that the taxonomy does not have. Their pixels become unknown.
    """

    def __init__(self, network: Any, preparation: Preparation, matching: Matching, task: Tensor | None):
        self.taxonomy: Taxonomy = matching.taxonomy
        self.classes = len(matching.ids)
        self.unmatched = matching.unmatched
        self._network = network
        self._preparation = preparation
        self._ids = torch.tensor(matching.ids, device=network.device)
        self._task = {} if task is None else {"task_inputs": task.to(network.device)}

    @torch.no_grad()
    def segment(self, images: Tensor, on_progress: OnProgress | None = None) -> Segmentation:
        """As ``Segmenter.segment``. Objects are found by nets that find masks, such as Mask2Former."""
        parts = [self._segment(image.to(self._network.device, torch.float32))
                 for image in one_by_one(images, on_progress)]  # fmt: skip
        ids, confidence, objects = zip(*parts, strict=True)
        known = [each for each in objects if each is not None]
        return Segmentation(torch.stack(ids), torch.stack(confidence), torch.stack(known) if known else None)

    def _segment(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        size, classes, unknown = (image.shape[2], image.shape[3]), len(self.taxonomy), self.taxonomy.unknown_id
        output = self._network(pixel_values=self._preparation(image), **self._task)
        if "logits" in output and "pred_masks" not in output:
            ids, confidence = best(output["logits"][0], size, from_logits(self._ids, classes))
            return ids.to(torch.uint8), confidence, None
        detr = "pred_masks" in output
        class_logits = output["logits" if detr else "class_queries_logits"][0]
        masks = output["pred_masks" if detr else "masks_queries_logits"][0].sigmoid()
        ids, confidence = best(of_queries(class_logits, masks, self._ids, classes, unknown), size, share)
        objects = instances(class_logits, masks, self._ids, unknown, ids)
        return ids.to(torch.uint8), confidence, objects


def open_transformers_segmenter(
    folder: str | Path, device: torch.device, taxonomy_name: str | None = None
) -> TransformersSegmenter:  # fmt: skip
    """Open a segmentation checkpoint, as ``save_pretrained`` writes it and the Hugging Face Hub has it.

    Args:
        folder: a folder with ``config.json``, ``preprocessor_config.json`` and safetensors. For OneFormer, the files of
            its tokenizer, too.
        device: where to compute.
        taxonomy_name: the taxonomy of the result. None chooses the one that has most of the model's class names.
    Raises:
        OtherCheckpointError: the folder holds something else, or what it holds does not fit together.
        MissingTransformersError: ``transformers`` is not installed, or too old.
        MissingNamesError: the classes have no names.
        NothingMatchesError: the taxonomy has none of the classes.
    """
    folder = Path(folder)
    try:
        return _open(folder, device, taxonomy_name)
    except (ValueError, FileNotFoundError) as error:
        kind = type(error) if isinstance(error, ValueError) else OtherCheckpointError
        raise kind(f"{folder.name} cannot be used: {error}") from error


def _open(folder: Path, device: torch.device, taxonomy_name: str | None) -> TransformersSegmenter:
    config = read_config(folder)
    names = class_names(config)
    if placeholders(names) and taxonomy_name != NUMBERED:
        raise MissingNamesError(f"id2label in its config.json only has placeholders, such as {names[0]}")
    matching = match(names, taxonomy_name)
    preparation = read_preparation(folder, config["image_size"] if config.get("model_type") in FIXED_SIZE else None)
    network, missing = open_network(folder, config)
    task = _task_tokens(folder, network.config) if config.get("model_type") == "oneformer" else None
    segmenter = TransformersSegmenter(network.to(device), preparation, matching, task)
    if missing and segmenter.segment(torch.zeros(1, 3, TRIAL, TRIAL)).confidence.isnan().any():
        raise OtherCheckpointError(f"its weights do not fit its config.json: {len(missing)} tensors are missing, such "
                                   f"as {missing[0]}")  # fmt: skip
    return segmenter


def _task_tokens(folder: Path, config: Any) -> Tensor:
    """The words that tell OneFormer its task, as token ids ``[1, length]``."""
    try:
        tokenizer = importlib.import_module("transformers").CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        files = "vocab.json, merges.txt and tokenizer_config.json"
        raise OtherCheckpointError(f"the files of its tokenizer are missing: {files}") from error
    length = config.task_seq_len
    tokens = tokenizer(f"the task is {TASK}", padding="max_length", max_length=length, truncation=True)
    return torch.tensor(tokens["input_ids"])[None] * torch.tensor(tokens["attention_mask"])[None]
