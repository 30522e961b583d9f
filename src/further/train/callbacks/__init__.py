"""What may be added to the training loop: a file each."""
