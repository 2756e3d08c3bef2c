import type { Unseen } from '../../services/behaviour-services.ts';
import type { Sights } from './behaviour-order.ts';

const CLIENT_SIDE = 'set behaviour.client_side.interfaces to one between clients and their resolver';
const COMPARED = 'syns-without-answer, dns-tcp';

/** What is not looked for with these sights, why, and what to configure. */
export function unseenOf({ verdicts, border, queries, answers, syns }: Sights): readonly Unseen[] {
  const unseen: Unseen[] = [];
  const say = (what: string, why: string, remedy: string) => unseen.push({ what, why, remedy });
  if (!verdicts) say('blocked-queries', 'no gate judges', 'set inside.networks and outside.ports');
  if (!border && !answers) {
    say(
      'direct-queries, many-servers',
      'what leaves is not seen',
      'name an interface in capture.interfaces, or set openflow.learn',
    );
  }
  if (!queries) {
    say(
      'unresolvable-names, odd-names',
      'what hosts ask their resolver is not seen',
      `follow its log (querylog.sources), or ${CLIENT_SIDE}`,
    );
  }
  if (!syns) say('scanning', 'TCP connections are not seen', `set capture.syns, or ${CLIENT_SIDE}`);
  if (!answers) {
    const why = 'a border sees the answers that the resolver gets, not those of its clients';
    say(COMPARED, why, `${CLIENT_SIDE}, or behaviour.client_side.dnstap with capture.syns`);
  } else if (!syns) say(COMPARED, 'the answers of clients are seen, and connections are not', 'set capture.syns');
  return unseen;
}
