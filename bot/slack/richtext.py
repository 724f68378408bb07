"""The two translations between Slack and Document, under one name.

Out: a Document as blocks and a fallback text (`bot.slack.blocks`). In: what an agent wrote as a
Document (`bot.slack.agent_text`).
"""

from __future__ import annotations

from bot.slack.agent_text import AgentText, document_from_message, find_mentions
from bot.slack.blocks import RenderedBlocks, blocks_from_document, escape_text

__all__ = [
    "AgentText",
    "RenderedBlocks",
    "blocks_from_document",
    "document_from_message",
    "escape_text",
    "find_mentions",
]
