"""`python -m loadtest growth`: how Payam's cost grows, as plots and tables."""
