import io
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

import headless

NODES = [
    "GauGANLabelMapFromColors",
    "GauGANLabelMapFromMasks",
    "GauGANLabelMapToColors",
    "GauGANLabelMapToMask",
    "GauGANLabelMapRemap",
]
TAXONOMIES = ["landscape", "coco_stuff", "ade20k", "cityscapes"]


@pytest.fixture
def call(node_classes):
    """``call(id, **inputs)``: the results of one call of a label map's node."""
    return lambda node_id, **inputs: headless.call_node(node_classes[f"GauGANLabelMap{node_id}"], **inputs).result


@pytest.fixture
def label_map(pack):
    """``label_map(rows, taxonomy)``: a label map with class names for pixels."""

    def make(rows, taxonomy="landscape", batch=1, **options):
        classes = pack.gan_models.labels.taxonomy(taxonomy)
        ids = torch.tensor([[classes.find(name).id for name in row] for row in rows], dtype=torch.uint8)
        return pack.gan_models.labels.LabelMap(ids.expand(batch, -1, -1), taxonomy, **options)

    return make


def names(label_map):
    return [[label_map.classes.classes[i].name for i in row] for row in label_map.ids[0]]


def test_menu_order(pack):
    order = list(headless.pack_nodes(pack))
    assert order[0] == "GANAtelierExampleImage"
    assert [node_id for node_id in order if node_id in NODES] == NODES
    assert order.index("GauGANLabelMapRemap") < order.index("SinGANTrain")


@pytest.mark.parametrize("node_id", NODES)
def test_every_input_inside_of_a_dynamic_one_has_a_tooltip(node_classes, node_id):
    for entry in node_classes[node_id].GET_SCHEMA().inputs:
        for option in getattr(entry, "options", None) or []:
            for inner in getattr(option, "inputs", []):
                assert inner.tooltip, f"{node_id}: {entry.id}.{inner.id}"


def test_widgets_stay_where_saved_workflows_have_them(node_classes):
    """Append, never insert."""
    widgets = {
        node_id: [entry.id for entry in node_classes[node_id].GET_SCHEMA().inputs if headless.widgets.is_widget(entry)]
        for node_id in NODES
    }
    assert widgets == {
        "GauGANLabelMapFromColors": ["taxonomy", "palette", "tolerance", "offset"],
        "GauGANLabelMapFromMasks": ["taxonomy", "unite_batches"],
        "GauGANLabelMapToColors": ["legend"],
        "GauGANLabelMapToMask": ["taxonomy"],
        "GauGANLabelMapRemap": ["taxonomy", "replacements"],
    }
    for option in node_classes["GauGANLabelMapFromMasks"].GET_SCHEMA().inputs[0].options:
        assert [entry.id for entry in option.inputs] == ["base_class", *(f"class_{i}" for i in range(1, 7))]


def test_object_info(node_classes):
    info = headless.object_info(node_classes["GauGANLabelMapFromMasks"])
    assert info["output"] == ["LABEL_MAP"] and info["category"] == "GAN Atelier/label maps"
    assert [name for name, entry in info["input"]["optional"].items() if entry[0] == "MASK"] == [
        f"mask_{i}" for i in range(1, 7)
    ]
    options = info["input"]["required"]["taxonomy"][1]["options"]
    assert [option["key"] for option in options] == [*TAXONOMIES, "numbered"]
    assert options[0]["inputs"]["required"]["base_class"][1]["default"] == "sky"
    assert options[1]["inputs"]["required"]["base_class"][1]["default"] == "sky-other"
    assert "none" not in [
        name for option in options for name in option["inputs"]["required"]["base_class"][1]["options"]
    ]


@pytest.mark.parametrize("taxonomy", TAXONOMIES)
@pytest.mark.parametrize("palette", ["auto", "own"])
def test_to_colours_and_back(pack, call, taxonomy, palette):
    classes = pack.gan_models.labels.taxonomy(taxonomy).classes
    first = {entry.color: entry.id for entry in reversed(classes)}
    ids = torch.tensor(sorted(first.values()), dtype=torch.uint8).expand(2, 3, -1)
    (image,) = call("ToColors", label_map=pack.gan_models.labels.LabelMap(ids, taxonomy), legend=False)
    assert image.shape == (*ids.shape, 3) and image.dtype == torch.float32
    palette = taxonomy if palette == "own" else palette
    label_map, off = call("FromColors", image=image, taxonomy=taxonomy, palette=palette)
    assert torch.equal(label_map.ids, ids) and label_map.taxonomy == taxonomy
    assert off.shape == ids.shape and not off.any()


