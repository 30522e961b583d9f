from .architecture import Architecture as Architecture
from .architecture import explain_architecture as explain_architecture
from .importance import permutation_importance as permutation_importance
from .layer import Layer as Layer
from .surrogate import Surrogate as Surrogate
from .surrogate import surrogate_tree as surrogate_tree
