"""HTTP in: one blueprint a noun, its schemas, and errors as problem documents."""
