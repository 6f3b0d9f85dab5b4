"""What all models are."""

import peewee


class Table(peewee.Model):
    """A model without a database: `Database` runs the queries that models build."""
