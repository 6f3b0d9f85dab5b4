"""HTTP in: one blueprint per noun, its schemas, and errors as problem documents."""
