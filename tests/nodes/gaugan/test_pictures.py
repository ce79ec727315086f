"""Styles and the pictures that are painted in them."""

import pickle
from pathlib import Path

import pytest
import torch

import gaugan_toys
from gan_models import gaugan
from gaugan_toys import LANDSCAPE, photo

# Styles.


def test_a_photo_gives_its_style_and_the_style_a_picture(call, model, label_map):
    image = photo(batch=3)
    style = call("EncodeStyle", model=model, image=image)
    assert style.z.shape == (3, 6) and style.z.dtype == torch.float32 and style.z.std(0).min() > 0
    pictures = call("Generate", model=model, label_map=label_map(), seed=0, style=style)
    assert pictures.shape == (3, 64, 96, 3) and 0 <= pictures.min() and pictures.max() <= 1
    assert not torch.equal(pictures[0], pictures[1])
    direct = call("Generate", model=model, label_map=label_map(), seed=9, style_image=image)
    assert torch.equal(direct, pictures)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_grey_and_transparent_photos_have_a_style(call, model, channels):
    image = torch.cat([photo(), torch.ones(1, 40, 60, 1)], -1)[..., :channels]
    assert call("EncodeStyle", model=model, image=image).z.shape == (1, 6)


def test_nets_without_style_or_encoder_say_what_to_use(call, files, plain, label_map, style):
    with pytest.raises(ValueError, match=r"has no style.*color_match"):
        call("EncodeStyle", model=plain, image=photo())
    with pytest.raises(ValueError, match=r"has no style.*color_match"):
        call("RandomStyle", model=plain, seed=0)
    with pytest.raises(ValueError, match=r"has no style.*disconnect the style"):
        call("Generate", model=plain, label_map=label_map(), seed=0, style=style([[0.0] * 6]))
    with pytest.raises(ValueError, match=r"has no style.*color_match"):
        call("Generate", model=plain, label_map=label_map(), seed=0, style_image=photo())
    headless_net = call("Load", name="painter.safetensors", encoder="none")
    with pytest.raises(ValueError, match=r"no style encoder.*GauGAN Random Style, or choose an encoder file"):
        call("EncodeStyle", model=headless_net, image=photo())
    assert call("RandomStyle", model=headless_net, seed=0).z.shape == (1, 6)


@pytest.mark.parametrize("seed", [0, 2**63, 2**64 - 1])
def test_random_styles_are_reproducible(call, model, seed):
    one, again, more = (call("RandomStyle", model=model, seed=seed, count=count).z for count in (1, 1, 4))
    assert torch.equal(one, again) and torch.equal(more[:1], one) and more.shape == (4, 6)
    assert not torch.equal(one, call("RandomStyle", model=model, seed=(seed + 1) % 2**64).z)
    assert torch.allclose(call("RandomStyle", model=model, seed=seed, spread=0.5).z, one / 2)
    assert not call("RandomStyle", model=model, seed=seed, spread=0.0).z.any()


def test_mixed_styles_end_in_what_was_mixed(call, model):
    a, b = (call("RandomStyle", model=model, seed=seed) for seed in (1, 2))
    assert torch.equal(call("MixStyles", style_a=a, style_b=b, weight=0.0).z, a.z)
    assert torch.equal(call("MixStyles", style_a=a, style_b=b, weight=1.0).z, b.z)
    frames = call("MixStyles", style_a=a, style_b=b, weight=0.3, frames=5).z
    assert frames.shape == (5, 6)
    assert torch.equal(frames[0], a.z[0]) and torch.equal(frames[-1], b.z[0])
    assert torch.allclose(frames[2], call("MixStyles", style_a=a, style_b=b, weight=0.5).z[0])


def test_styles_of_another_net_are_refused(call, model, label_map, style):
    other = style(torch.zeros(1, 9))
    with pytest.raises(ValueError, match=r"the style has 9 numbers, but this GauGAN takes 6"):
        call("Generate", model=model, label_map=label_map(), seed=0, style=other)
    with pytest.raises(ValueError, match=r"has 6 numbers and the other 9"):
        call("MixStyles", style_a=call("RandomStyle", model=model, seed=0), style_b=other)


def test_a_style_pickles(call, model):
    drawn = call("RandomStyle", model=model, seed=5)
    assert torch.equal(pickle.loads(pickle.dumps(drawn)).z, drawn.z)


# Generating.


@pytest.mark.parametrize("seed", [0, 2**64 - 1])
def test_without_a_style_the_seed_chooses_one(call, model, label_map, seed):
    picture, again, other = (call("Generate", model=model, label_map=label_map(), seed=s) for s in (seed, seed, 77))
    assert picture.shape == (1, 64, 96, 3) and picture.device.type == "cpu" and picture.dtype == torch.float32
    assert torch.equal(picture, again) and not torch.equal(picture, other)
    drawn = call("RandomStyle", model=model, seed=seed)
    assert torch.equal(picture, call("Generate", model=model, label_map=label_map(), seed=1, style=drawn))


