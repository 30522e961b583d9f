"""Generative models: autoencoders, VAE, GAN, normalizing flow, diffusion, and their controls."""
