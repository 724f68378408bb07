"""What a mail is made of: headers, addresses, charsets, encodings and parts, however broken."""

from __future__ import annotations
