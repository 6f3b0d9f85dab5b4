"""How the parts of a process are put together. `payam.py` makes them with these modules."""
