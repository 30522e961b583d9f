"""The one training loop: objectives, budget, precision, checkpoints, energy, and the run folder."""
