"""What the chat does and who may do it: one module per noun."""
