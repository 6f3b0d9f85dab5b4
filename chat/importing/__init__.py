"""Takes over what another chat server has kept: today the tables of a Django module."""
