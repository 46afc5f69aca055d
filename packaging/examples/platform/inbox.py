#!/usr/bin/env python3
"""Hands notifications to ackd through the transactional inbox. The standard library only.

    ackctl inbox init shop.db                                makes the inbox's tables, once
    inbox.py pay shop.db 10086 P-1001 12.30 T-77001          merchant, order, amount, transaction
    inbox.py prune shop.db /var/lib/ackd/inbox.mark          deletes what ackd has on record
"""

import contextlib
import datetime
import json
import sqlite3
import sys

ORDERS = """CREATE TABLE IF NOT EXISTS orders(
  id TEXT PRIMARY KEY, merchant TEXT NOT NULL, amount TEXT NOT NULL, paid_at TEXT NOT NULL)"""
CHINA = datetime.timezone(datetime.timedelta(hours=8))


@contextlib.contextmanager
def transaction(database):
    """All of the statements inside, or none of them."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def open_database(path):
    # isolation_level=None: transactions begin and end where this program says, and nowhere else.
    database = sqlite3.connect(path, timeout=5, isolation_level=None)
    database.execute(ORDERS)
    return database


def pay(database, merchant, order, amount, transaction_id):
    """The order is paid and its notification is on its way, or neither.

    ackd is not asked and need not run; it reads the row within a moment. Amounts are texts and stay as they are.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    notification = {
        "provider": "payindex",
        "merchant": merchant,
        "key": f"order-{order}-paid",
        "fields": {
            "memberid": merchant,
            "orderid": order,
            "amount": amount,
            "transaction_id": transaction_id,
            "datetime": now.astimezone(CHINA).strftime("%Y%m%d%H%M%S"),
            "returncode": "00",
        },
    }
    with transaction(database):
        database.execute("INSERT INTO orders(id, merchant, amount, paid_at) VALUES (?, ?, ?, ?)",
                         (order, merchant, amount, now.strftime("%Y-%m-%dT%H:%M:%SZ")))
        database.execute("INSERT INTO ackd_inbox(notification) VALUES (?)",
                         (json.dumps(notification, ensure_ascii=False),))


def prune(database, mark_file):
    """Deletes what ackd has on its own record, and returns how many rows that were.

    The row at the mark itself stays: by it ackd recognises when an older copy of this database has taken its place. The
    identity is compared, because a mark of another database means nothing here.
    """
    with open(mark_file, encoding="utf-8") as file:
        published = json.load(file)
    with transaction(database):
        identity, = database.execute("SELECT identity FROM ackd_inbox_source").fetchone()
        if identity != published["identity"]:
            raise ValueError(f"{mark_file} belongs to another inbox ({published['identity']}, not {identity})")
        return database.execute("DELETE FROM ackd_inbox WHERE id < ?", (published["mark"],)).rowcount


def main(arguments):
    if len(arguments) == 6 and arguments[0] == "pay":
        pay(open_database(arguments[1]), *arguments[2:])
    elif len(arguments) == 3 and arguments[0] == "prune":
        print(prune(open_database(arguments[1]), arguments[2]), "rows deleted")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
