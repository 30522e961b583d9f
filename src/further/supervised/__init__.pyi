from .neuron import McCullochPittsNeuron as McCullochPittsNeuron
from .neuron import truth_table as truth_table
from .perceptron import Perceptron as Perceptron
from .separation import separate as separate
