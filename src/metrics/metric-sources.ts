/**
 * What metrics are made of: figures that the parts count anyway, read when somebody asks. All counts are since the start;
 * a part that is not there gives undefined, and its metrics have no samples.
 */
import type { DurationFigures } from '../core/duration-histogram.ts';

type Mode = 'monitor' | 'enforce';

/** What gluewall is told by its configuration, and whether it took it. */
export interface ConfigFigures {
  /** Of the configuration in force; 12 hexadecimal digits. */
  readonly hash: string;
  /** When the configuration in force was taken up, milliseconds since the epoch. */
  readonly appliedAtMs: number;
  /** How the last reload went; undefined while there was none. */
  readonly last: 'applied' | 'refused' | undefined;
  /** Reloads that were applied, and that were refused. */
  readonly applied: number;
  readonly refused: number;
}

/** A group of clients and how it is treated. */
export interface GroupFigures {
  readonly name: string;
  readonly configured: Mode;
  readonly inForce: Mode;
}

/** An emergency bypass that is in force. */
export interface BypassFigures {
  /** `all`, or the name of the group it is for. */
  readonly group: string;
  /** When it ends by itself, milliseconds since the epoch. */
  readonly endsAtMs: number;
}

export interface ModeFigures {
  readonly groups: Iterable<GroupFigures>;
  /** Milliseconds of learning still wanted; 0 when warm-up is over. */
  readonly warmupLeftMs: number;
  /** Enforce was given up for monitor because the history is no longer fed. */
  readonly hasFallenBack: boolean;
  readonly bypasses: Iterable<BypassFigures>;
  /** Hosts in quarantine. */
  readonly quarantines: number;
}

/** Verdicts of one kind, reason and mode. */
export interface VerdictFigures {
  readonly verdict: string;
  readonly reason: string;
  /** That of the client's group at the time. */
  readonly mode: string;
  readonly count: number;
}

/** The walk of packets. */
export interface WalkFigures {
  readonly verdicts: Iterable<VerdictFigures>;
  /** Of some packet_ins, from when their turn came to the verdict, or to the hold; undefined where nobody measures. */
  readonly verdictTimes: DurationFigures | undefined;
  /** From the start of a hold to its verdict. */
  readonly holdTimes: DurationFigures | undefined;
  /** Packets held now, and their octets. */
  readonly heldPackets: number;
  readonly heldBytes: number;
  /** Holds begun, and those that ended because the destination became known. */
  readonly holdsBegun: number;
  readonly holdsAllowed: number;
  /** Retransmissions of what was held already, and packets that found no room. */
  readonly holdsMerged: number;
  readonly holdsRefused: number;
  readonly packetsReleased: number;
  /** Packet_ins that got no verdict, by why. */
  readonly ignored: Iterable<readonly [reason: string, count: number]>;
  /** Connections that are judged by their first message: held now, their octets, and what became of them. */
  readonly openings: {
    readonly held: number;
    readonly bytes: number;
    readonly events: Iterable<readonly [event: string, count: number]>;
  };
  /** Packet_ins that waited for their turn, those that found no room, those judged too late, and octets that wait now. */
  readonly queued: number;
  readonly dropped: number;
  readonly late: number;
  readonly queueBytes: number;
}

export interface HistoryFigures {
  /** Triples that have not expired, and those that have and are remembered. */
  readonly triples: number;
  readonly pastTriples: number;
  /** The most triples, of both kinds. */
  readonly capacity: number;
  readonly addresses: number;
  /** Triples that found no room. */
  readonly refused: number;
  /** Addresses that became known, and that are known no more. */
  readonly learnedAddresses: number;
  readonly expiredAddresses: number;
  /** NS records that wait for the address of their name server. */
  readonly glueless: number;
}

export interface CaptureFigures {
  /** Every interface is captured. */
  readonly isCapturing: boolean;
  readonly receivedByKernel: number;
  readonly droppedByKernel: number;
  readonly droppedByBackpressure: number;
  readonly observations: number;
  readonly restarts: number;
}

export interface LearningFigures {
  /** Every source that is configured works. */
  readonly isComplete: boolean;
  /** When all sources were last there, milliseconds since the epoch; undefined for never. */
  readonly lastLearnedAtMs: number | undefined;
  /** Undefined where nothing is captured. */
  readonly capture: CaptureFigures | undefined;
  /** Whether a resolver writes dnstap; undefined where none is to. */
  readonly isDnstapConnected: boolean | undefined;
  readonly queries: number;
  readonly responsesMatched: number;
  readonly responsesUnmatched: number;
  /** Exchanges that taught something. */
  readonly lessons: number;
  /** What was not learned, by the rule that refused it. */
  readonly refused: Iterable<readonly [rule: string, count: number]>;
  readonly pendingQueries: number;
  readonly pendingCapacity: number;
}

/** A switch that is connected. */
export interface SwitchFigures {
  /** 16 hexadecimal digits. */
  readonly datapathId: string;
  readonly peer: string;
  readonly role: string;
  readonly hasMeters: boolean;
  /** Flows that verdicts made, by kind, and the most there may be of each. */
  readonly flows: Iterable<{ readonly kind: string; readonly count: number; readonly budget: number }>;
  /** What became of those flows. */
  readonly flowEvents: Iterable<readonly [event: string, count: number]>;
  readonly packetIns: number;
  readonly messages: number;
  readonly errors: number;
}

