#!/usr/bin/env bash
# Hands one notification to ackd over HTTP, with curl.
#   enqueue.sh /var/lib/ackd/ackd.sock notification.json        over the unix socket
#   enqueue.sh http://127.0.0.1:8081 notification.json          over TCP of loopback
# Exit code 0 and ackd's answer on standard output: the notification is on disk, and ackd will deliver it. Any other
# exit code: it is not known to be recorded. Run the same command with the same file again, however often: the
# idempotency key in it ("key") makes it one notification.
set -euo pipefail

address=${1:?where ackd listens: the path of its socket, or http://127.0.0.1:PORT}
file=${2:?the file with the notification}

case $address in
  http://*) where=(--noproxy '*' "$address/v1/notifications") ;;
  *) where=(--unix-socket "$address" http://ackd/v1/notifications) ;;
esac

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# --retry repeats after 429, 503 and other passing trouble: it waits as Retry-After says, otherwise longer each time.
# --retry-all-errors adds lost connections; a notification refused with 4xx is no error to curl and is not repeated.
status=$(curl --silent --show-error --max-time 30 --retry 20 --retry-all-errors --retry-max-time 120 \
  --header 'Content-Type: application/json' --data-binary "@$file" \
  --output "$answer" --write-out '%{http_code}' "${where[@]}") || status=000

case $status in
  200 | 201) cat "$answer" ;; # 201: recorded now. 200: the same key and content were recorded before.
  *)
    echo "not recorded, status $status: $(cat "$answer")" >&2
    exit 1
    ;;
esac
