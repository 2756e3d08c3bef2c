import type { Config } from '../../config/schema.ts';
import { type Address, formatAddress, networkContains } from '../../core/address.ts';
import { type Clock, every } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { type Finding, HOST_FINDING_KINDS } from '../../findings/finding.ts';
import type { FindingBook, FindingNews } from '../../findings/finding-book.ts';
import type { QuarantineOrder, Quarantines } from '../../firewall/quarantines.ts';
import type { QuarantineRuleFigures } from '../../metrics/metric-sources.ts';
import { quarantineProblem } from '../../services/quarantine-services.ts';
import { type CalledFor, decideQuarantines, RULE_OWNER } from './decide-quarantines.ts';
import { describeStanding, ENDED_EARLY, standingOf } from './quarantine-standing.ts';

export interface QuarantineRulesParts {
  readonly findings: Pick<FindingBook, 'list' | 'of' | 'subscribe' | 'respond'>;
  readonly quarantines: Quarantines;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the findings of earlier runs are known: until then nobody knows what was done about them. */
  readonly isReady: () => boolean;
}

/** Room comes when a quarantine ends, without anybody's saying so. */
const REVIEW_MS = 10_000;
/** What changes many times in a row is looked at once. */
const SOON_MS = 200;

/** Puts hosts in quarantine, and lets them go, as findings and the rules of `response` have it. */
export class QuarantineRules {
  readonly #parts: QuarantineRulesParts;
  /** Findings whose host found no room, which are told once. */
  #refused = new Set<string>();
  #isEnding = false;
  #begun = 0;
  #noRoom = 0;
  #config: Config;
  #cancelSoon: (() => void) | undefined;
  #cancelReview: (() => void) | undefined;

  constructor(config: Config, parts: QuarantineRulesParts) {
    this.#config = config;
    this.#parts = parts;
  }

  start(): void {
    const { findings, quarantines, clock } = this.#parts;
    findings.subscribe((news) => this.#heard(news));
    quarantines.subscribe((order) => this.#endedEarly(order));
    this.review();
    this.#cancelReview = every(clock, REVIEW_MS, () => this.review());
  }

  configure(config: Config): void {
    this.#config = config;
    this.#soon();
  }

  /** What is in quarantine stays so. Safe twice. */
  stop(): void {
    this.#cancelSoon?.();
    this.#cancelReview?.();
  }

  get figures(): QuarantineRuleFigures {
    return { begun: this.#begun, refused: this.#noRoom };
  }

  review(): void {
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    const { quarantines, clock, isReady } = this.#parts;
    const { response } = this.#config;
    const { orders } = quarantines;
    if (!isReady() || (orders.length === 0 && !response.rules.some(({ action }) => action !== 'rpz'))) return;
    const { begin, end, noRoom } = decideQuarantines({
      findings: this.#findingsOfHosts(),
      orders,
      response,
      isProtected: (host) => isProtected(host, this.#config),
      nowMs: clock.nowMs(),
    });
    for (const order of end) this.#end(order);
    const full = begin.filter((called) => !this.#begin(called));
    this.#sayNoRoom([...noRoom, ...full]);
  }

  #heard({ what, finding }: FindingNews): void {
    if (what === 'response') return;
    if (finding.state === 'closed') this.review();
    else this.#soon();
  }

  #findingsOfHosts(): readonly Finding[] {
    return this.#parts.findings.list().filter(({ kind }) => HOST_FINDING_KINDS.some((one) => one === kind));
  }

  /** False where all quarantines are taken. */
  #begin({ finding, host, scope, forMs, ruleNumber }: CalledFor): boolean {
    const { findings, quarantines, clock } = this.#parts;
    const sinceMs = clock.nowMs();
    const { id, kind, score } = finding;
    const because = finding.reasons[0]?.line ?? '';
    const reason = `rule ${ruleNumber}, ${kind} ${id}${because === '' ? '' : `: ${because}`}`;
    const remediation = scope === 'all' ? this.#config.response.remediation : undefined;
    const untilMs = sinceMs + forMs;
    try {
      quarantines.begin({ host: { address: host }, scope, remediation, sinceMs, untilMs, reason, owner: RULE_OWNER });
    } catch (error) {
      if (error instanceof GluewallError && error.code === 'quarantine-full') return false;
      throw error;
    }
    this.#begun++;
    findings.respond(id, describeStanding({ scope, untilMs, score }, ruleNumber), `rule ${ruleNumber}`);
    return true;
  }

  #end({ host }: QuarantineOrder): void {
    this.#isEnding = true;
    this.#parts.quarantines.end(host);
    this.#isEnding = false;
  }

  /** A person lets the host go: no rule takes it again for what is known of it now. */
  #endedEarly({ host }: QuarantineOrder): void {
    if (this.#isEnding || !('address' in host)) return;
    const { rules } = this.#config.response;
    const subject = formatAddress(host.address);
    const kinds = new Set(rules.flatMap(({ action, findings }) => (action === 'rpz' ? [] : findings)));
    for (const kind of kinds) {
      const finding = this.#parts.findings.of(kind, subject);
      if (finding === undefined || finding.state === 'closed' || standingOf(finding) === 'ended') continue;
      this.#parts.findings.respond(finding.id, ENDED_EARLY, '');
    }
  }

  #sayNoRoom(refused: readonly CalledFor[]): void {
    const fresh = refused.filter(({ finding }) => !this.#refused.has(finding.id));
    this.#refused = new Set(refused.map(({ finding }) => finding.id));
    this.#noRoom += fresh.length;
    const [first] = fresh;
    if (first === undefined) return;
    const hosts = `${formatAddress(first.host)}${fresh.length > 1 ? ` and ${fresh.length - 1} more` : ''}`;
    this.#parts.log.warn(
      { alarm: 'quarantine-room', hosts: refused.length, most: this.#config.response.most_hosts },
      `rule ${first.ruleNumber} would put ${hosts} in quarantine, and response.most_hosts has no room for it: look at ` +
        '`gluewall findings`, begin one by hand (gluewall quarantine start), end others, or raise response.most_hosts',
    );
  }

  #soon(): void {
    this.#cancelSoon ??= this.#parts.clock.after(SOON_MS, () => this.review());
  }
}

/** Whether no rule may put this host in quarantine, whatever is found. */
function isProtected(host: Address, { inside, trusted_resolvers, behaviour, response }: Config): boolean {
  const problem = quarantineProblem(
    { address: host },
    { insideNetworks: () => inside.networks, trustedResolvers: () => trusted_resolvers },
  );
  return (
    problem !== undefined ||
    // Where no network is of the inside, nobody can say whose host it is.
    inside.networks.length === 0 ||
    host === response.remediation ||
    behaviour.mail_servers.some(({ address }) => address === host) ||
    response.never.some((network) => networkContains(network, host))
  );
}