def test_a_net_without_style_says_that_the_seed_does_nothing(call, plain, label_map, said):
    pictures = [call("Generate", model=plain, label_map=label_map(), seed=seed) for seed in (0, 1)]
    assert torch.equal(*pictures)
    assert "no style, so the seed changes nothing" in said[-1]


def test_batches(call, model, label_map):
    many = label_map(batch=3)
    pictures = call("Generate", model=model, label_map=many, seed=0)
    styles = call("RandomStyle", model=model, seed=0, count=3)
    assert pictures.shape == (3, 64, 96, 3)
    assert torch.equal(pictures, call("Generate", model=model, label_map=many, seed=9, style=styles))
    alone = call("Generate", model=model, label_map=label_map(), seed=9, style=styles)
    assert alone.shape == (3, 64, 96, 3) and torch.allclose(alone[0], pictures[0], atol=1e-5)
    two = call("RandomStyle", model=model, seed=0, count=2)
    with pytest.raises(ValueError, match=r"2 styles don't go with 3"):
        call("Generate", model=model, label_map=many, seed=0, style=two)


def test_the_label_map_of_another_taxonomy_is_refused(call, model, label_map):
    with pytest.raises(ValueError, match=r"'ade20k', but 'landscape' is required; put Remap Label Map"):
        call("Generate", model=model, label_map=label_map(taxonomy="ade20k"), seed=0)


def test_sizes_that_the_net_cannot_make(call, model, label_map, said):
    odd = label_map(50, 90)
    with pytest.raises(ValueError, match=r"90x50.*multiples of 32; the nearest is 96x64"):
        call("Generate", model=model, label_map=odd, seed=0, size="error")
    said.clear()
    assert call("Generate", model=model, label_map=odd, seed=0, size="resize").shape == (1, 64, 96, 3)
    assert said[-1] == "resize: label map 90×50, model 96×64"
    padded = call("Generate", model=model, label_map=odd, seed=0, size="pad")
    assert padded.shape == (1, 50, 90, 3) and said[-1] == "pad: label map 90×50, model 96×64"
    said.clear()
    fitting = call("Generate", model=model, label_map=label_map(), seed=0, size="error")
    for size in ("resize", "pad"):
        assert torch.equal(call("Generate", model=model, label_map=label_map(), seed=0, size=size), fitting)
    assert said == []


def test_instances_reach_nets_that_know_them(call, files, label_map):
    net = gaugan_toys.generator(gaugan_toys.config(**LANDSCAPE, instance_edges=True))
    gaugan.save(files / "edges.safetensors", net, metadata={"taxonomy": "landscape"})
    model = call("Load", name="edges.safetensors")
    numbers = torch.zeros(1, 50, 90, dtype=torch.int32)
    numbers[:, :, 40:] = 1
    plain, numbered = (
        call("Generate", model=model, label_map=label_map(50, 90, instances=instances), seed=0, size="pad")
        for instances in (None, numbers)
    )
    assert not torch.equal(plain, numbered)


def test_a_new_style_for_the_same_label_map_costs_only_convolutions(call, model, label_map, predicted):
    call("Generate", model=model, label_map=label_map(), seed=0)
    layers = len(predicted)
    assert layers == len({*predicted}) > 0
    call("Generate", model=model, label_map=label_map(), seed=1)
    call("EncodeStyle", model=model, image=photo())
    call("Generate", model=model, label_map=label_map(), seed=1, style_image=photo())
    assert len(predicted) == layers
    call("Generate", model=model, label_map=label_map(seed=5), seed=1)
    assert len(predicted) == 2 * layers


def test_kept_maps_go_when_the_net_is_moved_or_cast_and_never_travel(call, model, label_map):
    picture = call("Generate", model=model, label_map=label_map(), seed=0)
    assert model.model.cache.bytes > 0
    sent = pickle.loads(pickle.dumps(model))
    assert sent.model.cache.bytes == 0
    assert torch.equal(call("Generate", model=sent, label_map=label_map(), seed=0), picture)
    model.model.to("cpu")
    assert model.model.cache.bytes > 0
    model.model.double()
    assert model.model.cache.bytes == 0


def test_running_nodes_leaves_their_inputs_alone(call, model, label_map):
    before = {name: value.clone() for name, value in model.model.state_dict().items()}
    given, image = label_map(), photo()
    ids, pixels = given.ids.clone(), image.clone()
    call("Generate", model=model, label_map=given, seed=1, style_image=image, color_match="overall")
    assert all(torch.equal(value, before[name]) for name, value in model.model.state_dict().items())
    assert torch.equal(given.ids, ids) and torch.equal(image, pixels)


def test_a_stop_is_heard_between_pictures(call, model, label_map):
    from comfy import model_management

    model_management.interrupt_current_processing()
    with pytest.raises(model_management.InterruptProcessingException):
        call("Generate", model=model, label_map=label_map(batch=2), seed=0)


# Colour matching.


def statistics(image):
    """Mean and standard deviation of the colours."""
    pixels = image.reshape(-1, 3)
    return pixels.mean(0), pixels.std(0)


