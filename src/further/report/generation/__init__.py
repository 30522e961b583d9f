"""The page of a comparison or a training of generative models."""
