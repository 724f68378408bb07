"""Who really sent a mail: DKIM, SPF and DMARC."""

from __future__ import annotations
