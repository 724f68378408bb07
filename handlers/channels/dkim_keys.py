"""Keys that outgoing mail is signed with: made once, published by the owner of the domain."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.errors import NotFound, UserError
from mail.errors import MailError
from mail.writing.dkim_sign import dns_record, new_key
from mail.writing.headers import ascii_domain
from storage.engine import Database
from storage.queries import dkim
from storage.queries.dkim import DkimKey


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """`record` is the line for the domain's DNS zone."""

    domain: str
    selector: str
    record: str


class DkimKeys:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def new(
        self, domain: str, *, selector: str = "canal", replace: bool = False
    ) -> PublishedKey:
        """Make a key; from now on mail from this domain is signed.

        Raises:
            UserError: the names are none, or there is a key and `replace` is not set.
        """
        try:
            name = ascii_domain(domain).casefold()
            private_key, record = new_key(name, selector)
        except MailError as error:
            raise UserError(str(error)) from error
        async with self._db.write() as tx:
            if not replace and await dkim.find(tx, name):
                raise UserError(
                    f"There is a key for {name} already: “canal dkim show {name}” prints its "
                    "record, “--replace” makes a new one."
                )
            await dkim.put(tx, DkimKey(name, selector, private_key))
        return PublishedKey(name, selector, record)

    async def show(self, domain: str) -> PublishedKey:
        """Raises NotFound."""
        key = await self._get(domain)
        record = dns_record(key.private_key, key.domain, key.selector)
        return PublishedKey(key.domain, key.selector, record)

    async def remove(self, domain: str) -> None:
        """Mail from the domain is not signed any more. Raises NotFound."""
        key = await self._get(domain)
        async with self._db.write() as tx:
            await dkim.remove(tx, key.domain)

    async def _get(self, domain: str) -> DkimKey:
        try:
            name = ascii_domain(domain).casefold()
        except MailError as error:
            raise NotFound(str(error)) from error
        async with self._db.read() as tx:
            found = await dkim.find(tx, name)
        if found is None:
            raise NotFound(f"There is no key for {name}: “canal dkim new {name}” makes one.")
        return found
