#!/usr/bin/python3
"""The mini-Internet's hosts and switches in Mininet, driven by JSON lines.

The first line on stdin declares it (see mini-internet.ts, which writes it). When every server answers, one line
{"ready": true} goes to stdout; a start that fails says {"ready": false, "error": ...}. From then on each input line is
a command, {"id", "host", "argv", "stdin", "timeoutSeconds"}, answered by {"id", "status", "stdout", "stderr"}; commands
run at the same time. {"op": "stop"} or the end of stdin stops everything. Mininet's own messages go to stderr.
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import OVSSwitch

START_TIMEOUT_SECONDS = 20
STOP_TIMEOUT_SECONDS = 3
POLL_SECONDS = 0.02
MAX_COMMANDS_AT_ONCE = 32
MAX_OUTPUT_CHARACTERS = 256 * 1024
# A gate that was shut leaves addresses unresolved; with the usual second between two tries, the first query after it
# opens would wait that long.
NEIGHBOUR_RETRY_MS = 50


def build_network(declaration):
    """Hosts and switches, joined; nothing is configured beyond the IPv4 address."""
    # Mininet would raise limits of the whole machine for large networks; this one is small.
    Mininet.inited = True
    net = Mininet(controller=None, build=False)
    gate, outside = declaration.get('gate'), declaration['outsideSwitch']
    switches = {
        'outside': net.addSwitch(outside['bridge'], cls=OVSSwitch, dpid='2', datapath='user', failMode='standalone'),
    }
    if gate is not None:
        switches['inside'] = net.addSwitch(gate['bridge'], cls=OVSSwitch, dpid='1', datapath='user',
                                           protocols='OpenFlow13', failMode='secure')
    for number, host in enumerate(declaration['hosts'], start=1):
        # 00:00:5e:00:53:00 to ff are the addresses for documentation (RFC 9542).
        mac = '00:00:5e:00:53:%02x' % number
        node = net.addHost(host['name'], ip=host['ipv4'] + '/24', mac=mac)
        net.addLink(node, switches[host['side']])
    if gate is not None:
        net.addLink(switches['inside'], switches['outside'], port1=gate['outsidePortNumber'],
                    intfName1=gate['outsidePort'], intfName2=outside['gatePort'])
    net.build()
    net.start()
    return net


def configure_host(net, host, networks):
    """IPv6 address, on-link routes to every network, checksums computed in software."""
    node = net[host['name']]
    interface = node.defaultIntf().name
    lines = []
    if 'ipv6' in host:
        lines.append('address add %s/64 dev %s nodad' % (host['ipv6'], interface))
    for network in networks['inside'] + networks['outside']:
        if ':' in network and 'ipv6' not in host:
            continue
        lines.append('route replace %s dev %s' % (network, interface))
    retry = ['net.%s.neigh.%s.retrans_time_ms=%d' % (family, interface, NEIGHBOUR_RETRY_MS)
             for family in ('ipv4', 'ipv6')]
    run_or_fail(node, ['sysctl', '-q', '-w'] + retry, '')
    run_or_fail(node, ['ethtool', '-K', interface, 'tx', 'off'], '')
    run_or_fail(node, ['ip', '-batch', '-'], '\n'.join(lines) + '\n')


def run_or_fail(node, argv, text):
    status, output, errors = run(node, argv, text, START_TIMEOUT_SECONDS)
    if status != 0:
        raise RuntimeError('%s: %s: %s%s' % (node.name, ' '.join(argv), output, errors))


def run(node, argv, text, timeout_seconds):
    """Runs argv in a host; (status, stdout, stderr), status -1 when it took too long."""
    # mnexec starts a session of its own, so the whole of what was started can be killed.
    child = node.popen(argv, stdin=subprocess.PIPE)
    timed_out = False
    try:
        output, errors = child.communicate(text.encode(), timeout_seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
        kill_group(child, signal.SIGKILL)
        output, errors = child.communicate()
    status = -1 if timed_out else child.returncode
    return status, shorten(output), shorten(errors)


def shorten(octets):
    return octets.decode('utf-8', 'replace')[-MAX_OUTPUT_CHARACTERS:]


def kill_group(child, number):
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        pass


def start_server(net, host, log_path):
    """Starts a host's server and waits until it answers."""
    node = net[host['name']]
    with open(log_path, 'wb') as log:
        server = node.popen(host['start'], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        status, _, _ = run(node, host['ready'], '', START_TIMEOUT_SECONDS)
        if status == 0:
            return server
        if server.poll() is not None or time.monotonic() > deadline:
            kill_group(server, signal.SIGKILL)
            with open(log_path, 'r', errors='replace') as log:
                raise RuntimeError('%s: its server does not answer: %s' % (host['name'], log.read()[-2000:]))
        time.sleep(POLL_SECONDS)


class Answers:
    """One JSON line at a time on the real stdout; prints of libraries go to stderr."""

    def __init__(self):
        self._lock = threading.Lock()
        self._out = os.fdopen(os.dup(1), 'w')
        os.dup2(2, 1)

    def write(self, answer):
        with self._lock:
            try:
                self._out.write(json.dumps(answer) + '\n')
                self._out.flush()
            except BrokenPipeError:
                pass


def answer_command(net, answers, command):
    try:
        status, output, errors = run(net[command['host']], command['argv'], command.get('stdin', ''),
                                     command['timeoutSeconds'])
    except Exception as error:  # the caller waits for an answer whatever went wrong
        status, output, errors = -1, '', repr(error)
    answers.write({'id': command['id'], 'status': status, 'stdout': output, 'stderr': errors})


def serve(net, answers, pool):
    for line in sys.stdin:
        command = json.loads(line)
        if command.get('op') == 'stop':
            return
        pool.submit(answer_command, net, answers, command)


def start(net, declaration, pool):
    """Configures every host and starts every server, all at once; the servers."""
    hosts = declaration['hosts']
    list(pool.map(lambda host: configure_host(net, host, declaration['networks']), hosts))

    def server_of(host):
        return start_server(net, host, os.path.join(declaration['directory'], host['name'] + '.log'))

    return list(pool.map(server_of, [host for host in hosts if 'start' in host]))


def stop(net, servers):
    for server in servers:
        kill_group(server, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    for server in servers:
        try:
            server.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            kill_group(server, signal.SIGKILL)
            server.wait()
    net.stop()


def main():
    # Ctrl-C reaches the whole terminal group; the end of stdin is what tells us to stop, in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setLogLevel('warning')
    answers = Answers()
    declaration = json.loads(sys.stdin.readline())
    net = build_network(declaration)
    servers = []
    with ThreadPoolExecutor(MAX_COMMANDS_AT_ONCE) as pool:
        try:
            servers = start(net, declaration, pool)
            answers.write({'ready': True})
            serve(net, answers, pool)
        except RuntimeError as error:
            answers.write({'ready': False, 'error': str(error)})
        finally:
            stop(net, servers)


if __name__ == '__main__':
    main()
