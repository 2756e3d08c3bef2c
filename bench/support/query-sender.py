#!/usr/bin/python3
"""Sends DNS queries over UDP and tells what became of them.

    query-sender.py turns   one query after the other, each from a socket of its own. Each line of stdin is a JSON object,
                            {"queries": [[SERVER, NAME], ...], "gapMs": N, "waitSeconds": N}, and is answered by a line
                            [MS or null, ...], from before sending to having read the answer.
    query-sender.py load    a steady load. The first line of stdin is {"servers": [...], "name": NAME, "perSecond": N,
                            "watched": [SERVER, ...], "waitSeconds": N}; the end of stdin ends the load. The servers are asked in
                            turns; every query counts, and {"sent", "answered", "lost", "latestMs", "unanswered"} comes last: how
                            late the latest query was sent, and [SERVER, T] of the first queries that were not answered. The watched servers are asked besides, each every 5 ms, and do
                            not count: a line {"watched": SERVER, "answers": bool, "atMs": T} tells at once when one begins to
                            answer, or at what time by CLOCK_MONOTONIC the first query left that was not answered in 100 ms.
"""
import json
import select
import socket
import struct
import sys
import time

PORT = 53
WATCH_SECONDS = 0.005
SILENT_SECONDS = 0.1
MAX_DATAGRAM = 4096
MAX_UNANSWERED_TOLD = 100


def compose(number, name):
    """A query for an A record in wire form (RFC 1035 section 4.1), RD clear."""
    labels = b''.join(bytes([len(label)]) + label for label in name.encode('ascii').split(b'.'))
    return struct.pack('!HHHHHH', number, 0, 1, 0, 0, 0) + labels + b'\0' + struct.pack('!HH', 1, 1)


def ask_once(server, name, number, wait_seconds):
    """Milliseconds until the answer, None without one."""
    message = compose(number, name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((server, PORT))
        sender.settimeout(wait_seconds)
        started = time.perf_counter_ns()
        sender.send(message)
        try:
            while sender.recv(MAX_DATAGRAM)[:2] != message[:2]:
                pass
        except OSError:
            return None
        return (time.perf_counter_ns() - started) / 1e6


def take_turns():
    number = 0
    for line in sys.stdin:
        order = json.loads(line)
        times = []
        for server, name in order['queries']:
            number = (number + 1) & 0xffff
            times.append(ask_once(server, name, number, order['waitSeconds']))
            time.sleep(order['gapMs'] / 1000)
        print(json.dumps(times), flush=True)


class Asked:
    """A server, the socket that asks it, and what waits for an answer: times of sending by DNS ID."""

    def __init__(self, server):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((server, PORT))
        self.socket.setblocking(False)
        self.waiting = {}
        self.number = 0
        self.answers = None

    def fileno(self):
        return self.socket.fileno()

    def send(self, name, now):
        self.number = (self.number + 1) & 0xffff
        self.waiting[self.number] = now
        try:
            self.socket.send(compose(self.number, name))
        except OSError:
            pass

    def receive(self):
        """The times of sending of what is answered now."""
        answered = []
        while True:
            try:
                message = self.socket.recv(MAX_DATAGRAM)
            except OSError:
                return answered
            sent = self.waiting.pop(struct.unpack('!H', message[:2])[0], None) if len(message) >= 2 else None
            if sent is not None:
                answered.append(sent)


def tell_watched(asked, answers, at):
    if asked.answers != answers:
        asked.answers = answers
        print(json.dumps({'watched': asked.server, 'answers': answers, 'atMs': at * 1000}), flush=True)


def look_at_watched(asked, now):
    """Nothing answered that was sent SILENT_SECONDS ago: it has fallen silent with the oldest of those."""
    if asked.waiting:
        number, sent = next(iter(asked.waiting.items()))
        if now - sent > SILENT_SECONDS:
            del asked.waiting[number]
            tell_watched(asked, False, sent)


class Load:
    def __init__(self, order):
        self.name = order['name']
        self.servers = [Asked(server) for server in order['servers']]
        self.watched = [Asked(server) for server in order['watched']]
        self.every = 1 / order['perSecond']
        self.sent = self.answered = 0
        self.latest = 0

    def run(self, wait_seconds):
        due = watch_due = time.monotonic()
        while not readable(sys.stdin):
            now = time.monotonic()
            if now >= due:
                self.latest = max(self.latest, now - due)
                self.servers[self.sent % len(self.servers)].send(self.name, now)
                self.sent += 1
                due += self.every
            if now >= watch_due:
                for asked in self.watched:
                    look_at_watched(asked, now)
                    asked.send(self.name, now)
                watch_due = now + WATCH_SECONDS
            self.receive(max(0, min(due, watch_due) - time.monotonic()))
        end = time.monotonic() + wait_seconds
        while self.answered < self.sent and time.monotonic() < end:
            self.receive(0.01)

    def receive(self, seconds):
        for asked in select.select(self.servers + self.watched, [], [], seconds)[0]:
            answered = asked.receive()
            if asked in self.watched:
                if answered:
                    asked.waiting = {number: sent for number, sent in asked.waiting.items() if sent > max(answered)}
                    tell_watched(asked, True, time.monotonic())
            else:
                self.answered += len(answered)


def readable(stream):
    return bool(select.select([stream], [], [], 0)[0])


def carry_load():
    order = json.loads(sys.stdin.readline())
    load = Load(order)
    load.run(order['waitSeconds'])
    lost = load.sent - load.answered
    unanswered = sorted(((asked.server, sent * 1000) for asked in load.servers for sent in asked.waiting.values()),
                        key=lambda one: one[1])
    print(json.dumps({'sent': load.sent, 'answered': load.answered, 'lost': lost, 'latestMs': load.latest * 1000,
                      'unanswered': unanswered[:MAX_UNANSWERED_TOLD]}))


if __name__ == '__main__':
    {'turns': take_turns, 'load': carry_load}[sys.argv[1]]()
