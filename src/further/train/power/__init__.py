"""How much energy work takes: counters of processors and GPUs, design power, and the grid."""