def test_colours_of_another_taxonomy_are_translated(call, label_map, said):
    (image,) = call("ToColors", label_map=label_map([["sky", "palm", "lake", "sofa"]] * 2, "ade20k"))
    translated, _ = call("FromColors", image=image, taxonomy="landscape")
    assert names(translated)[0] == ["sky", "tree", "water", "unknown"]
    palette, lost = said[-1].split("; ")
    assert palette == "palette 'ade20k', 0.0 % of the pixels off palette"
    assert lost == "'landscape' has no class for sofa, now unknown"


def test_the_taxonomys_own_palette_comes_first_when_several_fit(call, label_map, said):
    (image,) = call("ToColors", label_map=label_map([["sky", "sea", "flower"]]))
    coco, _ = call("FromColors", image=image, taxonomy="coco_stuff")
    assert names(coco) == [["sky-other", "sea", "flower"]] and "'coco_stuff'" in said[-1]
    landscape, _ = call("FromColors", image=image, taxonomy="landscape")
    assert names(landscape) == [["sky", "sea", "flower"]] and "'landscape'" in said[-1]


def test_oneformer_maps(pack, call):
    labels = pack.gan_models.labels
    ids = torch.tensor([i for i in range(1, 151) if i not in (148, 149)], dtype=torch.uint8).view(1, 4, 37)
    image = labels.encode(ids, labels.palette("ade20k_oneformer")).float() / 255
    decoded, off = call("FromColors", image=image, taxonomy="ade20k")
    assert torch.equal(decoded.ids, ids) and not off.any()


def test_a_jpeg_map(call, label_map):
    before = label_map([["sky"] * 128] * 64 + [["tree"] * 40 + ["grass"] * 88] * 64)
    (image,) = call("ToColors", label_map=before)
    file = io.BytesIO()
    Image.fromarray((image[0] * 255).to(torch.uint8).numpy()).save(file, "JPEG", quality=75)
    image = torch.from_numpy(np.array(Image.open(file)))[None].float() / 255
    after, off = call("FromColors", image=image, taxonomy="landscape")
    assert (after.ids != before.ids).float().mean() < 0.005
    assert 0 < off.mean() < 0.1


def test_a_photo_is_refused(call):
    photo = call_example(call)
    with pytest.raises(ValueError, match="is this a photo, or a map in other colours"):
        call("FromColors", image=photo, taxonomy="landscape")


def call_example(call):
    from conftest import ROOT

    with Image.open(ROOT / "pictures" / "mountains.jpg") as file:
        return torch.from_numpy(np.array(file.convert("RGB").resize((96, 64))))[None].float() / 255


def test_the_wrong_palette_is_named(call, label_map):
    image = call("ToColors", label_map=label_map([["giraffe", "zebra"]], "coco_stuff"))[0]
    with pytest.raises(
        ValueError, match=r"100 % of the pixels match no 'ade20k' colour.*Closest: 'coco_stuff' \(0 %\)"
    ):
        call("FromColors", image=image, taxonomy="ade20k", palette="ade20k")


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_maps(call, label_map, channels):
    (image,) = call("ToColors", label_map=label_map([["unknown", "clouds"]]))
    image = torch.cat([image, torch.ones(1, 1, 2, 1)], -1)[..., :channels]
    before = image.clone()
    decoded, _ = call("FromColors", image=image, taxonomy="landscape")
    assert names(decoded) == [["unknown", "clouds"]] and torch.equal(image, before)


def levels(rows, channels=3):
    """An IMAGE whose grey levels are these numbers."""
    return torch.tensor(rows, dtype=torch.float32)[None, :, :, None].expand(-1, -1, -1, channels) / 255


def test_grey_ids_are_ids(call, said):
    ids = [[0] * 8] * 4 + [[3] * 8] * 4 + [[12] * 8] * 4 + [[16] * 8] * 4
    for channels in (1, 3):
        for palette in ("auto", "ids"):
            read, off = call("FromColors", image=levels(ids, channels), taxonomy="landscape", palette=palette)
            assert read.ids[0].tolist() == ids and not off.any() and said[-1] == "ids of 'landscape'"


