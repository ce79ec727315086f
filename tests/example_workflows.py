"""The example workflows: which ones run here, and what is ours in the others."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "workflows"
DISTRIBUTED = FOLDER / "singan_on_several_machines.json"
"""This one wants another pack, ComfyUI-Distributed."""

ALL = sorted(path for path in FOLDER.glob("*.json") if path != DISTRIBUTED)
DIFFUSION = [FOLDER / f"{name}.json" for name in ("gaugan_refine_with_diffusion", "paint_for_controlnet")]
"""These want models of several GB, which are not here."""
TUNING = FOLDER / "gaugan_of_one_photo.json"
"""This one trains for ten minutes, on features that are downloaded."""

RUNNABLE = [path for path in ALL if path not in (*DIFFUSION, TUNING)]


def only(workflow, known):
    """A saved workflow without the nodes of other types than ``known`` and without what they lead to."""
    gone = {node["id"] for node in workflow["nodes"] if node["type"] not in known}
    while further := {link[3] for link in workflow["links"] if link[1] in gone} - gone:
        gone |= further
    return workflow | {
        "nodes": [node for node in workflow["nodes"] if node["id"] not in gone],
        "links": [link for link in workflow["links"] if link[3] not in gone],
    }


def feeding(workflow, kind, name):
    """Node id and slot of what feeds the input ``name`` of the one node of this type."""
    (entry,) = (entry for node in workflow["nodes"] if node["type"] == kind for entry in node["inputs"]
                if entry["name"] == name)  # fmt: skip
    (link,) = (link for link in workflow["links"] if link[0] == entry["link"])
    return str(link[1]), link[2]
