#!/usr/bin/env python3
"""A merchant's address for payindex notifications. The standard library only.

    payindex.py --port 8080 --key-file key --database orders.db

Three things matter, whatever the framework:
  - nothing is believed before the signature has been checked, in constant time;
  - the answer is exactly OK, and comes only after the payment is booked durably;
  - a notification may come more than once, also after an OK that got lost: the repeat books nothing, and is OK too.
"""

import argparse
import hashlib
import hmac
import http.server
import sqlite3
import urllib.parse

BODY_BYTES_MAX = 16 * 1024
REQUIRED = {"memberid", "orderid", "amount", "transaction_id", "datetime", "returncode", "sign"}
NOT_SIGNED = {"sign", "attach"}  # attach is not signed: do not trust it


def read_fields(body):
    """The fields of a form, or None. Each character stands for one byte, as the signature is made over bytes."""
    pairs = urllib.parse.parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    fields = dict(pairs)
    # A name that comes twice means one thing to the signature and maybe another to the program.
    return fields if len(fields) == len(pairs) and REQUIRED <= fields.keys() else None


def signature_of(fields, key):
    """The upper-case MD5 over all fields that are signed and not empty, sorted by name, with the key behind them."""
    signed = sorted((name, value) for name, value in fields.items() if name not in NOT_SIGNED and value != "")
    text = "".join(f"{name}={value}&" for name, value in signed)
    return hashlib.md5(text.encode("latin-1") + b"key=" + key).hexdigest().upper()


def book(database, fields):
    """Books the payment once, and returns when it is on disk.

    In your database: in one transaction with what the payment sets off. Compare the amount with the order's first, and
    refuse what differs.
    """
    text = {name: value.encode("latin-1").decode("utf-8", "replace") for name, value in fields.items()}
    connection = sqlite3.connect(database, timeout=5)
    try:
        with connection:
            connection.execute("""CREATE TABLE IF NOT EXISTS payments(
                orderid TEXT, transaction_id TEXT, amount TEXT NOT NULL, PRIMARY KEY(orderid, transaction_id))""")
            connection.execute("""INSERT INTO payments VALUES (:orderid, :transaction_id, :amount)
                ON CONFLICT DO NOTHING""", text)
    finally:
        connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    key = b""
    database = ""
    timeout = 30  # of a connection on which nothing comes

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            return self.answer(413, "this is no notification")
        fields = read_fields(self.rfile.read(int(length)))
        if fields is None:
            return self.answer(400, "this is no notification")
        if not hmac.compare_digest(signature_of(fields, self.key).encode(), fields["sign"].encode("latin-1")):
            return self.answer(403, "wrong signature")
        try:
            if fields["returncode"] == "00":  # anything else says that the order was not paid
                book(self.database, fields)
        except sqlite3.Error as trouble:
            self.log_error("cannot book %s: %s", fields["orderid"], trouble)
            return self.answer(500, "try again")  # not OK, so it comes again
        self.answer(200, "OK")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())  # exactly this: no newline, no byte order mark


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key-file", required=True)
    parser.add_argument("--database", required=True)
    options = parser.parse_args()
    with open(options.key_file, "rb") as file:
        Handler.key = file.read().rstrip(b"\r\n")
    if not Handler.key:
        parser.error("the key file is empty")  # never check with an empty key
    Handler.database = options.database
    # Loopback, behind the web server that speaks TLS to the world.
    http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