def example_photo():
    """A photo with colours that no toy net paints, far enough from black and white."""
    return torch.tensor([0.8, 0.3, 0.2]) + 0.2 * (photo() - 0.5) * torch.tensor([1.0, 0.8, 0.6])


@pytest.mark.parametrize("which", ["model", "plain"])
def test_color_match_gives_the_colours_of_the_photo(call, request, label_map, which):
    net, image = request.getfixturevalue(which), example_photo()
    off = call("Generate", model=net, label_map=label_map(), seed=0)
    matched = call("Generate", model=net, label_map=label_map(), seed=0, style_image=image, color_match="overall")
    for got, wanted, before in zip(statistics(matched), statistics(image), statistics(off), strict=True):
        assert torch.allclose(got, wanted, rtol=0.1)
        assert not torch.allclose(before, wanted, rtol=0.2)


def test_color_match_per_class(call, plain, label_map, pack, said):
    asked = label_map()
    present = asked.ids.unique().tolist()
    there = torch.full((1, 20, 30), present[0], dtype=torch.uint8)
    there[:, :, 15:] = present[1]
    image = example_photo()
    image[:, :, 30:] = 1 - image[:, :, 30:]
    inputs = {"model": plain, "label_map": asked, "seed": 0, "style_image": image, "color_match": "per class"}
    matched = call("Generate", **inputs, style_label_map=pack.gan_models.labels.LabelMap(there, "landscape"))
    for label, half in zip(present[:2], (image[:, :, :30], image[:, :, 30:]), strict=True):
        region = matched[asked.ids == label]
        assert torch.allclose(region.mean(0), half.reshape(-1, 3).mean(0), atol=2e-3)
    missing = said[-1].split("style_image has no ")[1].split(";")[0].split(", ")
    assert sorted(missing) == sorted(asked.classes.classes[label].name for label in present[2:]) and missing


def test_color_match_softly(call, model, label_map, pack, said):
    taxonomy = pack.gan_models.labels.taxonomy("landscape")
    asked = label_map()
    there = torch.full((1, 20, 30), taxonomy.find("clouds").id, dtype=torch.uint8)
    there[:, :, 15:] = taxonomy.find("road").id
    image = example_photo()
    image[:, :, 30:] = 1 - image[:, :, 30:]
    inputs = {"model": model, "label_map": asked, "seed": 0, "style_image": image, "color_match": "per class, soft"}
    matched = call("Generate", **inputs, style_label_map=pack.gan_models.labels.LabelMap(there, "landscape"))
    off = call("Generate", **inputs | {"color_match": "off"})
    sky = torch.isin(asked.ids, torch.tensor(taxonomy.sky))
    for region, half in ((sky, image[:, :, :30]), (~sky, image[:, :, 30:])):
        wanted = half.reshape(-1, 3).mean(0)
        assert (matched[region].mean(0) - wanted).norm() < 0.25 * (off[region].mean(0) - wanted).norm()
    there[:] = taxonomy.find("road").id
    call("Generate", **inputs, style_label_map=pack.gan_models.labels.LabelMap(there, "landscape"))
    assert said[-1] == "style_image has no sky; the picture's is as the model painted it"


def test_inputs_that_contradict_each_other(call, model, label_map, style):
    base = {"model": model, "label_map": label_map(), "seed": 0}
    drawn = style(torch.zeros(1, 6))
    for inputs, message in [
        ({"color_match": "overall"}, "no style_image is connected"),
        ({"color_match": "per class", "style_image": photo()}, "'per class' needs.*connect style_label_map"),
        ({"color_match": "per class, soft", "style_image": photo()}, "soft' needs.*connect style_label_map"),
        ({"style_image": photo(), "style_label_map": label_map()}, "is used only with color_match 'per class'"),
        ({"style": drawn, "style_image": photo()}, "both give a style"),
    ]:
        with pytest.raises(ValueError, match=message):
            call("Generate", **base, **inputs)
    both = call("Generate", **base, style=drawn, style_image=example_photo(), color_match="overall")
    assert torch.allclose(statistics(both)[0], statistics(example_photo())[0], atol=2e-3)


def test_a_prompt_runs_from_colours_to_picture(run, files):
    from folder_paths import get_output_directory

    prompt = {
        "1": {"class_type": "GauGANLoad", "inputs": {
            "name": "painter.safetensors", "encoder": "auto", "taxonomy": "auto", "label_offset": 0,
            "upsampling": "auto"}},
        "3": {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 96, "height": 64}},
    }  # fmt: skip
    prompt |= {
        "4": {"class_type": "GauGANLabelMapFromMasks", "inputs": {
            "taxonomy": "landscape", "taxonomy.base_class": "sky", "mask_1": ["3", 0],
            **{f"taxonomy.class_{i}": "sea" if i == 1 else "none" for i in range(1, 7)}}},
        "5": {"class_type": "GauGANGenerate", "inputs": {
            "model": ["1", 0], "label_map": ["4", 0], "seed": 1, "size": "resize", "color_match": "off"}},
        "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": "x"}},
    }  # fmt: skip
    run(prompt)
    assert len(list(Path(get_output_directory()).glob("x*.png"))) == 1
