"""The catalogue of changes: everything that takes a `seq`.

Each family of kinds has a file with everything that belongs to it alone: the frames for clients,
an example of each, and how it is read back. `catalogue` lists the families. Whatever must know
every kind (the protocol, catching up, the documents, the clients' lists) is made from this list,
or tested against it.
"""
