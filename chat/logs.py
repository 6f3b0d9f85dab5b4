"""Log lines: for people, or as JSON with one object per line.

A line has its time, level and logger. It has the ids of the request, the user and the
conversation too, where these are known. No line has a token or the text of a message, whatever
an exception may contain.
"""

import re
from logging.config import dictConfig
from typing import Any, Literal

from structlog import contextvars, dev, processors, stdlib
from structlog.typing import EventDict, Processor, WrappedLogger

Style = Literal["text", "json"]

TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
"""A JSON Web Token: every one begins like the base64 of `{"`."""
ROW = re.compile(r"\n(?:DETAIL|CONTEXT):.*?(?=\n\n(?:The above|During handling)|\Z)", re.DOTALL)
"""PostgreSQL quotes here what it could not store, up to the next part of the traceback."""


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Remove what no log may contain."""
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
    """The configuration for `logging.config.dictConfig`, and for gunicorn, whose own lines then
    look the same.
    """
    # Below INFO libraries log what they send to the database: passwords, tokens, messages.
    others = "INFO" if level == "DEBUG" else level
    # What these log when they start says nothing about Payam.
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
