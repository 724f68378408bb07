"""Logs: structlog and the standard library's logging in one stream, redacted, JSON or for people.

`configure_logging` is the only function that changes anything global, and only the composition
root calls it. Code that may not know structlog (mail/, storage/) logs through `logging`.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.config.settings import Settings
from bot.redaction import Redactor

CHATTY_LIBRARIES = (
    "aiohttp",
    "aiosqlite",
    "alembic",
    "apscheduler",
    "asyncio",
    "dkim",
    "imapclient",
    "mail.log",  # aiosmtpd
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
)
"""Never below WARNING: on DEBUG they print requests, and with them what customers wrote."""


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Sends all logs to `stream` (stderr), one line each, with the settings' level and format."""
    stream = stream or sys.stderr
    as_json = settings.log_format == "json" or (
        settings.log_format == "auto" and not stream.isatty()
    )
    shared = _shared_processors()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redacting(Redactor(mask_addresses=settings.log_addresses == "masked")),
                _renderer(as_json, stream),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in CHATTY_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose events take values by keyword: log.info("posted", ticket=12)."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def redacting(redactor: Redactor) -> Processor:
    """The processor that comes last before rendering."""

    def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> dict[str, Any]:
        return redactor.event(event)

    return redact


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderer(as_json: bool, stream: TextIO) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
