from .architecture import Architecture as Architecture
from .architecture import explain_architecture as explain_architecture
from .layer import Layer as Layer
