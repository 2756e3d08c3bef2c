import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { DurationHistogram } from '../../core/duration-histogram.ts';
import { GluewallError, messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { PacedLog } from '../../core/paced-log.ts';
import { expiresAtMs } from '../../core/tls-settings.ts';
import type { QueryLogStore } from '../../querylog/query-log-store.ts';
import type { EvidenceFile } from '../../services/traceback-services.ts';
import { Access } from '../../traceback/access.ts';
import { AuditLog } from '../../traceback/audit/audit-log.ts';
import { caseRecords } from '../../traceback/audit/case-records.ts';
import type { Case, CaseProgress, CaseSummary } from '../../traceback/cases/case.ts';
import type { CaseDemand } from '../../traceback/cases/case-demand.ts';
import { CaseFiles } from '../../traceback/cases/case-files.ts';
import { CaseRunner } from '../../traceback/cases/case-runner.ts';
import { composeBundle } from '../../traceback/cases/evidence.ts';
import { NodeCertificates } from '../../traceback/http/node-certificates.ts';
import { NodeServer } from '../../traceback/http/node-server.ts';
import { PeerClient } from '../../traceback/http/peer-client.ts';
import type { NamedHosts } from '../../traceback/named-hosts.ts';
import type { HostNames } from '../../traceback/node-options.ts';
import { RequestDesk } from '../../traceback/request-desk.ts';
import { TracebackNode } from '../../traceback/traceback-node.ts';
import { logClients } from '../query-log/log-clients.ts';
import { CountedDoor } from './counted-door.ts';
import { auditFile, type NodeOrder, type NodeSettings } from './node-order.ts';
import type { ThreadFigures } from './node-protocol.ts';

export interface NodeServiceParts {
  readonly queryLog: Pick<QueryLogStore, 'search'>;
  readonly names: HostNames;
  /** Told of hosts that were named to a peer. */
  readonly onNamed: (named: NamedHosts) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A traceback node with all its parts: the door for peers, the way to them, cases and the audit log. */
export class NodeService {
  readonly #clock: Clock;
  readonly #certificates: NodeCertificates;
  readonly #client: PeerClient;
  readonly #door: CountedDoor;
  readonly #node: TracebackNode;
  readonly #audit: AuditLog;
  readonly #desk: RequestDesk;
  readonly #server: NodeServer;
  readonly #cases: CaseRunner;
  readonly #problems: PacedLog;
  readonly #answerTimes = new DurationHistogram();
  readonly #folder: string;
  #settings: NodeSettings;

  /** Throws GluewallError `tls-files` when key and certificates cannot be used. */
  constructor(order: NodeOrder, { queryLog, names, onNamed, clock, log }: NodeServiceParts) {
    const { options, folder, listen, tls, key } = order;
    this.#folder = folder;
    this.#settings = order;
    this.#clock = clock;
    this.#problems = new PacedLog(clock, log, 'warn');
    this.#certificates = new NodeCertificates(options.name, tls, clock, log);
    this.#client = new PeerClient({ certificates: this.#certificates, clock });
    this.#door = new CountedDoor(this.#client, clock, log);
    this.#node = new TracebackNode(options, {
      log: queryLog,
      door: this.#door,
      names,
      onNamed,
      clock,
      onLogError: (error) => this.#problems.say({}, `the query log could not be asked: ${messageOf(error)}`),
      ...(key === undefined ? {} : { clientInLog: logClients(key) }),
    });
    this.#audit = new AuditLog(auditFile(folder), { clock, log });
    const access = new Access(options, clock);
    this.#desk = new RequestDesk(options, { node: this.#node, access, audit: this.#audit, clock, log });
    const desk = { handle: this.#handle, refuse: this.#desk.refuse.bind(this.#desk) };
    this.#server = new NodeServer(listen, options, { desk, certificates: this.#certificates, clock, log });
    const files = new CaseFiles(join(folder, 'cases'), log);
    this.#cases = new CaseRunner(options, { node: this.#node, files, audit: this.#audit, clock });
  }

  /** Resolves with the port. Rejects with a GluewallError when the address, the folder or a file in it cannot be had. */
  async start(): Promise<number> {
    await this.#audit.start();
    await this.#cases.start();
    this.#certificates.start();
    return this.#server.start();
  }

  configure(settings: NodeSettings): void {
    const { options } = settings;
    this.#settings = settings;
    this.#certificates.look();
    this.#node.configure(options);
    this.#desk.configure(options);
    this.#server.configure(options);
    this.#client.configure(options);
    this.#cases.configure(options);
  }

  figures(): ThreadFigures {
    const { granted, refused, atWork } = this.#desk.figures;
    const { records, unwritten } = this.#audit.figures;
    const cases: Record<string, number> = { open: 0, closed: 0 };
    for (const { state } of this.#cases.list()) cases[state]!++;
    return {
      granted,
      refused,
      atWork,
      answerTimes: this.#answerTimes.figures(),
      peerFailures: this.#door.failures(),
      cases: { ...cases, running: this.#cases.running },
      auditRecords: records,
      unaudited: unwritten,
      certificateExpiresAtMs: expiresAtMs(this.#certificates.settings),
    };
  }

  request(demand: CaseDemand, signal: AbortSignal): AsyncGenerator<CaseProgress, Case> {
    return this.#cases.open({ ...demand, method: demand.method ?? this.#settings.method }, signal);
  }

  async list(): Promise<readonly CaseSummary[]> {
    return this.#cases.list();
  }

  async show(id: string): Promise<Case> {
    return this.#cases.show(this.#meant(id));
  }

  async close(id: string, reason: string, by: string): Promise<Case> {
    return this.#cases.close(this.#meant(id), reason, by);
  }

  /** Who asks may be another user than this one: he is given the texts, and writes them himself. */
  async evidence(id: string, by: string): Promise<readonly EvidenceFile[]> {
    const one = await this.show(id);
    const audit = await caseRecords(auditFile(this.#folder), one.id);
    const { key: keyPem, cert: certificatePem } = this.#certificates.settings;
    const parts = { case: one, model: this.#settings.options.model, audit, by };
    return composeBundle(parts, { keyPem, certificatePem }, this.#clock.nowMs());
  }

  /** Ends what is worked on. Safe twice. */
  async stop(): Promise<void> {
    await this.#cases.stop();
    await this.#server.stop();
    this.#client.stop();
    this.#desk.stop();
    this.#certificates.stop();
    this.#door.stop();
    this.#problems.stop();
    await this.#audit.stop();
  }

  readonly #handle: RequestDesk['handle'] = async (...args) => {
    const beganAtMs = this.#clock.nowMs();
    try {
      return await this.#desk.handle(...args);
    } finally {
      this.#answerTimes.observe(this.#clock.nowMs() - beganAtMs);
    }
  };

  /** The id that begins so. */
  #meant(id: string): string {
    const meant = this.#cases.list().filter((one) => one.id.startsWith(id.toLowerCase()));
    if (meant.length < 2) return meant[0]?.id ?? id;
    throw new GluewallError('case-unknown', `${meant.length} cases begin with ${id}: give more of the id`);
  }
}
