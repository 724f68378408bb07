"""A name server on loopback with the records that a test wants (dnslib)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dns.asyncresolver
from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from tests.servers.ports import free_port


class Zone(BaseResolver):  # type: ignore[misc] # untyped library
    """Answers from `records`, lines of a zone file; counts what was asked."""

    def __init__(self, records: str) -> None:
        self.records = RR.fromZone(records)
        self.asked: list[str] = []
        self.port = 0

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        del handler
        reply = request.reply()
        name, kind = request.q.qname, QTYPE[request.q.qtype]
        self.asked.append(f"{name} {kind}")
        same = [one for one in self.records if one.rname == name]
        for record in same:
            if QTYPE[record.rtype] == kind:
                reply.add_answer(record)
        if not same:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply

    def resolver(self) -> dns.asyncresolver.Resolver:
        """A dnspython resolver that asks this server alone."""
        found = dns.asyncresolver.Resolver(configure=False)
        found.nameservers = ["127.0.0.1"]
        found.port = self.port
        return found


@contextmanager
def running_dns(records: str) -> Iterator[Zone]:
    """The name server for the time of the block."""
    zone = Zone(records)
    zone.port = free_port()
    server = DNSServer(
        zone, port=zone.port, address="127.0.0.1", logger=DNSLogger(logf=lambda _: None)
    )
    server.start_thread()
    try:
        yield zone
    finally:
        server.server.shutdown()
        server.server.server_close()
        server.thread.join(5)
