"""What Prometheus may ask. Labels are few fixed words: never an address, a channel or a ticket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Every metric of one Canal; made once by `build_metrics`."""

    registry: CollectorRegistry = field(repr=False)
    mails_accepted: Counter
    """by wire: smtp, imap, file"""
    mails_refused: Counter
    """by reason: the enhanced status code"""
    intake_seconds: Histogram
    """from the end of DATA, or the fetch, to the commit"""
    posting_seconds: Histogram
    """from the commit to Slack's answer"""
    outbox_depth: Gauge
    """by kind"""
    outbox_oldest_seconds: Gauge
    outbox_dead: Gauge
    posts: Counter
    """by result: ok, retry, failed"""
    sends: Counter
    """by result and recipient: accepted, temporary, permanent, ambiguous"""
    slack_rate_limited: Counter
    socket_connected: Gauge
    """1 while at least one Socket Mode connection is open"""
    imap_accounts: Gauge
    """by state: up, down, paused"""
    imap_oldest_success_seconds: Gauge
    """since the last success of the mailbox that has been longest without one"""
    leases_held: Gauge
    listener_errors: Counter
    tasks: Gauge
    """asyncio tasks of the process: one that grows for hours is a leak"""


def build_metrics() -> Metrics:
    """A fresh set in a registry of its own, with what the process itself uses."""
    from prometheus_client import GCCollector, PlatformCollector, ProcessCollector

    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    counter = partial(Counter, namespace="canal", registry=registry)
    gauge = partial(Gauge, namespace="canal", registry=registry)
    seconds = partial(Histogram, namespace="canal", registry=registry, buckets=SECONDS)
    return Metrics(
        registry=registry,
        mails_accepted=counter("mails_accepted", "Mails stored durably.", ["wire"]),
        mails_refused=counter("mails_refused", "Mails refused.", ["reason"]),
        intake_seconds=seconds("intake_seconds", "From a whole mail to its commit."),
        posting_seconds=seconds("posting_seconds", "From a mail's commit to its post."),
        outbox_depth=gauge("outbox_depth", "Side effects that wait.", ["kind"]),
        outbox_oldest_seconds=gauge("outbox_oldest_seconds", "Age of the oldest that is due."),
        outbox_dead=gauge("outbox_dead", "Side effects that were given up."),
        posts=counter("posts", "Posts to Slack.", ["result"]),
        sends=counter("sends", "Recipients of outgoing mails.", ["result"]),
        slack_rate_limited=counter("slack_rate_limited", "Answers 429 of Slack."),
        socket_connected=gauge("socket_connected", "Whether a Socket Mode connection is open."),
        imap_accounts=gauge("imap_accounts", "Watched mailboxes.", ["state"]),
        imap_oldest_success_seconds=gauge(
            "imap_oldest_success_seconds", "Since the last success of the worst mailbox."
        ),
        leases_held=gauge("leases_held", "Leases that this process holds."),
        listener_errors=counter("listener_errors", "Slack events whose handling failed."),
        tasks=_tasks(gauge("asyncio_tasks", "Tasks of the event loop.")),
    )


def _tasks(gauge: Gauge) -> Gauge:
    """Counted when it is asked for; outside an event loop there are none."""

    def count() -> int:
        try:
            return len(asyncio.all_tasks())
        except RuntimeError:
            return 0

    gauge.set_function(count)
    return gauge
