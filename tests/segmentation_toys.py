"""Tiny segmentation checkpoints of ``transformers`` with random weights, as ``save_pretrained`` writes them."""

import json
from pathlib import Path

import torch
import transformers

NAMES = ["wall", "building", "sky", "tree", "grass", "person", "road, route", "banana split"]
"""Names as in checkpoints of ADE20K, and one that no taxonomy has."""
SIDE = 64
STAGES = {"depths": [1, 1, 1, 1], "out_features": ["stage1", "stage2", "stage3", "stage4"]}
QUERIES = {"encoder_layers": 1, "decoder_layers": 2, "num_queries": 6}


def _swin():
    return transformers.SwinConfig(image_size=SIDE, embed_dim=8, num_heads=[1, 1, 2, 2], window_size=4, **STAGES)


def _segformer(**settings):
    config = transformers.SegformerConfig(
        depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 16, 16], num_attention_heads=[1, 1, 2, 2],
        **{"decoder_hidden_size": 16} | settings,
    )  # fmt: skip
    net = transformers.SegformerForSemanticSegmentation(config)
    return net, net.decode_head.classifier


def _upernet(**settings):
    backbone = transformers.ConvNextConfig(hidden_sizes=[8, 8, 16, 16], **STAGES)
    config = transformers.UperNetConfig(
        backbone_config=backbone, hidden_size=16, auxiliary_channels=8, auxiliary_in_channels=16, **settings
    )  # fmt: skip
    net = transformers.UperNetForSemanticSegmentation(config)
    return net, net.decode_head.classifier


def _mask2former(**settings):
    config = transformers.Mask2FormerConfig(
        backbone_config=_swin(), feature_size=32, mask_feature_size=32, hidden_dim=32, encoder_feedforward_dim=16,
        num_attention_heads=2, dim_feedforward=16, **QUERIES | settings,
    )  # fmt: skip
    net = transformers.Mask2FormerForUniversalSegmentation(config)
    return net, net.class_predictor


def _oneformer(**settings):
    config = transformers.OneFormerConfig(
        backbone_config=_swin(), hidden_dim=32, conv_dim=32, mask_dim=32, encoder_feedforward_dim=16,
        query_dec_layers=1, num_attention_heads=2, dim_feedforward=16, text_encoder_width=16, text_encoder_num_layers=1,
        text_encoder_vocab_size=600, text_encoder_n_ctx=2, text_encoder_proj_layers=1, task_seq_len=16, max_seq_len=16,
        **QUERIES | settings,
    )  # fmt: skip
    net = transformers.OneFormerForUniversalSegmentation(config)
    return net, net.model.transformer_module.decoder.class_embed


def _maskformer(**settings):
    decoder = transformers.DetrConfig(
        d_model=16, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=16, decoder_ffn_dim=16,
        encoder_attention_heads=2, decoder_attention_heads=2, num_queries=6,
    )  # fmt: skip
    config = transformers.MaskFormerConfig(
        backbone_config=_swin(), decoder_config=decoder, fpn_feature_size=32, mask_feature_size=32, **settings
    )
    net = transformers.MaskFormerForInstanceSegmentation(config)
    return net, net.class_predictor


NETS = {"segformer": _segformer, "upernet": _upernet, "maskformer": _maskformer, "mask2former": _mask2former,
        "oneformer": _oneformer}  # fmt: skip
UNIVERSAL = ("maskformer", "mask2former", "oneformer")


def write_checkpoint(
    folder: Path, kind: str, names: list[str] = NAMES, dominant: int | None = None, **settings: object
) -> Path:  # fmt: skip
    """Write a checkpoint of one of ``NETS`` into ``folder / kind``, which is returned.

    Args:
        names: the names of its classes.
        dominant: the class that the net finds everywhere. None gives a net that finds several classes.
        settings: further keys of the configuration.
    """
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False):
        torch.manual_seed(0)
        labels = {"id2label": dict(enumerate(names)), "label2id": {name: i for i, name in enumerate(names)}}
        net, last = NETS[kind](**labels | settings)
        torch.nn.init.normal_(last.weight, std=20.0 if dominant is None else 0.0)
        torch.nn.init.zeros_(last.bias)
        if dominant is not None:
            torch.nn.init.constant_(last.bias[dominant], 9.0)
        for name, weight in net.named_parameters():
            if "mask_embed" in name:  # masks with borders
                weight.data *= 8
    path = folder / kind
    net.save_pretrained(path)
    write_json(path / "preprocessor_config.json", {
        "do_resize": True, "size": {"height": SIDE, "width": SIDE}, "resample": 2, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    })  # fmt: skip
    if kind == "oneformer":
        letters = [chr(code) for code in range(33, 127)]
        words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
        write_json(path / "vocab.json", {word: number for number, word in enumerate(words)})
        (path / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
        write_json(path / "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "pad_token": "<|endoftext|>"})
    return path


def write_json(path: Path, data) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")


def change_config(folder: Path, **changes) -> None:
    """Change keys of a checkpoint's ``config.json``; None deletes a key."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | changes
    write_json(folder / "config.json", {key: value for key, value in config.items() if value is not None})
