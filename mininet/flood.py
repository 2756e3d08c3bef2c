#!/usr/bin/python3
"""A bounded flood of UDP packets from any source address, and a watch for the first of them.

`flood.py send SOURCE DESTINATION PORT COUNT GAP_MS` sends COUNT packets whose source is SOURCE, whoever has it (COUNT at
most 500, GAP_MS at least 1). `flood.py watch PORT SECONDS` prints the first packet to PORT that comes within SECONDS as a
JSON object {"at", "source"}, seconds since the epoch and an IPv4 address, and ends; before it waits it prints a line "ready".
"""
import json
import socket
import struct
import sys
import time

MAX_PACKETS = 500
PAYLOAD = b'x' * 32
UDP = 17


def datagram(source, destination, port):
    """IPv4 and UDP headers and a payload; the kernel fills in the IPv4 checksum, and UDP may go without (RFC 768)."""
    udp = struct.pack('!HHHH', 40000, port, 8 + len(PAYLOAD), 0) + PAYLOAD
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 0, 0, 64, UDP, 0,
                         socket.inet_aton(source), socket.inet_aton(destination))
    return header + udp


def send(source, destination, port, count, gap_ms):
    if not 0 < count <= MAX_PACKETS or gap_ms < 1:
        sys.exit('flood.py: a flood here has at most %d packets, 1 ms apart or more' % MAX_PACKETS)
    packet = datagram(source, destination, port)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for _ in range(count):
            raw.sendto(packet, (destination, 0))
            time.sleep(gap_ms / 1000)


def watch(port, seconds):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(('', port))
        udp.settimeout(seconds)
        print('ready', flush=True)
        try:
            _, (source, _) = udp.recvfrom(2048)
        except socket.timeout:
            sys.exit('flood.py: nothing came')
        print(json.dumps({'at': time.time(), 'source': source}))


def main():
    if sys.argv[1] == 'send':
        source, destination = sys.argv[2:4]
        send(source, destination, *[int(number) for number in sys.argv[4:7]])
    else:
        watch(int(sys.argv[2]), float(sys.argv[3]))


if __name__ == '__main__':
    main()
