"""Runs an import, from where an earlier run of it has come.

The nouns come one after the other: users, conversations, messages, files, tickets. Each is read in
pages by id. A page, and the position behind it, are one transaction. So a run that is killed
anywhere is repeated without doubling anything: the next one begins behind the last page that is in.

Old ids are kept where that is possible. When a noun begins, its ids are compared with those in use.
If none is taken all are kept; if any is taken, all of that noun move by the same number. So
`new = old + shift`, and the order stays, which the messages of a conversation need.
"""

from collections.abc import Awaitable, Callable
from datetime import tzinfo
from functools import partial
from pathlib import Path
from time import monotonic

from chat.errors import PayamError
from chat.importing import attachments, conversations, messages, source, support_tickets, users
from chat.importing.job import Job, Note
from chat.importing.layout import ID_MOST, Layout, layout_of
from chat.importing.report import Report, report_of
from chat.importing.source import Source
from chat.store import imported_rows, imports
from chat.store.database import Database, Row
from chat.store.files import Files

TABLES = {
    "users": "users",
    "conversations": "conversations",
    "messages": "messages",
    "attachments": "attachments",
    "tickets": "support_tickets",
}
"""Payam's table of each noun, in the order in which they come."""
STORES: dict[str, Callable[..., Awaitable[list[Note]]]] = {
    "users": users.store,
    "conversations": conversations.store,
    "messages": messages.store,
    "attachments": attachments.store,
    "tickets": support_tickets.store,
}
PAGES = {"users": 1_000, "conversations": 200, "messages": 1_000, "attachments": 20, "tickets": 500}
"""Most rows in memory at once: those of messages may be long, and each file is copied."""
MARKS = "read marks"
MARKED = 500
"""Conversations whose marks are set in one transaction."""
SHOWN_SECONDS = 2.0
"""Between two lines of progress."""
# Django's table has the moment of the first migration, to the microsecond: a database keeps it
# wherever it is moved to.
IDENTITY = "SELECT CAST(min(applied) AS varchar(40)) FROM django_migrations"


async def import_django(
    database: Database,
    files: Files,
    url: str,
    *,
    label: str,
    user_table: str,
    media: Path | None,
    without_media: bool,
    zone: tzinfo,
    progress: Callable[[str], None],
) -> Report:
    """Take over everything. Raises PayamError, whose text is one line, before or between pages.

    `media` is the folder of the files (MEDIA_ROOT); `without_media` leaves them out.
    """
    read_from = await source.opened(url)
    try:
        layout = await layout_of(read_from, label, user_table)
        folder = await media_of(read_from, layout, media, without_media=without_media)
        if folder is None:
            layout.parts.pop("attachments", None)
        name = await name_of(read_from, label)
        shifts = await begin(database, read_from, layout, name)
        job = Job(name, read_from, layout, database, files, folder, zone, shifts, progress)
        for noun in layout.parts:
            await take(job, noun)
        await mark(job)
        return await report_of(database, name)
    finally:
        await read_from.close()


async def media_of(
    read_from: Source, layout: Layout, media: Path | None, *, without_media: bool
) -> Path | None:
    """The folder; None if files are left out, or if there are none."""
    if media is not None:
        if not media.is_dir():  # noqa: ASYNC240 - a look
            raise PayamError(f"--media: {media} is no folder.")
        return media.resolve()  # noqa: ASYNC240 - a look
    if "attachments" in layout.parts and not without_media:
        count, _, _ = await layout.parts["attachments"].bounds(read_from)
        if count:
            raise PayamError(
                f"There are {count} attachments: give their folder (MEDIA_ROOT) by --media DIR,"
                " or leave them out by --without-media."
            )
    return None


async def name_of(read_from: Source, label: str) -> str:
    """The name of this source, which is the same in each run."""
    first = None
    if await read_from.columns("django_migrations"):
        ((first,),) = await read_from.fetch(IDENTITY)
    return f"django {label} {first or 'without migrations'}"


async def begin(database: Database, read_from: Source, layout: Layout, name: str) -> dict[str, int]:
    """Decide by how much the ids of each noun move, and keep the new ids free. Once per import."""
    bounds = {noun: await part.bounds(read_from) for noun, part in layout.parts.items()}
    async with database.transaction() as transaction:
        known = await imports.steps(transaction, name)
        for noun, (_, first, last) in bounds.items():
            if noun in known:
                continue
            await database.reserve_ids(transaction, TABLES[noun], last)
            is_taken, highest = await imports.taken(transaction, TABLES[noun], first, last)
            shift = max(highest, last) + 1 - first if is_taken else 0
            if last + shift > ID_MOST:
                raise PayamError(f"{TABLES[noun]}: there is no room for ids up to {last + shift}.")
            if shift:
                await database.reserve_ids(transaction, TABLES[noun], last + shift)
            await imports.begin(transaction, name, noun, shift)
        if MARKS not in known:
            await imports.begin(transaction, name, MARKS, 0)
        known = await imports.steps(transaction, name)
    return {noun: step.shift for noun, step in known.items()}


async def take(job: Job, noun: str) -> None:
    """Take over one noun, page by page."""
    step = (await imports.steps(job.database, job.name))[noun]
    if step.is_done:
        return
    count, _, _ = await job.layout.parts[noun].bounds(job.source)
    after, done, shown = step.after_id, step.done, monotonic()
    while rows := await job.layout.parts[noun].page(job.source, after, PAGES[noun]):
        await take_page(job, noun, rows)
        after, done = rows[-1][0], done + len(rows)
        if monotonic() - shown > SHOWN_SECONDS:
            shown = monotonic()
            job.progress(f"{noun}: {done} of {count}")
    async with job.database.transaction() as transaction:
        await imports.advance(transaction, job.name, noun, after, 0, is_done=True)
    job.progress(f"{noun}: {done} of {count}")


async def take_page(job: Job, noun: str, rows: list[Row]) -> None:
    store: Callable[..., Awaitable[list[Note]]] = STORES[noun]
    if noun == "attachments":
        store = partial(store, copies=await attachments.copy_all(job, rows))
    async with job.database.transaction() as transaction:
        notes = await store(job, transaction, rows)
        await imports.note(transaction, job.name, notes)
        await imports.advance(transaction, job.name, noun, rows[-1][0], len(rows))


async def mark(job: Job) -> None:
    """Set how far each participant has read, when all messages are in."""
    step = (await imports.steps(job.database, job.name))[MARKS]
    if step.is_done:
        return
    shift, after = job.shifts["conversations"], step.after_id
    while rows := await job.layout.parts["conversations"].page(job.source, after, MARKED):
        last = rows[-1][0]
        async with job.database.transaction() as transaction:
            await imported_rows.set_marks(transaction, after + shift, last + shift)
            await imports.advance(transaction, job.name, MARKS, last, 0)
        after = last
    async with job.database.transaction() as transaction:
        await imports.advance(transaction, job.name, MARKS, after, 0, is_done=True)
    await imported_rows.forget_unread(job.database)
