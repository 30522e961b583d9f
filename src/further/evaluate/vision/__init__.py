"""What boxes, masks and instances that a model found in held-out pictures are worth."""
