"""Tests mirror the tree they test: `chat/store/files.py` has `tests/store/test_files.py`."""
