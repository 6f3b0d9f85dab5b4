"""`python -m loadtest model`: how much of what a deployment of a given size needs."""
