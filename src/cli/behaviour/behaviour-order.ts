import { captureInterfaces, isJudging } from '../../config/effective.ts';
import type { Config } from '../../config/schema.ts';
import { type Address, addressFromOctets, addressOctets, type Network, networkMask } from '../../core/address.ts';
import type { MailServer } from '../../correlation/backscatter/backscatter-watch.ts';
import type { BotGroup } from '../../correlation/bot-group.ts';
import type { CorrelationOptions, Site } from '../../correlation/correlation-options.ts';
import type { Name } from '../../dns/name.ts';

/** What of the hosts is seen at all: evidence that needs more is not looked for. */
export interface Sights {
  /** What the gate judges. */
  readonly verdicts: boolean;
  /** Direct queries, where they leave. */
  readonly border: boolean;
  /** What hosts ask their resolvers: by logs, by dnstap or on the side of the clients. */
  readonly queries: boolean;
  /** The answers that hosts get, as they get them. */
  readonly answers: boolean;
  /** TCP connections as they begin. */
  readonly syns: boolean;
}

/** What can change while hosts are looked at. */
export interface BehaviourSettings {
  readonly minScore: number;
  readonly roundMs: number;
  readonly mailServers: readonly MailServer[];
  /** Zones of the site itself. */
  readonly zones: readonly Name[];
  readonly site: Site;
  /** The site as it stands in the query log, where clients have pseudonyms. */
  readonly logSite: Site;
}

/** What the thread that looks at hosts is told; can be cloned. */
export interface BehaviourOrder extends BehaviourSettings {
  readonly options: CorrelationOptions;
  readonly sights: Sights;
  /** Whether the frames of clients are captured; else their answers come by dnstap, if at all. */
  readonly capturesClients: boolean;
  /** Groups that were known before, whose ids stay. */
  readonly groups: readonly BotGroup[];
}

/** `clientInLog`: what stands in the query log for a client. */
export function behaviourOrder(config: Config, clientInLog: (client: Address) => Address): BehaviourOrder {
  const { hosts, pairs, half_life: halfLifeMs, client_side } = config.behaviour;
  const settings = behaviourSettings(config, clientInLog);
  const sights = sightsOf(config);
  return {
    ...settings,
    options: { hosts, pairs, halfLifeMs, minScore: settings.minScore, unseen: unseenBy(sights) },
    sights,
    capturesClients: client_side.interfaces.length > 0,
    groups: [],
  };
}

export function behaviourSettings(config: Config, clientInLog: (client: Address) => Address): BehaviourSettings {
  const { behaviour, inside, trusted_resolvers: trustedResolvers } = config;
  const { min_score: minScore, round: roundMs, mail_servers } = behaviour;
  const mailServers = mail_servers.map(({ address, local_domain }) => ({
    address,
    localDomains: local_domain === undefined ? inside.zones : [local_domain],
  }));
  const addresses = mailServers.map(({ address }) => address);
  return {
    minScore,
    roundMs,
    mailServers: mailServers.flatMap((server) => inBothForms(server, clientInLog)),
    zones: inside.zones,
    site: { insideNetworks: inside.networks, trustedResolvers, mailServers: addresses },
    logSite: {
      insideNetworks: inside.networks.map((network) => networkInLog(network, clientInLog)),
      // As servers they stand there as they are.
      trustedResolvers: [...trustedResolvers, ...trustedResolvers.map(clientInLog)],
      mailServers: addresses.map(clientInLog),
    },
  };
}

/** A mail server by itself and as it stands in the query log. */
function inBothForms(server: MailServer, clientInLog: (client: Address) => Address): readonly MailServer[] {
  const inLog = clientInLog(server.address);
  return inLog === server.address ? [server] : [server, { ...server, address: inLog }];
}

/** What of the hosts this configuration has us see. */
export function sightsOf(config: Config): Sights {
  const { behaviour, capture, openflow, querylog } = config;
  const { interfaces, dnstap } = behaviour.client_side;
  const capturesClients = interfaces.length > 0;
  const capturesBorder = captureInterfaces(config).length > 0 || capture.listen !== undefined;
  return {
    verdicts: isJudging(config),
    border: capturesBorder || openflow.learn,
    queries: capturesClients || dnstap || querylog.sources.length > 0,
    answers: capturesClients || dnstap,
    syns: capturesClients || (capturesBorder && capture.syns),
  };
}

/** Whoever sees connections and not the answers before them takes every one for a connection without an answer. */
function unseenBy({ answers, syns }: Sights): CorrelationOptions['unseen'] & object {
  return answers && syns ? [] : ['syns-without-answer'];
}

/** Pseudonyms keep prefixes: those of a network are one, too. */
function networkInLog({ base, prefixLength }: Network, clientInLog: (client: Address) => Address): Network {
  const mask = networkMask(base, prefixLength);
  const octets = addressOctets(clientInLog(base)).map((octet, index) => octet & mask[index]!);
  return { base: addressFromOctets(Buffer.from(octets))!, prefixLength };
}