def test_ids_that_were_not_scaled_are_refused(call):
    ids = torch.tensor([[0.0, 1.0], [5.0, 7.0]])[None, :, :, None].repeat_interleave(8, 1)
    with pytest.raises(ValueError, match="the label map has the id 1275"):
        call("FromColors", image=ids, taxonomy="landscape")


def test_files_of_ids_reach_the_node_through_load_image(nodes, call, comfy_folders, said):
    ids = np.repeat(np.array([0, 3, 12, 16], np.uint8), 12)[:, None].repeat(64, 1)
    files = {
        "grey.png": Image.fromarray(ids),
        "deep.png": Image.fromarray(ids.astype(np.uint16)),
        "alpha.png": Image.fromarray(np.dstack([ids, np.full_like(ids, 255)]), "LA"),
        "rgb.png": Image.fromarray(np.dstack([ids] * 3)),
        "palette.png": Image.fromarray(ids).convert("P"),
    }
    for name, file in files.items():
        file.save(comfy_folders / "input" / name)
        image, mask = headless.call_node(nodes["LoadImage"], image=name).result
        read, _ = call("FromColors", image=image, mask=mask, taxonomy="landscape")
        assert np.array_equal(read.ids[0].numpy(), ids), name
        assert said[-1] == "ids of 'landscape'"
    Image.fromarray(ids).save(comfy_folders / "input" / "lossy.jpg", quality=90)
    image, _ = headless.call_node(nodes["LoadImage"], image="lossy.jpg").result
    with pytest.raises(ValueError, match=r"cannot be ids.*as JPEG, lossy WebP or smooth resizing leave them"):
        call("FromColors", image=image, taxonomy="landscape")


@pytest.mark.parametrize("palette", ["auto", "ids"])
def test_ids_behind_a_palette_that_load_image_has_replaced_are_explained(nodes, call, comfy_folders, palette):
    ids = np.random.default_rng(0).integers(0, 19, (8, 8), np.uint8).repeat(8, 0).repeat(8, 1)
    file = Image.fromarray(ids).convert("P")
    file.putdata(ids.flatten().tolist())
    file.putpalette(np.random.default_rng(1).integers(0, 256, 768).tolist())
    file.save(comfy_folders / "input" / "indexed.png")
    image, _ = headless.call_node(nodes["LoadImage"], image="indexed.png").result
    with pytest.raises(ValueError, match="load the file into Paint Label Map, or save the ids as a grey PNG"):
        call("FromColors", image=image, taxonomy="landscape", palette=palette)


def test_offsets_and_the_numbers_of_data_sets(call, said):
    from_zero = levels([[0, 149, 255]])
    for chosen in ({"palette": "ids", "offset": 1}, {"palette": "ade20k_ids_from_0"}):
        read, _ = call("FromColors", image=from_zero, taxonomy="ade20k", **chosen)
        assert names(read) == [["wall", "flag", "unknown"]]
    train_ids = levels([[0, 10, 18, 255]])
    read, _ = call("FromColors", image=train_ids, taxonomy="cityscapes", palette="cityscapes_train_ids")
    assert names(read) == [["road", "sky", "bicycle", "unlabeled"]]
    translated, _ = call("FromColors", image=train_ids, taxonomy="landscape", palette="cityscapes_train_ids")
    assert names(translated)[0][:2] == ["road", "sky"] and said[-1].startswith("cityscapes_train_ids")


def test_transparent_pixels_are_unknown_and_never_white(call, label_map):
    (image,) = call("ToColors", label_map=label_map([["sky", "sea", "tree"]] * 3))
    alpha = torch.tensor([[1.0, 1.0, 0.0]]).expand(1, 3, 3)
    for below in (0.0, 1.0):
        erased = image.clone()
        erased[:, :, 2] = below
        with_alpha = torch.cat([erased, alpha[..., None]], -1)
        for given in ({"image": with_alpha}, {"image": erased, "mask": 1 - alpha}):
            read, off = call("FromColors", taxonomy="landscape", **given)
            assert names(read) == [["sky", "sea", "unknown"]] * 3 and not off.any()
    small = torch.tensor([[[0.0, 0.0, 0.0, 0.0, 1.0, 1.0]]])
    assert names(call("FromColors", image=image, taxonomy="landscape", mask=small)[0])[0] == ["sky", "sea", "unknown"]
    empty = torch.zeros(1, 64, 64)
    assert names(call("FromColors", image=image, taxonomy="landscape", mask=empty)[0])[0] == ["sky", "sea", "tree"]
    with pytest.raises(ValueError, match="mask has 2 masks, but image has 1 pictures"):
        call("FromColors", image=image, taxonomy="landscape", mask=torch.ones(2, 3, 3))


