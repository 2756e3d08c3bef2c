#!/usr/bin/python3
"""Sends DNS queries as fast as a racing client would, and tells which were answered.

The arguments are one JSON object: {"queries": [{"server", "name", "type", "id"}], "pace": "together" | "afterAnswer",
"recursionDesired": bool, "waitSeconds": number}. "together" sends all of them back to back, or "gapMs" apart;
"afterAnswer" sends each the moment the one before it is answered. Every query goes once, over UDP, from a socket of its own. Prints a JSON list, one
object per query: {"sent", "answered", "rcode", "afterMs"}; a query after one without an answer is not sent.
"""
import json
import select
import socket
import struct
import sys
import time

TYPES = {'A': 1, 'NS': 2, 'SOA': 6, 'TXT': 16, 'AAAA': 28}
MAX_QUERIES = 64


def compose(query, recursion_desired):
    """The query in wire form (RFC 1035 section 4.1)."""
    labels = [label.encode('ascii') for label in query['name'].rstrip('.').split('.') if label]
    name = b''.join(bytes([len(label)]) + label for label in labels) + b'\0'
    flags = 0x0100 if recursion_desired else 0
    header = struct.pack('!HHHHHH', query['id'], flags, 1, 0, 0, 0)
    return header + name + struct.pack('!HH', TYPES[query['type']], 1)


class Exchange:
    """One query, its socket and what came of it."""

    def __init__(self, query, recursion_desired):
        family = socket.AF_INET6 if ':' in query['server'] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect((query['server'], 53))
        self.message = compose(query, recursion_desired)
        self.id = query['id']
        self.sent_at = None
        self.rcode = None
        self.after_ms = None

    def send(self):
        self.sent_at = time.monotonic()
        self.socket.send(self.message)

    def receive(self):
        """Reads one datagram; true when it answers the query."""
        try:
            message = self.socket.recv(65535)
        except OSError:
            return False
        if len(message) < 12:
            return False
        message_id, flags = struct.unpack('!HH', message[:4])
        if message_id != self.id or not flags & 0x8000:
            return False
        self.rcode = flags & 15
        self.after_ms = (time.monotonic() - self.sent_at) * 1000
        return True

    def result(self):
        return {'sent': self.sent_at is not None, 'answered': self.rcode is not None, 'rcode': self.rcode,
                'afterMs': self.after_ms}


def await_answers(exchanges, wait_seconds):
    """Reads until every exchange is answered or the time is over."""
    pending = {exchange.socket: exchange for exchange in exchanges}
    deadline = time.monotonic() + wait_seconds
    while pending:
        readable, _, _ = select.select(list(pending), [], [], max(0, deadline - time.monotonic()))
        for ready in readable:
            if pending[ready].receive():
                del pending[ready]
        if not readable and time.monotonic() >= deadline:
            return


def main():
    order = json.loads(sys.argv[1])
    exchanges = [Exchange(query, order['recursionDesired']) for query in order['queries'][:MAX_QUERIES]]
    if order['pace'] == 'together':
        for index, exchange in enumerate(exchanges):
            if index > 0:
                time.sleep(order.get('gapMs', 0) / 1000)
            exchange.send()
        await_answers(exchanges, order['waitSeconds'])
    else:
        for exchange in exchanges:
            exchange.send()
            await_answers([exchange], order['waitSeconds'])
            if exchange.rcode is None:
                break
    print(json.dumps([exchange.result() for exchange in exchanges]))


if __name__ == '__main__':
    main()
