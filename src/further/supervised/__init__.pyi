from .cnn import CNNClassifier as CNNClassifier
from .match import MatchWarning as MatchWarning
from .match import match as match
from .mlp import MLPClassifier as MLPClassifier
from .mlp import MLPRegressor as MLPRegressor
from .neuron import McCullochPittsNeuron as McCullochPittsNeuron
from .neuron import truth_table as truth_table
from .perceptron import Perceptron as Perceptron
from .rungs.additive import AdditiveClassifier as AdditiveClassifier
from .rungs.additive import AdditiveRegressor as AdditiveRegressor
from .rungs.constant import ConstantClassifier as ConstantClassifier
from .rungs.constant import ConstantRegressor as ConstantRegressor
from .rungs.decision_tree import DecisionTreeClassifier as DecisionTreeClassifier
from .rungs.decision_tree import DecisionTreeRegressor as DecisionTreeRegressor
from .rungs.explainable_boosting import (
    ExplainableBoostingClassifier as ExplainableBoostingClassifier,
)
from .rungs.explainable_boosting import ExplainableBoostingRegressor as ExplainableBoostingRegressor
from .rungs.gradient_boosting import GradientBoostingClassifier as GradientBoostingClassifier
from .rungs.gradient_boosting import GradientBoostingRegressor as GradientBoostingRegressor
from .rungs.linear import LinearRegression as LinearRegression
from .rungs.linear import LogisticRegression as LogisticRegression
from .rungs.polynomial import PolynomialRegression as PolynomialRegression
from .rungs.random_forest import RandomForestClassifier as RandomForestClassifier
from .rungs.random_forest import RandomForestRegressor as RandomForestRegressor
from .rungs.support_vector_machine import SupportVectorClassifier as SupportVectorClassifier
from .rungs.support_vector_machine import SupportVectorRegressor as SupportVectorRegressor
from .rungs.univariate import UnivariateClassifier as UnivariateClassifier
from .rungs.univariate import UnivariateRegressor as UnivariateRegressor
from .separation import separate as separate
