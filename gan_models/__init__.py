"""GAN models in plain PyTorch, without ComfyUI and without global state. Only ``weights`` downloads.

Images are ``[B, 3, H, W]`` tensors in [-1, 1]; the caller owns device and dtype.
"""
