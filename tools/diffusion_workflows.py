"""The example workflows that hand a result to Stable Diffusion, with ComfyUI's own nodes."""

from .workflow_example import LANDSCAPE_MODEL, Example, in_style_of, label_map_of, node

HUB = "https://huggingface.co"
STABLE_DIFFUSION = {
    "name": "v1-5-pruned-emaonly-fp16.safetensors",
    "url": f"{HUB}/Comfy-Org/stable-diffusion-v1-5-archive/resolve/main/v1-5-pruned-emaonly-fp16.safetensors",
    "directory": "checkpoints",
}
CONTROL_NET = {
    "name": "control_v11p_sd15_seg_fp16.safetensors",
    "url": f"{HUB}/comfyanonymous/ControlNet-v1-1_fp16_safetensors/resolve/main/control_v11p_sd15_seg_fp16.safetensors",
    "directory": "controlnet",
}
FARM = "a farmhouse among fields and gentle hills, trees along a road, evening light, photograph, highly detailed"
LAKE = "a lake between snowy mountains, pine forest on the shore, morning light, photograph, highly detailed"
BAD = "painting, drawing, blurry, people, text, watermark"

DIFFUSION = {
    "paint_for_controlnet": Example(
        nodes={
            "1": node("GauGANLabelMapPaint", taxonomy="ade20k", width=512, height=512, painting="example:harvest"),
            "2": node("PreviewImage", images=["1", 1]),
            "3": node("CheckpointLoaderSimple", ckpt_name=STABLE_DIFFUSION["name"]),
            "4": node("ControlNetLoader", control_net_name=CONTROL_NET["name"]),
            "5": node("CLIPTextEncode", clip=["3", 1], text=FARM),
            "6": node("CLIPTextEncode", clip=["3", 1], text=BAD),
            "7": node("ControlNetApplyAdvanced", positive=["5", 0], negative=["6", 0], control_net=["4", 0],
                      image=["1", 1], strength=1.0, start_percent=0.0, end_percent=1.0, vae=["3", 2]),
            "8": node("EmptyLatentImage", width=512, height=512, batch_size=1),
            "9": node("KSampler", model=["3", 0], positive=["7", 0], negative=["7", 1], latent_image=["8", 0], seed=0,
                      steps=25, cfg=7.0, sampler_name="dpmpp_2m", scheduler="karras", denoise=1.0),
            "10": node("VAEDecode", samples=["9", 0], vae=["3", 2]),
            "11": node("SaveImage", images=["10", 0], filename_prefix="painted_for_controlnet"),
        },
        places={"1": (40, 260, 560, 760), "2": (660, 640, 380, 400), "3": (660, 40, 380, 120),
                "4": (660, 220, 380, 80), "5": (1100, 40, 380, 160), "6": (1100, 260, 380, 130),
                "7": (1100, 450, 380, 220), "8": (1100, 730, 380, 130), "9": (1540, 40, 340, 300),
                "10": (1540, 400, 340, 80), "11": (1540, 540, 480, 500)},
        titles={"1": "Paint here", "2": "What the ControlNet sees", "5": "What it is", "6": "What it is not"},
        note="### A painted label map controls Stable Diffusion\n\n**Paint Label Map** paints in the classes of "
        "ADE20K, and its second output shows them in the colours that segmentation ControlNets were trained with.\n\n"
        "The editor offers to download Stable Diffusion 1.5 and its ControlNet if they are missing.",
        note_place=(40, 40, 560, 160),
        thumbnail_node="2",
        models={"3": STABLE_DIFFUSION, "4": CONTROL_NET},
    ),
    "gaugan_refine_with_diffusion": Example(
        nodes={
            "1": LANDSCAPE_MODEL,
            "2": node("GANAtelierExampleImage", picture="lake_labels.png"),
            "3": node("GauGANLabelMapFromColors", image=["2", 0], taxonomy="landscape", palette="auto", tolerance=8),
            "4": node("GANAtelierExampleImage", picture="noon.jpg"),
            "5": in_style_of("4", its_label_map="15", model="1", label_map="3"),
            "6": node("ImageScale", image=["5", 0], upscale_method="lanczos", width=768, height=0, crop="disabled"),
            "7": node("PreviewImage", images=["6", 0]),
            "8": node("CheckpointLoaderSimple", ckpt_name=STABLE_DIFFUSION["name"]),
            "9": node("CLIPTextEncode", clip=["8", 1], text=LAKE),
            "10": node("CLIPTextEncode", clip=["8", 1], text=BAD),
            "11": node("VAEEncode", pixels=["6", 0], vae=["8", 2]),
            "12": node("KSampler", model=["8", 0], positive=["9", 0], negative=["10", 0], latent_image=["11", 0],
                       seed=0, steps=25, cfg=6.0, sampler_name="dpmpp_2m", scheduler="karras", denoise=0.35),
            "13": node("VAEDecode", samples=["12", 0], vae=["8", 2]),
            "14": node("SaveImage", images=["13", 0], filename_prefix="gaugan_refined"),
            "15": label_map_of("4"),
        },
        places={"1": (40, 270, 320, 240), "2": (40, 580, 320, 100), "3": (40, 750, 320, 180),
                "4": (40, 1000, 320, 100), "15": (40, 1170, 320, 240), "5": (420, 40, 320, 260),
                "6": (420, 370, 320, 180), "7": (420, 620, 420, 460), "8": (900, 40, 380, 120),
                "9": (900, 220, 380, 160), "10": (900, 440, 380, 130), "11": (900, 630, 380, 80),
                "12": (1340, 40, 340, 300), "13": (1340, 400, 340, 80), "14": (1340, 540, 560, 540)},
        titles={"2": "The label map", "4": "The style", "7": "By GauGAN, enlarged",
                "12": "Low denoise keeps the layout", "14": "With the details of Stable Diffusion"},
        note="### More detail by diffusion\n\nGauGAN decides on the layout and the light; image-to-image with a "
        "low **denoise** adds detail. 0.2 changes little, 0.5 invents much.\n\nThe editor offers to download Stable "
        "Diffusion 1.5 if it is missing.",
        note_place=(40, 40, 320, 160),
        thumbnail_node="7",
        models={"8": STABLE_DIFFUSION},
    ),
}  # fmt: skip
