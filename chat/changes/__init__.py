"""The catalogue of changes: everything that takes a `seq` of a conversation.

Each family of kinds has a file, with all that is particular to it: the frames that clients get,
an example of each, and how it is read back. `catalogue` lists the families. The protocol, catching
up, `since` over HTTP, `doctor` and the documents are made from that list.

A new noun, for example pins, needs:

1. a file here, with its frames, and its family in `catalogue.FAMILIES`;
2. a table whose rows keep the `seq` of their last change, also of what was taken back;
3. a service that, within the writer, advances the conversation's `seq`, stores, and calls
   `log.write` with the `seq` that the row had before, so that the older entry goes.

`tests/test_catalogue.py` fails until both client libraries and the documents name the new kinds,
and `tests/store/test_doctor.py` until they are caught up with and examined.
"""