def test_a_result_that_is_unknown_is_said_aloud(call, label_map, said):
    (image,) = call("ToColors", label_map=label_map([["sofa", "sofa", "sky"]], "ade20k"))
    call("FromColors", image=image, taxonomy="landscape")
    assert said[-1].endswith("67 % of the pixels are unknown in 'landscape'; check that this is the right taxonomy")
    assert "off palette" not in said[-1]


def test_single_pixels_and_pictures_without_a_batch(call):
    decoded, _ = call("FromColors", image=torch.zeros(1, 1, 3), taxonomy="cityscapes", palette="cityscapes")
    assert names(decoded) == [["unlabeled"]]


def test_empty_pictures_are_refused(call):
    with pytest.raises(ValueError, match="an image must be"):
        call("FromColors", image=torch.zeros(0, 4, 4, 3), taxonomy="landscape")


def classes_for(taxonomy, base, *rows):
    chosen = {f"class_{i}": "none" for i in range(1, 7)} | {f"class_{i}": name for i, name in enumerate(rows, 1)}
    return {"taxonomy": taxonomy, "base_class": base, **chosen}


def test_from_masks(call):
    upper = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])
    left = torch.tensor([[1.0, 0.0]])
    (result,) = call(
        "FromMasks", taxonomy=classes_for("landscape", "sea", "sky", "none", "tree"), mask_1=upper, mask_3=left
    )
    assert names(result) == [["tree", "sky"], ["tree", "sea"]]
    assert result.taxonomy == "landscape" and result.ids.dtype == torch.uint8


def test_from_masks_of_mixed_sizes_and_batches(call):
    large = torch.zeros(1, 4, 6)
    pair = torch.stack([torch.ones(2, 3), torch.zeros(2, 3)])
    (result,) = call(
        "FromMasks", taxonomy=classes_for("coco_stuff", "sky-other", "sea", "zebra"), mask_1=large, mask_2=pair
    )
    assert result.ids.shape == (2, 4, 6)
    assert [result.ids[i].unique().tolist() for i in range(2)] == [[23], [156]]


def test_from_masks_on_a_label_map(call, label_map):
    below = label_map([["sea", "sea", "sky", "sky"]])
    (result,) = call("FromMasks", taxonomy=classes_for("landscape", "rock", "tree"), label_map=below,
                     mask_1=torch.tensor([[[0.0, 1.0]]]))  # fmt: skip
    assert names(result) == [["sea", "sea", "tree", "tree"]]
    assert names(below) == [["sea", "sea", "sky", "sky"]]
    with pytest.raises(ValueError, match="has the taxonomy 'landscape', but 'ade20k' is required"):
        call("FromMasks", taxonomy=classes_for("ade20k", "sky"), label_map=below)


def test_from_masks_says_what_is_missing(call):
    with pytest.raises(ValueError, match="mask_2 is connected but has no class; choose one for class_2"):
        call("FromMasks", taxonomy=classes_for("landscape", "sky", "tree"), mask_2=torch.zeros(1, 2, 2))
    with pytest.raises(ValueError, match="connect a mask or a label map"):
        call("FromMasks", taxonomy=classes_for("landscape", "sky", "tree"))


def test_to_mask(call, label_map):
    given = label_map([["sky", "sea"], ["sea", "sea"]], batch=2)
    (mask,) = call("ToMask", label_map=given, taxonomy={"taxonomy": "landscape", "class": "sky"})
    assert mask.tolist() == [[[1, 0], [0, 0]]] * 2 and mask.dtype == torch.float32
    with pytest.raises(ValueError, match="put Remap Label Map in between"):
        call("ToMask", label_map=given, taxonomy={"taxonomy": "ade20k", "class": "sky"})


