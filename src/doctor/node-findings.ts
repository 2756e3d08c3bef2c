import { DAY_MS } from '../core/clock.ts';
import type { ClockFacts } from './clock-findings.ts';
import type { Finding } from './finding.ts';
import type { NodeFacts } from './node-facts.ts';

/** To ask an authority for another certificate takes some days; lists come out every few days by themselves. */
const SOON_MS = { certificate: 14 * DAY_MS, list: DAY_MS };

/** What would keep the traceback node from answering its peers, or its peers from answering it. */
export function nodeFindings(facts: NodeFacts, { nowMs, synchronised }: ClockFacts): readonly Finding[] {
  return [
    ...certificateFindings(facts, nowMs),
    folderFinding(facts),
    peersFinding(facts),
    ...facts.unresolved.map(
      ({ name, host, reason }): Finding => ({
        check: 'node-peer',
        ok: false,
        message: `${name}: ${host} has no address (${reason})`,
        remedy: 'mend its url in node.peers; an address needs no name server',
      }),
    ),
    ...(synchronised === false ? [CLOCK] : []),
  ];
}

const CLOCK: Finding = {
  check: 'node-clock',
  ok: false,
  message:
    'nothing keeps the clock right: peers refuse requests that are five minutes off, and windows miss hosts by seconds',
  remedy: 'timedatectl set-ntp true, or run chrony',
};

function certificateFindings({ certificate }: NodeFacts, nowMs: number): readonly Finding[] {
  const check = 'node-certificate';
  if ('problem' in certificate) return [{ check, ok: false, message: certificate.problem }];
  const { expiresAtMs, listsDueAtMs } = certificate;
  const own = 'ask the authority of the federation for another; the node takes it up while it runs';
  const lists = 'get a new list (node.tls.crl): with one that is out of date every peer is refused';
  return [
    dueFinding(check, 'the certificate of the node is valid', expiresAtMs, nowMs, own),
    ...(listsDueAtMs === undefined
      ? []
      : [dueFinding('node-crl', 'the lists of revoked certificates hold', listsDueAtMs, nowMs, lists)]),
  ];
}

function dueFinding(check: string, what: string, dueAtMs: number, nowMs: number, remedy: string): Finding {
  const message = `${what} until ${new Date(dueAtMs).toISOString()}`;
  const isSoon = dueAtMs - nowMs <= SOON_MS[check === 'node-crl' ? 'list' : 'certificate'];
  return isSoon ? { check, ok: false, message, remedy } : { check, ok: true, message };
}

function folderFinding({ folder }: NodeFacts): Finding {
  const check = 'node-folder';
  const { path, mode, isFolder } = folder;
  if (!isFolder) return { check, ok: false, message: `${path} is no folder`, remedy: 'name another with node.folder' };
  if (mode === undefined) return { check, ok: true, message: `${path} is not there yet: it is made at the start` };
  if ((mode & 0o077) === 0) return { check, ok: true, message: `${path} is open to its owner alone` };
  const message = `${path} has cases and the audit log, and is open to others (mode ${mode.toString(8).padStart(4, '0')})`;
  return { check, ok: false, message, remedy: `chmod 700 ${path}` };
}

function peersFinding({ host, peers }: NodeFacts): Finding {
  const check = 'node-peers';
  if (peers > 0) return { check, ok: true, message: `it listens on ${host}; peers that it knows: ${peers}` };
  const message = `it listens on ${host} and knows no peer: everybody is refused, and nobody asked`;
  return { check, ok: null, message, remedy: 'name peers with node.peers (docs/traceback.md)' };
}