export interface ControllerFigures {
  readonly switches: Iterable<SwitchFigures>;
  /** The most connections at once. */
  readonly capacity: number;
  /** Connections made, refused and tried in vain, by outcome. */
  readonly connections: Iterable<readonly [outcome: string, count: number]>;
  readonly errors: number;
}

/** Something lost, refused or unreadable. */
export interface LossFigures {
  readonly place: string;
  /** Datapath id, where it is one switch's. */
  readonly datapathId: string | undefined;
  readonly count: number;
}

export interface StoreFigures {
  readonly writtenTriples: number;
  readonly writtenEvents: number;
  readonly waitingTriples: number;
  readonly waitingEvents: number;
  readonly lostTriples: number;
  readonly lostEvents: number;
  readonly lastFlushAtMs: number | undefined;
  /** The code of the error that keeps it from being written. */
  readonly failing: string | undefined;
  readonly journalSaves: number;
  readonly journalBytes: number;
}

export interface RuleFigures {
  readonly id: string;
  readonly action: string;
  /** Where it was made: the configuration, or a command. */
  readonly origin: string;
  readonly hits: number;
}

/** A list of addresses or names, as shipped or fetched. */
export interface PackFigures {
  readonly name: string;
  readonly entries: number;
  /** When it was last read or fetched in full, milliseconds since the epoch; undefined for never. */
  readonly refreshedAtMs: number | undefined;
  /** The last refresh failed, and the last good copy is in force. */
  readonly isFailing: boolean;
}

export interface PolicyFigures {
  readonly rules: Iterable<RuleFigures>;
  /** Undefined where there are none. */
  readonly packs: Iterable<PackFigures> | undefined;
}

/** One source of the query log as it is configured, since the start. */
export interface QueryLogSourceFigures {
  readonly source: string;
  readonly entries: number;
  /** Records that could not be read. */
  readonly refused: number;
  readonly lost: number;
  /** Milliseconds since the epoch, by the clock of the source; undefined: nothing has come. */
  readonly lastAtMs: number | undefined;
  readonly isFailing: boolean;
}

export interface QueryLogFigures {
  readonly isKept: boolean;
  readonly sources: Iterable<QueryLogSourceFigures>;
}

/** The traceback node. */
export interface TracebackFigures {
  readonly isUp: boolean;
  readonly restarts: number;
  /** Of peers; an outcome is granted or refused. */
  readonly requests: Iterable<{ readonly kind: string; readonly outcome: string; readonly count: number }>;
  /** Requests of peers that were refused, by type of problem. */
  readonly problems: Iterable<readonly [problem: string, count: number]>;
  /** Requests to peers that failed. */
  readonly peerFailures: Iterable<{ readonly peer: string; readonly reason: string; readonly count: number }>;
  /** From the arrival of a request of a peer to its answer. */
  readonly answerTimes: DurationFigures | undefined;
  /** Cases by state. */
  readonly cases: Iterable<readonly [state: string, count: number]>;
  readonly auditRecords: number;
  readonly unaudited: number;
  readonly certificateExpiresAtMs: number | undefined;
}

/** The Response Policy Zone. */
export interface RpzFigures {
  readonly serial: number;
  readonly entries: number;
  /** What findings call for and must not be blocked. */
  readonly leftOut: number;
  /** Of secondaries, by outcome. */
  readonly requests: Iterable<readonly [outcome: string, count: number]>;
  readonly notifies: number;
  readonly notifiesUnanswered: number;
  /** In words; undefined: the file is as the zone is, or there is none to be. */
  readonly problem: string | undefined;
  readonly failures: number;
}

/** Of the rules of `response` that put hosts in quarantine. */
export interface QuarantineRuleFigures {
  readonly begun: number;
  /** Hosts for which there was no room. */
  readonly refused: number;
}

/** What hosts do. */
export interface BehaviourMetricFigures {
  readonly isLooking: boolean;
  readonly hosts: number;
  readonly pairs: number;
  readonly groups: number;
  readonly events: Iterable<readonly [kind: string, count: number]>;
  readonly lost: Iterable<readonly [source: string, count: number]>;
  readonly rounds: number;
  readonly roundsSeconds: number;
}

/** Everything that is counted, part by part. Each is asked once or more for each scrape, and answers from memory. */
export interface MetricSources extends NodeMetricSources {
  mode(): ModeFigures;
  walk(): WalkFigures;
  history(): HistoryFigures;
  learning(): LearningFigures;
  controller(): ControllerFigures;
  /** Everything lost, by place; the events that found no room in the queue behind the walk among it. */
  losses(): Iterable<LossFigures>;
  store(): StoreFigures;
  policy(): PolicyFigures;
  /** Undefined where nobody looks at what hosts do. */
  behaviour(): BehaviourMetricFigures | undefined;
  openFindings(): Iterable<readonly [kind: string, count: number]>;
  /** Undefined where there is none. */
  rpz(): RpzFigures | undefined;
  quarantineRules(): QuarantineRuleFigures;
}

/** What a traceback node without a gate has of them, too. */
export interface NodeMetricSources {
  /** Undefined where nobody knows it. */
  readonly version: string | undefined;
  config(): ConfigFigures;
  queryLog(): QueryLogFigures | undefined;
  node(): TracebackFigures | undefined;
}
