"""HTTP on the wire: Sanic's protocol, with the parts that Payam adds or does in another way."""
