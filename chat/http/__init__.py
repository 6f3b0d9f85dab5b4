"""HTTP on the wire: Sanic's protocol, with what it leaves open or does otherwise."""
