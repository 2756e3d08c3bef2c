import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { parseName } from '../../src/dns/name.ts';
import { Access } from '../../src/traceback/access.ts';
import type { Audit, AuditEntry } from '../../src/traceback/audit/audit.ts';
import { HTTP_LIMITS, type HttpLimits } from '../../src/traceback/http/http-limits.ts';
import { NodeCertificates } from '../../src/traceback/http/node-certificates.ts';
import { NodeServer } from '../../src/traceback/http/node-server.ts';
import { PeerClient } from '../../src/traceback/http/peer-client.ts';
import type { AnswerTo, NodeRequest, TracebackRequest } from '../../src/traceback/messages.ts';
import { DEFAULT_MODEL, type NodeOptions, type Peer } from '../../src/traceback/node-options.ts';
import { RequestDesk } from '../../src/traceback/request-desk.ts';
import type { LabFederation } from './lab-federation.ts';
import { RecordingLog } from './recording-log.ts';

/** A peer that may ask everything about example.org. */
export function peerNamed(name: string, parts: Partial<Peer> = {}): Peer {
  return {
    name,
    url: undefined,
    servers: [],
    zones: [],
    requests: ['confirm', 'traceback', 'command-and-control'],
    names: [parseName('example.org')!],
    perMinute: 10_000,
    perDay: 100_000,
    ...parts,
  };
}

export function nodeOptions(parts: Partial<NodeOptions> = {}): NodeOptions {
  return {
    name: 'node.example',
    servers: [],
    zones: [],
    clients: [],
    isForwarder: false,
    peers: [],
    window: { beforeMs: 5000, afterMs: 1000 },
    cacheMs: 7_200_000,
    namedHosts: 10,
    minConfidence: 0.01,
    model: DEFAULT_MODEL,
    atOnce: 16,
    atOncePerPeer: 8,
    ...parts,
  };
}

/** A good request of this peer. */
export function tracebackOf(peer: string, parts: Partial<TracebackRequest> = {}): TracebackRequest {
  return {
    kind: 'traceback',
    request: randomUUID(),
    case: randomUUID(),
    sentAt: new Date().toISOString(),
    path: [peer],
    hopLimit: 4,
    timeLimitMs: 5000,
    name: 'www.example.org',
    at: '2026-11-20T12:00:05.000Z',
    window: { beforeMs: 5000, afterMs: 1000 },
    servers: [],
    ground: { confirmed: 'spoofed' },
    ...parts,
  };
}

export type Answering = (request: NodeRequest, signal: AbortSignal) => Promise<AnswerTo<NodeRequest>>;

/** Nobody is found. */
export const answerNobody: Answering = async (request) =>
  request.kind === 'confirm'
    ? { kind: request.kind, case: request.case, findings: [], gaps: [] }
    : { kind: request.kind, case: request.case, reports: [], gaps: [] };

/** An audit log in memory. */
export class RecordingAudit implements Audit {
  readonly entries: AuditEntry[] = [];

  async append(entry: AuditEntry): Promise<void> {
    this.entries.push(entry);
  }

  decided(decision: AuditEntry['decision']): readonly AuditEntry[] {
    return this.entries.filter((one) => one.decision === decision);
  }

  /** How often a peer, undefined: somebody unknown, was refused for this. */
  refusals(peer: string | undefined, problem: string): number {
    return this.entries.filter((one) => one.peer === peer && one.problem === problem).length;
  }
}

/** The HTTPS door of one node on loopback, in front of `answering`. */
export class NodeRig {
  readonly audit = new RecordingAudit();
  readonly log = new RecordingLog();
  readonly certificates: NodeCertificates;
  readonly desk: RequestDesk;
  readonly server: NodeServer;
  port = 0;

  private constructor(
    certificates: (log: RecordingLog) => NodeCertificates,
    peers: readonly Peer[],
    limits: Partial<HttpLimits>,
    answering: Answering,
  ) {
    const options = nodeOptions({ peers });
    this.certificates = certificates(this.log);
    const node = {
      answer: <R extends NodeRequest>(request: R, signal: AbortSignal) =>
        answering(request, signal) as Promise<AnswerTo<R>>,
    };
    const access = new Access(options, systemClock);
    const parts = { clock: systemClock, log: this.log };
    this.desk = new RequestDesk(options, { node, access, audit: this.audit, ...parts });
    const wire = { desk: this.desk, certificates: this.certificates, limits: { ...HTTP_LIMITS, ...limits } };
    this.server = new NodeServer({ host: '127.0.0.1', port: 0 }, options, { ...wire, ...parts });
  }

  static async start(
    lab: LabFederation,
    peers: readonly Peer[],
    { limits = {}, answering = answerNobody }: { limits?: Partial<HttpLimits>; answering?: Answering } = {},
  ): Promise<NodeRig> {
    const files = await lab.files('node.example');
    const rig = new NodeRig(
      (log) => new NodeCertificates('node.example', files, systemClock, log),
      peers,
      limits,
      answering,
    );
    rig.port = await rig.server.start();
    return rig;
  }

  /** This node as those have it who ask it. */
  get peer(): Peer {
    return peerNamed('node.example', { url: `https://127.0.0.1:${this.port}` });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.desk.stop();
  }
}

/** The client of a node of this name. */
export async function clientNamed(lab: LabFederation, name: string): Promise<PeerClient> {
  const certificates = new NodeCertificates(name, await lab.files(name), systemClock, silentLog);
  return new PeerClient({ certificates, clock: systemClock });
}
