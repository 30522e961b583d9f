"""What the samples of a generative model are worth."""
