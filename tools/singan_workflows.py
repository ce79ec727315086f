"""The example workflows of SinGAN."""

from .workflow_example import Example, node

SINGAN = {
    "singan_sample_bundled": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANSample", model=["1", 0], seed=5, batch_size=4, width_factor=1.0, height_factor=1.0,
                      start_scale=0),
            "3": node("SaveImage", images=["2", 0], filename_prefix="singan_samples"),
            "4": node("SinGANSample", model=["1", 0], seed=11, batch_size=1, width_factor=2.5, height_factor=1.0,
                      start_scale=0),
            "5": node("SaveImage", images=["4", 0], filename_prefix="singan_panorama"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 120, 320, 220), "3": (780, 40, 460, 420),
                "4": (400, 520, 320, 220), "5": (780, 520, 620, 360)},
        titles={"2": "Four new arrangements", "4": "A panorama"},
        note="### New arrangements of one picture\n\nThe model that ships with the pack learned **one** rendered "
        "picture of balloons. Every seed gives another arrangement; the factors give other shapes and sizes.",
        note_place=(40, 40, 320, 180),
        thumbnail_node="5",
    ),
    "singan_train_and_sample": Example(
        nodes={
            "1": node("GANAtelierExampleImage", picture="balloons.jpg"),
            "2": node("SinGANTrain", image=["1", 0], preset="draft", seed=0, purpose="any task", max_size=0,
                      iterations=0),
            "3": node("PreviewImage", images=["2", 1]),
            "4": node("SinGANSample", model=["2", 0], seed=3, batch_size=4, width_factor=1.0, height_factor=1.0,
                      start_scale=0),
            "5": node("SaveImage", images=["4", 0], filename_prefix="singan"),
            "6": node("SinGANSave", model=["2", 0], name="my_singan", overwrite=True),
        },
        places={"1": (40, 240, 300, 80), "2": (400, 40, 380, 420), "3": (840, 40, 380, 340),
                "4": (400, 600, 380, 220), "5": (840, 440, 460, 420), "6": (400, 940, 380, 110)},
        titles={"3": "Reconstruction: what it could learn", "5": "New arrangements"},
        note="### Train on one picture, then sample\n\nReplace **Example Image** by **Load Image** for a picture of "
        "yours. `draft` takes about a minute; set the preset to `standard` for a good model.\n\nYou can stop at any "
        "time; the next run resumes where you stopped. **Save SinGAN** keeps the model for **Load SinGAN**.",
        note_place=(40, 380, 300, 300),
        thumbnail_node="5",
    ),
    "singan_harmonize": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-mountains-harmonize"),
            "2": node("GANAtelierExampleImage", picture="mountains_pasted.png"),
            "3": node("SinGANHarmonize", model=["1", 0], image=["2", 0], mask=["2", 1], start_scale=0, seed=0,
                      all_scales=False, fine_tune=0),
            "4": node("PreviewImage", images=["2", 0]),
            "5": node("SaveImage", images=["3", 0], filename_prefix="singan_harmonized"),
        },
        places={"1": (40, 310, 300, 80), "2": (40, 450, 300, 100), "3": (400, 300, 340, 230),
                "4": (400, 600, 340, 320), "5": (800, 200, 620, 540)},
        titles={"2": "The picture with something pasted in", "4": "Before", "5": "After"},
        note="### Blend a pasted object\n\nThe paper boat, green and magenta, takes on colours that the picture has. "
        "For a picture of yours, train a SinGAN on it with **Train SinGAN** and the purpose `harmonize` (two minutes), "
        "paste an object into that picture, and paint a mask over it.\n\n`fine_tune` 300 trains the model further on "
        "this very picture; the boat then follows it more closely.",
        note_place=(40, 40, 400, 230),
        thumbnail_node="5",
    ),
    "singan_edit": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("GANAtelierExampleImage", picture="balloons_edited.png"),
            "3": node("SinGANEdit", model=["1", 0], image=["2", 0], mask=["2", 1], start_scale=0, seed=0,
                      all_scales=False),
            "4": node("PreviewImage", images=["2", 0]),
            "5": node("SaveImage", images=["3", 0], filename_prefix="singan_edited"),
        },
        places={"1": (40, 260, 300, 80), "2": (40, 400, 300, 100), "3": (400, 260, 340, 200),
                "4": (400, 540, 340, 320), "5": (800, 160, 620, 540)},
        titles={"2": "The picture with a balloon copied", "4": "Before", "5": "After"},
        note="### Make an edit look natural\n\nThe orange balloon was copied together with a piece of another sky. "
        "`start_scale` 0 chooses a scale automatically; switch `all_scales` on to see every choice. Edit **the picture "
        "that the model learned**, and paint a mask over what you changed.",
        note_place=(40, 40, 340, 180),
        thumbnail_node="5",
    ),
    "singan_paint_to_image": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("GANAtelierExampleImage", picture="balloons_painted.png"),
            "3": node("SinGANPaintToImage", model=["1", 0], image=["2", 0], start_scale=0, seed=0,
                      quantize_colors=False, colors=5, retrain=False, all_scales=False),
            "4": node("PreviewImage", images=["2", 0]),
            "5": node("SaveImage", images=["3", 0], filename_prefix="singan_painted"),
        },
        places={"1": (40, 260, 300, 80), "2": (40, 400, 300, 100), "3": (400, 260, 340, 280),
                "4": (400, 620, 340, 320), "5": (800, 160, 620, 540)},
        titles={"2": "A painting in flat colours", "4": "Before", "5": "After"},
        note="### A painting becomes a picture\n\nThe balloons and clouds get the texture of the picture that the "
        "model learned. Paint with that picture's colours: what it has never seen becomes something else. "
        "`start_scale` 0 chooses a scale automatically; lower numbers change more.",
        note_place=(40, 40, 340, 180),
        thumbnail_node="5",
    ),
    "singan_animate": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANAnimate", model=["1", 0], seed=0, frames=60, alpha=0.3, beta=0.95, start_scale=0,
                      loop=True),
            "3": node("SaveAnimatedWEBP", images=["2", 0], filename_prefix="singan_animated", fps=10.0,
                      lossless=False, quality=90, method="default"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 240, 340, 240), "3": (800, 60, 620, 640)},
        titles={"2": "A walk around the picture", "3": "An endless loop"},
        note="### The picture moves\n\nEvery frame is a new picture near the one that the model learned. A lower "
        "`alpha` gives larger changes, a higher `beta` slower ones. The last frame leads to the first.",
        note_place=(40, 40, 340, 180),
        thumbnail_node="3",
    ),
    "singan_scales": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANScales", model=["1", 0], seed=0),
            "3": node("SaveImage", images=["2", 0], filename_prefix="singan_scales"),
            "4": node("GANAtelierExampleImage", picture="balloons_pasted.png"),
            "5": node("SinGANHarmonize", model=["1", 0], image=["4", 0], mask=["4", 1], start_scale=0, seed=0,
                      all_scales=True),
            "6": node("SaveImage", images=["5", 0], filename_prefix="singan_start_scales"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 160, 340, 120), "3": (800, 40, 760, 620),
                "4": (40, 720, 300, 100), "5": (400, 720, 340, 200), "6": (800, 720, 760, 620)},
        titles={"3": "What each scale knows", "6": "The result from every start scale"},
        note="### Which start scale?\n\n**Show SinGAN Scales** shows what each scale of the model knows. With "
        "`all_scales`, the nodes that want a start scale give a picture for every one.",
        note_place=(40, 40, 340, 170),
        thumbnail_node="3",
    ),
    "singan_super_resolution": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANSuperResolve", model=["1", 0], factor=4.0, seed=0),
            "3": node("SaveImage", images=["2", 0], filename_prefix="singan_enlarged"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 240, 340, 150), "3": (800, 40, 760, 640)},
        titles={"2": "Four times larger"},
        note="### Enlarge with the picture's own texture\n\nWithout an image the training picture is enlarged. For a "
        "picture of yours, train with the purpose `super-resolution`.",
        note_place=(40, 40, 340, 170),
        thumbnail_node="3",
    ),
}  # fmt: skip
"""Workflows by name."""
