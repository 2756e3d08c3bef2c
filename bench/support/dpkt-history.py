"""The history of Ichise et al. as a plain program on dpkt: reads a capture, matches responses to queries, keeps NS records with
their glue in a dict. Prints how many triples there are. Debian's package is python3-dpkt.

usage: dpkt-history.py CAPTURE
"""

import socket
import sys

import dpkt

NS, A, AAAA = dpkt.dns.DNS_NS, dpkt.dns.DNS_A, dpkt.dns.DNS_AAAA
PENDING_SECONDS = 5


def datagrams(path):
    """Time, addresses, ports and payload of each UDP datagram from or to port 53."""
    with open(path, "rb") as capture:
        for time, octets in dpkt.pcap.Reader(capture):
            packet = dpkt.ethernet.Ethernet(octets).data
            if not isinstance(packet, (dpkt.ip.IP, dpkt.ip6.IP6)) or not isinstance(packet.data, dpkt.udp.UDP):
                continue
            udp = packet.data
            if 53 in (udp.sport, udp.dport):
                yield time, packet.src, packet.dst, udp.sport, udp.dport, udp.data


def main():
    pending = {}
    history = {}
    for time, source, destination, source_port, destination_port, payload in datagrams(sys.argv[1]):
        try:
            message = dpkt.dns.DNS(payload)
        except (dpkt.UnpackError, IndexError):
            continue
        if len(message.qd) != 1:
            continue
        question = (message.qd[0].name, message.qd[0].type)
        if message.qr == dpkt.dns.DNS_Q:
            pending[(source, source_port, destination, message.id, question)] = time
            continue
        asked = pending.pop((destination, destination_port, source, message.id, question), None)
        if asked is None or time - asked > PENDING_SECONDS or message.rcode != 0:
            continue
        glue = {}
        for record in message.ar:
            if record.type == A:
                glue.setdefault(record.name.lower(), []).append((socket.inet_ntop(socket.AF_INET, record.ip), record.ttl))
            elif record.type == AAAA:
                glue.setdefault(record.name.lower(), []).append((socket.inet_ntop(socket.AF_INET6, record.ip6), record.ttl))
        for record in message.an + message.ns:
            if record.type != NS:
                continue
            for address, ttl in glue.get(record.nsname.lower(), ()):
                triple = (record.name.lower(), record.nsname.lower(), address)
                history[triple] = max(history.get(triple, 0), time + min(record.ttl, ttl))
    print(len(history))


main()
