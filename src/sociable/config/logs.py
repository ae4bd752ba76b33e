"""Writes logs as JSON lines with ids and never what people wrote."""

from __future__ import annotations

import logging

import structlog


class JsonLines(structlog.stdlib.ProcessorFormatter):
    """Formats every record of the process, ours and the libraries', as one JSON line."""

    def __init__(self) -> None:
        super().__init__(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have cached a plain text
        return super().format(record)
