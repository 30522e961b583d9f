"""Supervised models: from the multilayer perceptron to the convolutional network."""
