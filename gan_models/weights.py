"""The models that the loaders offer, as ``weights_manifest.json`` lists them."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "weights_manifest.json"


def manifest(architecture: str) -> list[dict[str, Any]]:
    """The manifest's entries of one architecture ("singan", "gaugan"), in its order."""
    entries = json.loads(MANIFEST.read_text(encoding="utf-8"))["models"]
    return [entry for entry in entries if entry["architecture"] == architecture]


def bundled(architecture: str) -> dict[str, str]:
    """Names of the models that ship with the pack, and their files relative to its root."""
    return {
        entry["name"]: entry["source"]["bundled"]
        for entry in manifest(architecture)
        if "bundled" in entry["source"]
    }
