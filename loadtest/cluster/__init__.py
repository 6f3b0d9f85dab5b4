"""`python -m loadtest cluster`: Payam on three machines that are network namespaces."""
