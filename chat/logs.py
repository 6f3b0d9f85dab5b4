"""Log lines: for people, or as JSON with one object a line; what they know, and never say.

A line has its time, level and logger, and of what it happened in: the request's id, the
user's, the conversation's, where these are known. Tokens and texts of messages are in
none, whatever an exception may bring along.
"""

import re
from logging.config import dictConfig
from typing import Any, Literal

from structlog import contextvars, dev, processors, stdlib
from structlog.typing import EventDict, Processor, WrappedLogger

Style = Literal["text", "json"]

TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
"""A JSON Web Token: each begins as the base64 of `{"` does."""
ROW = re.compile(r"\n(?:DETAIL|CONTEXT):.*?(?=\n\n(?:The above|During handling)|\Z)", re.DOTALL)
"""Where PostgreSQL quotes what could not be stored, up to the next part of the traceback."""


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Leave out what no log may hold."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = TOKEN.sub("[token]", ROW.sub("", value))
    return event


def formatter(kind: Style) -> stdlib.ProcessorFormatter:
    render: Processor = processors.JSONRenderer()
    if kind == "text":
        render = dev.ConsoleRenderer(
            colors=False,
            pad_level=False,
            pad_event_to=0,
            exception_formatter=dev.plain_traceback,
        )
    return stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            contextvars.merge_contextvars,
            stdlib.ExtraAdder(),
            stdlib.add_log_level,
            stdlib.add_logger_name,
            processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            stdlib.ProcessorFormatter.remove_processors_meta,
            processors.format_exc_info,
            redact,
            render,
        ],
    )


def config(level: str, kind: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`, and for gunicorn, whose own lines come out the same."""
    # Below INFO libraries say what they send to the database: passwords, tokens, messages.
    others = "INFO" if level == "DEBUG" else level
    # Their news of starting says nothing of Payam.
    quiet = {"level": "WARNING" if others == "INFO" else others}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"payam": {"()": formatter, "kind": kind}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "payam",
            }
        },
        "root": {"level": others, "handlers": ["stderr"]},
        "loggers": {
            "payam": {"level": level},
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            "sanic.root": quiet,
            "sanic.server": quiet,
        },
    }


def to_stderr(level: str, kind: str) -> None:
    dictConfig(config(level, kind))
