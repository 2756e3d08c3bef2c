/** What people ask about what hosts do: groups of bots, one host, connections and the answers before them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Address, formatAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import type { BotGroup } from '../correlation/bot-group.ts';
import type { DnsTcpTables } from '../correlation/dns-tcp/dns-tcp-book.ts';
import type { HostSight } from '../correlation/host-sight.ts';
import type { FindingBook } from '../findings/finding-book.ts';
import { type BotGroupView, viewGroup } from './bot-view.ts';
import { type ClientSource, findClients } from './client-view.ts';
import { type HostView, viewHost } from './host-view.ts';

/** What is not looked for, and why. */
export interface Unseen {
  readonly what: string;
  readonly why: string;
  /** What to configure. */
  readonly remedy: string;
}

export interface HostAnswer {
  /** One for each MAC address that had the address; none: it was not seen. */
  readonly hosts: readonly HostSight[];
  readonly unseen: readonly Unseen[];
}

/** What the thread that looks at hosts is asked. */
export interface BehaviourQuestions {
  groups(): Promise<readonly BotGroup[]>;
  host(address: Address): Promise<HostAnswer>;
  /** Rejects with GluewallError `answers-unseen` where the side of the clients is not seen. */
  dnsTcp(): Promise<DnsTcpTables>;
}

export interface BehaviourParts {
  /** Left out where nobody looks. */
  readonly behaviour?: BehaviourQuestions | undefined;
  readonly clients?: ClientSource;
  readonly findings?: Pick<FindingBook, 'list'> | undefined;
}

export interface BehaviourServices {
  /** The surest first. */
  groups(): AsyncGenerator<BotGroupView, void>;
  /** By its id, or by as much of the beginning of it as no other has. Rejects with GluewallError `group-unknown`. */
  group(id: string): Promise<BotGroupView>;
  host(address: Address): Promise<HostView>;
  dnsTcp(): Promise<DnsTcpTables>;
}

const GROUPS_PER_TURN = 20;

export function behaviourServices({ behaviour, clients, findings }: BehaviourParts): BehaviourServices {
  const asked = () => {
    if (behaviour !== undefined) return behaviour;
    throw new GluewallError(
      'behaviour-off',
      'nobody looks at what hosts do: start `gluewall run` with inside.networks, and without behaviour.enabled: false',
    );
  };
  const aboutGroups = () => findings?.list({ kind: 'bot-group' }) ?? [];
  return {
    async *groups() {
      const groups = await asked().groups();
      const known = aboutGroups();
      for (const [index, group] of groups.entries()) {
        if (index % GROUPS_PER_TURN === 0) await nextTurn();
        yield viewGroup(group, known);
      }
    },
    async group(id) {
      const group = meantGroup(await asked().groups(), id);
      return viewGroup(group, aboutGroups());
    },
    async host(address) {
      const answer = await asked().host(address);
      const client =
        clients === undefined ? undefined : await findClients(clients, { kind: 'address', address }).next();
      const known = findings?.list({ host: formatAddress(address) }) ?? [];
      return viewHost(address, answer, client?.value ?? undefined, known);
    },
    dnsTcp: async () => asked().dnsTcp(),
  };
}

function meantGroup(groups: readonly BotGroup[], id: string): BotGroup {
  const meant = groups.filter((group) => group.id.toLowerCase().startsWith(id.toLowerCase()));
  const exact = meant.find((group) => group.id.toLowerCase() === id.toLowerCase());
  const found = exact ?? (meant.length === 1 ? meant[0] : undefined);
  if (found !== undefined) return found;
  const problem =
    meant.length === 0
      ? `there is no group ${id}: \`gluewall bots\` lists those there are`
      : `${meant.length} groups begin with ${id}: give more of the id`;
  throw new GluewallError('group-unknown', problem);
}
