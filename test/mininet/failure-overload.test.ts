/** One port floods the gate with queries that each need a verdict of their own, while other clients ask. */
import { expect, it } from 'vitest';
import { hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';
import { BANK, CORP, EVIL, FRESH, learn, load, passes } from '../support/gate-traffic.ts';
import { gatedInternet } from '../support/gated.ts';

const FRAMES_PER_SECOND = 2500;
const SECONDS = 8;
const PER_SECOND = 200;
const DROP_FLOWS = 500;

/** Queries from made-up addresses of the inside to as many of the outside: no two of them share a flow. */
const FLOOD = `
import random, socket, struct, subprocess, sys, time
name = next(line.split(":")[0].strip() for line in open("/proc/net/dev") if "-eth0" in line)
subprocess.run(["ping", "-c", "1", "-W", "1", "${hosts.evil.ipv4}"], stdout=subprocess.DEVNULL)
neighbour = subprocess.run(["ip", "neigh", "show", "${hosts.evil.ipv4}"], capture_output=True, text=True).stdout
to = bytes.fromhex(neighbour.split("lladdr ")[1].split()[0].replace(":", ""))
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((name, 0))
own = raw.getsockname()[4]
def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
query = bytes.fromhex("000100000001000000000000") + b"\\1a\\4test\\0" + b"\\0\\1\\0\\1"
def frame(number):
    source = socket.inet_aton(f"192.0.2.{100 + number % 150}")
    target = socket.inet_aton(f"203.0.113.{100 + number // 150 % 150}")
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(query), 1, 0, 64, 17, 0, source, target)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return to + own + b"\\x08\\0" + head + struct.pack("!HHHH", 40000, 53, 8 + len(query), 0) + query
started = time.monotonic()
for number in range(${FRAMES_PER_SECOND * SECONDS}):
    raw.send(frame(number))
    ahead = number / ${FRAMES_PER_SECOND} - (time.monotonic() - started)
    if ahead > 0.005: time.sleep(ahead)
print("done")
`;

interface OverloadStatus {
  readonly packetIns: Readonly<Record<string, number>>;
  readonly held: { readonly packets: number };
  readonly switches: readonly { readonly dropFlows: number; readonly gate: Readonly<Record<string, number>> }[];
}

describeIf(['root', 'namespaces', 'openVswitch'], 'a gate that one port floods', () => {
  const world = gatedInternet({ drop_flow: { total: DROP_FLOWS } });
  const status = async () => (await world().gluewall.status()) as unknown as OverloadStatus;

  it('lets all pass that is permitted, decides on the queries of other ports, and stays within its budget', async () => {
    await learn(world(), CORP);
    await learn(world(), BANK);
    expect(await passes(world(), CORP)).toBe(true);
    const flood = world().internet.run('bot', ['/usr/bin/python3', '-c', FLOOD], SECONDS + 20);
    await until('the flood has begun', 10_000, async () => (await status()).switches[0]!.dropFlows > 50 || undefined);
    const during = load(world(), PER_SECOND * 5, PER_SECOND);
    expect(await passes(world(), BANK)).toBe(true);
    expect(await passes(world(), EVIL)).toBe(false);
    expect(await during).toEqual({ sent: PER_SECOND * 5, lost: 0 });
    const { status: exit, stdout, stderr } = await flood;
    expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: 'done\n', stderr: '' });
    const { switches } = await status();
    expect(switches[0]!.gate['drop budget reached']).toBeGreaterThan(0);
    expect(switches[0]!.dropFlows).toBeLessThanOrEqual(DROP_FLOWS);
  });

  it('is as before when the flood is over', async () => {
    await until('nothing is held', 5000, async () => (await status()).held.packets === 0 || undefined);
    await learn(world(), FRESH);
    expect(await passes(world(), FRESH)).toBe(true);
    expect(await passes(world(), EVIL)).toBe(false);
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });
});
