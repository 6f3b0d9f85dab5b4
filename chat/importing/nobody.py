"""The user in whose name stands what is nobody's, such as messages whose sender was deleted."""

from itertools import count

from chat.importing.job import Job
from chat.store import imported_rows, imports
from chat.store.database import Transaction
from chat.times import now

NAME = "deleted-user"
STEP = "nobody"
"""The step of an import whose `shift` is the id of its nobody."""


async def nobody(job: Job, transaction: Transaction) -> int:
    """The id. The user is made when it is first asked for, under a name that is free."""
    present = (await imports.steps(transaction, job.name)).get(STEP)
    if present is not None:
        return present.shift
    for number in count(1):
        name = NAME if number == 1 else f"{NAME}-{number}"
        user_id = await imported_rows.add_nobody(transaction, name, now())
        if user_id is not None:
            await imports.begin(transaction, job.name, STEP, user_id)
            return user_id
    raise AssertionError  # the numbers do not end
