"""The catalogue of changes: everything that takes a conversation's change number.

Each family of kinds has a file, with all that is particular to it: the frames that clients get,
an example of each, and how it is read back. `catalogue` lists the families. What must know every
kind (the protocol, catching up, the documents, the clients' lists) is made from that list, or
tested against it.
"""
