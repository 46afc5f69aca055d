#!/usr/bin/env bash
# Hands notifications to ackd through the transactional inbox, with the sqlite3 command (3.38 or newer).
#   ackctl inbox init shop.db                                makes the inbox's tables, once
#   inbox.sh pay shop.db 10086 P-1001 12.30 T-77001          merchant, order, amount, transaction
#   inbox.sh prune shop.db /var/lib/ackd/inbox.mark          deletes what ackd has on record
set -euo pipefail

# A value as an SQL literal. Never put a value into SQL in any other way.
quoted() { printf "'%s'" "${1//\'/\'\'}"; }

run_sql() { sqlite3 -bail -cmd '.timeout 5000' "$1"; }

# The order is paid and its notification is on its way, or neither: both rows are in one transaction. ackd is not asked
# and need not run; it reads the row within a moment. json_object() writes the JSON, so that no name can break it.
pay() {
  local database=$1 merchant order amount transaction
  merchant=$(quoted "$2") order=$(quoted "$3") amount=$(quoted "$4") transaction=$(quoted "$5")
  run_sql "$database" <<SQL
CREATE TABLE IF NOT EXISTS orders(
  id TEXT PRIMARY KEY, merchant TEXT NOT NULL, amount TEXT NOT NULL, paid_at TEXT NOT NULL);
BEGIN IMMEDIATE;
INSERT INTO orders(id, merchant, amount, paid_at)
VALUES ($order, $merchant, $amount, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
INSERT INTO ackd_inbox(notification) VALUES (json_object(
  'provider', 'payindex',
  'merchant', $merchant,
  'key', 'order-' || $order || '-paid',
  'fields', json_object(
    'memberid', $merchant,
    'orderid', $order,
    'amount', $amount,
    'transaction_id', $transaction,
    'datetime', strftime('%Y%m%d%H%M%S', 'now', '+8 hours'),
    'returncode', '00')));
COMMIT;
SQL
}

# Every row up to the mark is on ackd's own record. The row at the mark itself stays: by it ackd recognises when an
# older copy of this database has taken its place. A mark of another database (its identity differs) deletes nothing.
prune() {
  local database=$1 file=$2
  [ -r "$file" ] || { echo "inbox.sh: cannot read the mark in $file" >&2; return 1; }
  run_sql "$database" <<SQL
WITH published(mark) AS (SELECT CAST(readfile($(quoted "$file")) AS TEXT))
DELETE FROM ackd_inbox WHERE id < (
  SELECT json_extract(mark, '\$.mark') FROM published, ackd_inbox_source
  WHERE json_extract(mark, '\$.identity') = identity);
SELECT changes() || ' rows deleted';
SQL
}

case ${1:-} in
  pay) [ $# -eq 6 ] && { shift; pay "$@"; exit; } ;;
  prune) [ $# -eq 3 ] && { shift; prune "$@"; exit; } ;;
esac
sed -n '2,5s/^# *//p' "${BASH_SOURCE[0]}" >&2
exit 2
