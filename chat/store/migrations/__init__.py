"""Numbered steps that bring a database to the present schema, in order.

A step has `STATEMENTS`, which run first, and may have `async def carry_over(transaction)`,
which does what SQL cannot say.
"""
