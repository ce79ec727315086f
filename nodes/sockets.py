"""The socket types of the pack."""

from comfy_api.latest import io

SinGANModel = io.Custom("SINGAN_MODEL")
"""Carries a ``gan_models.singan.SinGAN``."""
