import { formatName, ROOT } from '../../src/dns/name.ts';
import type { HistoryOptions } from '../../src/nsdb/history-options.ts';
import type { LearnerOptions } from '../../src/nsdb/learner-options.ts';
import { holding, startLearning } from './learning.ts';
import { addressOf, nameOf, queryAt, type ResponseFields, responseAt } from './observations.ts';
import { VirtualClock } from './virtual-clock.ts';

export const ROOT_SERVER = '198.51.100.1';
/** Serves org, once `learnTop` has run. */
export const ORG_SERVER = '198.51.100.2';
/** Serves uk. */
export const UK_SERVER = '198.51.100.3';

/** Learning with one root hint. */
export function learningRig(options: Partial<LearnerOptions> = {}, historyOptions: Partial<HistoryOptions> = {}) {
  const clock = new VirtualClock();
  const { history, learner, observe } = startLearning(clock, options, historyOptions);
  history.keep('rootHints', ROOT, nameOf('a.root-servers.net'), addressOf(ROOT_SERVER));
  /** A query, and at once its response. */
  const exchange = (fields: ResponseFields) => {
    observe(queryAt(clock.nowMs(), fields), responseAt(clock.nowMs(), fields));
  };
  /** ZONE NAME-SERVER TRUST GLUE of each triple of the address that holds. */
  const rows = (address: string) =>
    holding(history, address, clock.nowMs())
      .map(({ zone, nameServer, trust, glue }) => `${formatName(zone)} ${formatName(nameServer)} ${trust} ${glue}`)
      .sort();
  const knows = (address: string) => history.standing(addressOf(address)) !== undefined;
  const leftSeconds = (address: string) =>
    ((history.standing(addressOf(address))?.untilMs ?? Number.NaN) - clock.nowMs()) / 1000;
  /** How often the rule with this refusal has refused. */
  const refused = (refusal: string) => learner.counters.get(`refused: ${refusal}`);
  const learnTop = () => {
    exchange({
      server: ROOT_SERVER,
      nameServers: ['org 172800 a.nic.org'],
      additional: [`a.nic.org 172800 ${ORG_SERVER}`],
    });
    exchange({
      server: ROOT_SERVER,
      name: 'www.example.co.uk',
      nameServers: ['uk 172800 ns1.nic.uk'],
      additional: [`ns1.nic.uk 172800 ${UK_SERVER}`],
    });
  };
  return { clock, history, learner, observe, exchange, rows, knows, leftSeconds, refused, learnTop };
}
