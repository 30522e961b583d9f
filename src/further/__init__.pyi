from . import cluster as cluster
from . import compare as compare
from . import data as data
from . import evaluate as evaluate
from . import explain as explain
from . import generate as generate
from . import report as report
from . import supervised as supervised
from . import train as train
from . import trust as trust
from . import vision as vision
from .cluster.agglomerative import AgglomerativeClustering as AgglomerativeClustering
from .cluster.anomaly import compare_detectors as compare_detectors
from .cluster.dbscan import DBSCAN as DBSCAN
from .cluster.dissimilarity.silhouette import silhouette_values as silhouette_values
from .cluster.great_circle_kmeans import GreatCircleKMeans as GreatCircleKMeans
from .cluster.hdbscan import HDBSCAN as HDBSCAN
from .cluster.isolation_forest import IsolationForest as IsolationForest
from .cluster.kmeans import KMeans as KMeans
from .cluster.kmedians import KMedians as KMedians
from .cluster.kmedoids import KMedoids as KMedoids
from .cluster.kmodes import KModes as KModes
from .cluster.kprototypes import KPrototypes as KPrototypes
from .cluster.local_outlier_factor import LocalOutlierFactor as LocalOutlierFactor
from .cluster.mean_shift import MeanShift as MeanShift
from .cluster.minibatch_kmeans import MiniBatchKMeans as MiniBatchKMeans
from .cluster.mixture import GaussianMixture as GaussianMixture
from .cluster.number.choosing import choose_k as choose_k
from .cluster.number.initialisations import init_sensitivity as init_sensitivity
from .cluster.optics import OPTICS as OPTICS
from .cluster.spherical_kmeans import SphericalKMeans as SphericalKMeans
from .compare.auditing import audit as audit
from .compare.generation.auditing import audit_generator as audit_generator
from .data.dataset import Dataset as Dataset
from .evaluate.clustering.profiles import profile_clusters as profile_clusters
from .evaluate.clustering.projection import project as project
from .evaluate.clustering.rules import cluster_rules as cluster_rules
from .explain.architecture import explain_architecture as explain_architecture
from .generate.autoencoder import Autoencoder as Autoencoder
from .generate.copy import Copy as Copy
from .generate.denoising import DenoisingAutoencoder as DenoisingAutoencoder
from .generate.diffusion import Diffusion as Diffusion
from .generate.flow import NormalizingFlow as NormalizingFlow
from .generate.gan import GAN as GAN
from .generate.gaussian_mixture import GaussianMixtureDensity as GaussianMixtureDensity
from .generate.interpolation import Interpolation as Interpolation
from .generate.latent_diffusion import LatentDiffusion as LatentDiffusion
from .generate.vae import VAE as VAE
from .generate.vae import BetaVAE as BetaVAE
from .supervised.cnn import CNNClassifier as CNNClassifier
from .supervised.mlp import MLPClassifier as MLPClassifier
from .supervised.mlp import MLPRegressor as MLPRegressor
from .supervised.neuron import McCullochPittsNeuron as McCullochPittsNeuron
from .supervised.perceptron import Perceptron as Perceptron
from .supervised.rungs.additive import AdditiveClassifier as AdditiveClassifier
from .supervised.rungs.additive import AdditiveRegressor as AdditiveRegressor
from .supervised.rungs.constant import ConstantClassifier as ConstantClassifier
from .supervised.rungs.constant import ConstantRegressor as ConstantRegressor
from .supervised.rungs.decision_tree import DecisionTreeClassifier as DecisionTreeClassifier
from .supervised.rungs.decision_tree import DecisionTreeRegressor as DecisionTreeRegressor
from .supervised.rungs.explainable_boosting import (
    ExplainableBoostingClassifier as ExplainableBoostingClassifier,
)
from .supervised.rungs.explainable_boosting import (
    ExplainableBoostingRegressor as ExplainableBoostingRegressor,
)
from .supervised.rungs.gradient_boosting import (
    GradientBoostingClassifier as GradientBoostingClassifier,
)
from .supervised.rungs.gradient_boosting import (
    GradientBoostingRegressor as GradientBoostingRegressor,
)
from .supervised.rungs.linear import LinearRegression as LinearRegression
from .supervised.rungs.linear import LogisticRegression as LogisticRegression
from .supervised.rungs.polynomial import PolynomialRegression as PolynomialRegression
from .supervised.rungs.random_forest import RandomForestClassifier as RandomForestClassifier
from .supervised.rungs.random_forest import RandomForestRegressor as RandomForestRegressor
from .supervised.rungs.support_vector_machine import (
    SupportVectorClassifier as SupportVectorClassifier,
)
from .supervised.rungs.support_vector_machine import (
    SupportVectorRegressor as SupportVectorRegressor,
)
from .supervised.rungs.univariate import UnivariateClassifier as UnivariateClassifier
from .supervised.rungs.univariate import UnivariateRegressor as UnivariateRegressor
from .train.budget import Budget as Budget
from .train.load import load as load
from .train.training import Training as Training
from .trust.audit.mitigation import mitigate as mitigate
from .trust.bias.restoration import audit_restoration as audit_restoration
from .trust.bias.text_templates import audit_text as audit_text
from .trust.carbon.carbon import carbon as carbon
from .trust.card.model_card import card as card
from .trust.doctor.diagnosis import doctor as doctor
from .trust.labels.audit import audit_labels as audit_labels
from .trust.safety.abstention import Abstainer as Abstainer
from .trust.safety.conformal_classification import ConformalClassifier as ConformalClassifier
from .trust.safety.conformal_quantiles import (
    ConformalQuantileRegressor as ConformalQuantileRegressor,
)
from .trust.safety.conformal_regression import ConformalRegressor as ConformalRegressor
from .trust.safety.exchangeability import exchangeability_test as exchangeability_test
from .trust.safety.robustness import robustness as robustness
from .trust.safety.sensitivity import sensitivity as sensitivity
from .trust.safety.shift import ShiftDetector as ShiftDetector
from .trust.safety.shift_comparison import compare_shift_scores as compare_shift_scores
from .vision.controls import MajorityClass as MajorityClass
from .vision.controls import MeanBox as MeanBox
from .vision.controls import Watershed as Watershed
from .vision.faster_rcnn import FasterRCNN as FasterRCNN
from .vision.mask_rcnn import MaskRCNN as MaskRCNN
from .vision.unet import UNet as UNet
from .vision.unet_watershed import UNetWatershed as UNetWatershed
from .vision.yolo import YOLO as YOLO

__version__: str
