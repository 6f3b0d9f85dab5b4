"""`python -m loadtest compare`: Payam beside its peers, in one table."""
