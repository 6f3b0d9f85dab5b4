"""What clients' frames do: one module per family."""
