#!/usr/bin/env python3
"""Sends JSON lines from stdin to a ledger: submit.py DIR/http.sock|http://127.0.0.1:PORT < events.jsonl"""
import http.client, socket, sys, time

class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])

if len(sys.argv) != 2:
    sys.exit(print(__doc__, file=sys.stderr) or 2)
tcp = sys.argv[1].startswith("http://")
events = sys.stdin.buffer.read()
while True:
    connection = http.client.HTTPConnection(sys.argv[1][7:]) if tcp else UnixConnection("localhost")
    connection.request("POST", "/v1/events", events, {"Content-Type": "application/x-ndjson"})
    response = connection.getresponse()
    answer = response.read().decode()
    if response.status != 429:  # busy: the same lines may go again, their ids make it safe
        break
    time.sleep(float(response.headers.get("Retry-After", 1)))
print(answer, end="")  # one line per event, in order: {"seq":..,"leaf":..} or {"line":..,"refused":..}
sys.exit(0 if response.status == 200 and '"refused"' not in answer else 1)
