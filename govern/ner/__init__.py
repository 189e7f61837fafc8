"""Names of people by a trained model: that of the package, those that a policy names, and the recipe of our own."""

from importlib import resources
from pathlib import Path

PIPELINES = Path(str(resources.files("govern.ner").joinpath("pipelines")))
"""Where the model of the package lies, with its card."""
