"""The documents of the interfaces: OpenAPI, AsyncAPI, and a page for people.

They are made from what runs: the router, the handlers' docstrings and `Operation`s, and the
structs into which bodies and frames are decoded.
"""
