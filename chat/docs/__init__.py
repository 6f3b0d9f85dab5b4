"""The documents of the interfaces: OpenAPI, AsyncAPI, and a page for people to read.

They are made of what works: the router, the handlers' docstrings and `Operation`s, and
the structs that bodies and frames are decoded into.
"""