def test_legend(call, label_map):
    given = label_map([["sky", "sea"], ["sea", "sea"]], batch=2)
    plain, legend = (call("ToColors", label_map=given, legend=on)[0] for on in (False, True))
    assert legend.shape[0] == 2 and legend.shape[1] > 30 and legend.shape[2] > 40
    assert torch.equal(legend[:, :2, :2], plain)


def test_remap(call, label_map, said):
    instances = torch.tensor([[[1, 1, 2]]], dtype=torch.int32)
    given = label_map([["river", "giraffe", "sky-other"]], "coco_stuff", instances=instances)
    (result,) = call("Remap", label_map=given, taxonomy="landscape", replacements="river: sea")
    assert names(result) == [["sea", "unknown", "sky"]] and result.taxonomy == "landscape"
    assert torch.equal(result.instances, instances)
    assert said == ["'coco_stuff' to 'landscape'; 'landscape' has no class for giraffe, now unknown"]
    (same,) = call("Remap", label_map=result, taxonomy="landscape", replacements="sea, sky: fog")
    assert names(same) == [["fog", "unknown", "fog"]] and len(said) == 1


@pytest.mark.parametrize("ids, message", [
    (torch.full((1, 2, 2), 19, dtype=torch.uint8), "19 is not a valid id of 'landscape', whose ids are 0 to 18"),
    (torch.full((1, 2, 2), -1, dtype=torch.int16), "-1 is not a valid id"),
    (torch.zeros(1, 2, 2), "must be uint8 or int16, not torch.float32"),
    (torch.zeros(2, 2, dtype=torch.uint8), r"must be \[batch, height, width\], not \[2, 2\]"),
    (torch.zeros(0, 2, 2, dtype=torch.uint8), r"not \[0, 2, 2\]"),
])  # fmt: skip
def test_label_maps_check_themselves(pack, ids, message):
    with pytest.raises(ValueError, match=message):
        pack.gan_models.labels.LabelMap(ids, "landscape")


def test_label_maps_check_instances_and_taxonomy(pack):
    ids = torch.zeros(1, 2, 2, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"instances must be int32 \[1, 2, 2\]"):
        pack.gan_models.labels.LabelMap(ids, "landscape", torch.zeros(1, 2, 3, dtype=torch.int32))
    with pytest.raises(ValueError, match="no taxonomy 'other'"):
        pack.gan_models.labels.LabelMap(ids, "other")


def test_label_maps_pickle(label_map):
    given = label_map([["sky", "sea"]], instances=torch.ones(1, 1, 2, dtype=torch.int32))
    again = pickle.loads(pickle.dumps(given))
    assert torch.equal(again.ids, given.ids) and torch.equal(again.instances, given.instances)
    assert again.taxonomy == "landscape"


def test_a_graph_of_all_of_them(run):
    """Through the executor, with the names that the editor gives to widgets of a dynamic combo."""
    chosen = {"base_class": "sky", "class_1": "sea"} | {f"class_{i}": "none" for i in range(2, 7)}
    classes = {"taxonomy": "landscape"} | {f"taxonomy.{name}": value for name, value in chosen.items()}
    prompt = {
        "1": {"class_type": "GANAtelierExampleImage", "inputs": {"picture": "balloons_pasted.png"}},
        "2": {"class_type": "GauGANLabelMapFromMasks",
              "inputs": {**classes, "mask_1": ["1", 1]}},
        "3": {"class_type": "GauGANLabelMapToColors", "inputs": {"label_map": ["2", 0], "legend": False}},
        "4": {"class_type": "GauGANLabelMapFromColors",
              "inputs": {"image": ["3", 0], "taxonomy": "coco_stuff", "palette": "auto", "tolerance": 8}},
        "5": {"class_type": "GauGANLabelMapRemap",
              "inputs": {"label_map": ["4", 0], "taxonomy": "ade20k", "replacements": ""}},
        "6": {"class_type": "GauGANLabelMapToMask",
              "inputs": {"label_map": ["5", 0], "taxonomy": "ade20k", "taxonomy.class": "sea"}},
        "7": {"class_type": "MaskToImage", "inputs": {"mask": ["6", 0]}},
        "8": {"class_type": "PreviewImage", "inputs": {"images": ["7", 0]}},
    }  # fmt: skip
    result = run(prompt)
    assert torch.equal(result.value("6"), (result.value("1", 1) > 0.5).float())
