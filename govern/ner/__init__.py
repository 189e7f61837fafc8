"""Names of people by a trained model: those that a policy names, and the recipe of one of our own."""
