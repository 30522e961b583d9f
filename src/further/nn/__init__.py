"""Building blocks shared by several models: perceptrons, convolutions, embeddings, U-Net."""
