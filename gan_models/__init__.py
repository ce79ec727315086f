"""GAN models in plain PyTorch: no ComfyUI, no downloads, no global state.

Images are ``[B, 3, H, W]`` tensors in [-1, 1]; the caller owns device and dtype.
"""
