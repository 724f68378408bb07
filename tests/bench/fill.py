"""Years of tickets at once: rows by the million, made inside the database."""

from __future__ import annotations

from sqlalchemy import text

from bot.config.types import parse_database_url
from storage.crypto import Vault
from storage.engine import open_database
from storage.startup import prepare
from tests.bench.fast_slack import TEAM

_CHUNK = 100_000
_SERIES = {
    True: "(WITH RECURSIVE series(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM series "
    "WHERE n < :last) SELECT n FROM series)",
    False: "(SELECT n FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n)",
}
_NOW = "2025-06-01 10:00:00.000000"
_WORDS = (
    '[{"kind": "paragraph", "spans": [{"text": "The invoice of May lists two seats and we have '
    'only one of them in use. Could you send a corrected one? Thanks and best regards, Jo"}]}]'
)
_TABLES = (
    ("INSERT INTO tickets (id, team_id, number, email_channel_id, subject, customer_name, "
    "customer_address, participants, status, slack_channel_id, root_ts, last_seen_ts, opened_at, "
    "updated_at) SELECT n, :team, n, 1, 'Invoice ' || n, 'Jo', "
    "'jo' || (n % 200000) || '@cust.example', {empty}, "
    "CASE WHEN n > :open THEN 'open' ELSE 'closed' END, :place, "
    "(1000000000 + n * 3) || '.000100', (1000000000 + n * 3) || '.000100', {now}, {now} "
    "FROM {series}"),
    ("INSERT INTO ticket_people (ticket_id, address, name) SELECT n, "
    "'jo' || (n % 200000) || '@cust.example', 'Jo' FROM {series}"),
    *(
        "INSERT INTO messages (id, team_id, ticket_id, email_channel_id, direction, kind, state, "
        "rfc_message_id, author_name, author_address, slack_channel_id, slack_ts, subject, body, "
        "folded_lines, recipients, \"references\", details, created_at) SELECT n * 3 + "
        f"{part - 2}, :team, n, 1, '{direction}', 'message', '{state}', "
        f"'<m' || n || '.{part}@cust.example>', 'Jo', 'jo' || (n % 200000) || '@cust.example', "
        f":place, (1000000000 + n * 3 + {part}) || '.000100', 'Invoice ' || n, {{words}}, 0, "
        "{empty}, {empty}, {nothing}, {now} FROM {series}"
        for part, direction, state in ((0, "inbound", "filed"), (1, "outbound", "sent"),
                                       (2, "inbound", "filed"))
    ),
    *(
        "INSERT INTO message_index (email_channel_id, rfc_message_id, ticket_id, message_id) "
        f"SELECT 1, '<m' || n || '.{part}@cust.example>', n, n * 3 + {part - 2} "
        "FROM {series}"
        for part in range(3)
    ),
)  # fmt: skip


async def fill(url: str, key: str, tickets: int) -> None:
    """`tickets` tickets, closed but for the newest hundred, each with three messages."""
    db = open_database(parse_database_url(url), Vault([key]))
    await prepare(db)
    casts = ("TEXT", "TEXT") if db.is_sqlite else ("jsonb", "timestamptz")
    words = {
        "series": _SERIES[db.is_sqlite],
        "empty": f"CAST('[]' AS {casts[0]})",
        "nothing": f"CAST('{{}}' AS {casts[0]})",
        "words": f"CAST('{_WORDS.replace(':', chr(92) + ':')}' AS {casts[0]})",
        "now": f"CAST('{_NOW.replace(':', chr(92) + ':')}' AS {casts[1]})",
    }
    async with db.write() as tx:
        await tx.execute(
            text("INSERT INTO workspaces (team_id, name, next_ticket_number, created_at) "
                 f"VALUES (:team, 'Bench', :next, {words['now']})"),
            {"team": TEAM, "next": tickets + 1},
        )  # fmt: skip
    for first in range(1, tickets + 1, _CHUNK):
        last = min(tickets, first + _CHUNK - 1)
        common = {
            "first": first,
            "last": last,
            "team": TEAM,
            "place": "C0000BENCH",
            "open": tickets - 100,
        }
        async with db.write() as tx:
            for table in _TABLES:
                statement = table.format(**words)
                wanted = {name: common[name] for name in common if f":{name}" in statement}
                await tx.execute(text(statement), wanted)
    async with db.write() as tx:
        if not db.is_sqlite:
            for table in ("tickets", "messages"):
                await tx.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                         f"(SELECT max(id) FROM {table}))")
                )  # fmt: skip
        await tx.execute(text("ANALYZE"))
    await db.close()
