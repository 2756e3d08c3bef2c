#!/usr/bin/python3
"""Bridges side by side between one client and one name server, in Mininet.

The first line on stdin is JSON: {"bridges": [{"name", "clientPort", "serverPort", "client", "server", "asked"}],
"start": [...], "ready": [...]}. Each bridge joins one interface of the client (address "client", a /28) with one of the
server ("server", a /28); the network "asked" lies behind the server, and all of its addresses are the server's own. "start"
runs on the server and "ready" on the client until it succeeds. Then one line {"client": PID, "server": PID} goes to stdout,
for `mnexec -a PID`; {"error": ...} when something failed. The end of stdin ends everything.
"""
import json
import os
import signal
import subprocess
import sys
import time

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import OVSSwitch

START_TIMEOUT_SECONDS = 20
POLL_SECONDS = 0.05


def build(bridges):
    # Mininet would raise limits of the whole machine for large networks; this one is small.
    Mininet.inited = True
    net = Mininet(controller=None, build=False)
    client, server = net.addHost('client', ip=None), net.addHost('server', ip=None)
    for number, bridge in enumerate(bridges, start=1):
        switch = net.addSwitch(bridge['name'], cls=OVSSwitch, dpid='%x' % number, datapath='user',
                               protocols='OpenFlow13', failMode='secure')
        net.addLink(client, switch, intfName1='to-' + bridge['name'], intfName2=bridge['clientPort'])
        net.addLink(server, switch, intfName1='to-' + bridge['name'], intfName2=bridge['serverPort'])
    net.build()
    net.start()
    return net


def configure(net, bridges):
    """Addresses, routes and neighbours, so that nothing but the query and its answer crosses a bridge."""
    client, server = net['client'], net['server']
    for number, bridge in enumerate(bridges):
        name = 'to-' + bridge['name']
        # 00:00:5e:00:53:00 to ff are the addresses for documentation (RFC 9542).
        macs = ['00:00:5e:00:53:%02x' % (2 * number + side) for side in (0, 1)]
        for node, mac, address in ((client, macs[0], bridge['client']), (server, macs[1], bridge['server'])):
            run(node, 'ip', 'link', 'set', name, 'address', mac)
            run(node, 'ip', 'address', 'add', address + '/28', 'dev', name)
            run(node, 'sysctl', '-q', '-w', 'net.ipv4.conf.%s.rp_filter=0' % name)
            run(node, 'ethtool', '-K', name, 'tx', 'off')
        run(client, 'ip', 'neighbour', 'replace', bridge['server'], 'lladdr', macs[1], 'dev', name, 'nud', 'permanent')
        run(server, 'ip', 'neighbour', 'replace', bridge['client'], 'lladdr', macs[0], 'dev', name, 'nud', 'permanent')
        run(client, 'ip', 'route', 'add', bridge['asked'], 'via', bridge['server'], 'dev', name, 'onlink', 'src',
            bridge['client'])
        run(server, 'ip', 'route', 'add', bridge['client'], 'dev', name)
        run(server, 'ip', 'route', 'add', 'local', bridge['asked'], 'dev', 'lo')


def run(node, *argv):
    child = node.popen(list(argv), stdin=subprocess.DEVNULL)
    output, errors = child.communicate(timeout=START_TIMEOUT_SECONDS)
    if child.returncode != 0:
        raise RuntimeError('%s: %s: %s' % (node.name, ' '.join(argv), (output + errors).decode()))


def start_server(net, start):
    """In a session of its own, which is killed whole."""
    return net['server'].popen(start, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr)


def await_ready(net, server, ready):
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            return run(net['server'], *ready)
        except RuntimeError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)


def main():
    # Ctrl-C reaches the whole terminal group; the end of stdin is what tells us to stop, in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setLogLevel('warning')
    out = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    net = build(order['bridges'])
    server = None
    try:
        configure(net, order['bridges'])
        server = start_server(net, order['start'])
        await_ready(net, server, order['ready'])
        print(json.dumps({'client': net['client'].pid, 'server': net['server'].pid}), file=out, flush=True)
        sys.stdin.read()
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(json.dumps({'error': str(error)}), file=out, flush=True)
    finally:
        if server is not None and server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        net.stop()


if __name__ == '__main__':
    main()
