"""Names of people by a trained model: the one that comes with the package, and others that a policy names."""
