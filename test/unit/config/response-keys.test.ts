import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { summarise } from '../../../src/config/summary.ts';
import { messageOf } from '../../../src/core/errors.ts';
import { formatName } from '../../../src/dns/name.ts';

const TSIG = 'tsig: { name: k, secret_file: s }';

function problemOf(response: string): string {
  try {
    parseConfig(`inside: { zones: [corp.rpz.example.org] }\nresponse: { ${response} }\n`, 'gluewall.yaml');
  } catch (error) {
    return messageOf(error);
  }
  return 'none';
}

describe('response', () => {
  it('does nothing by default', () => {
    expect(parseConfig('', 'gluewall.yaml').response).toEqual({ rules: [], never: [], most_hosts: 20 });
  });

  it('takes a zone with its ways out', () => {
    const text = `response:
  rpz: { file: rpz.zone, reload: [rndc, reload], listen: "127.0.0.1:5354", ${TSIG}, notify: ["192.0.2.53:53"] }
  rules: [{ findings: [c2-server, download-server], min_score: 0.9, action: rpz }]
`;
    const { rpz, rules } = parseConfig(text, 'gluewall.yaml').response;
    expect(formatName(rpz!.zone)).toBe('rpz.gluewall.internal');
    expect(rpz).toMatchObject({ keep: 7 * 86_400_000, unsigned: 'never', tsig: { algorithm: 'hmac-sha256' } });
    expect(rules).toMatchObject([{ for: 86_400_000 }]);
  });

  it('is told by `gluewall config check`', () => {
    const text = 'inside: { networks: [192.0.2.0/24] }\nresponse: { rpz: { file: rpz.zone } }\n';
    expect(summarise(parseConfig(text, 'gluewall.yaml')).sentences.at(-1)).toBe(
      'Response Policy Zone rpz.gluewall.internal: written to rpz.zone; in it is what a person escalates',
    );
  });

  it('takes rules that put hosts in quarantine', () => {
    const rule = '{ findings: [infected-host, answer-flood], min_score: 0.9, action: quarantine, for: 18h }';
    const text = `inside: { networks: [192.0.2.0/24] }
response: { remediation: 192.0.2.80, never: [192.0.2.0/28], most_hosts: 5, rules: [${rule}] }
`;
    const config = parseConfig(text, 'gluewall.yaml');
    expect(config.response).toMatchObject({ most_hosts: 5, rules: [{ action: 'quarantine', for: 64_800_000 }] });
    expect(summarise(config).sentences.at(-1)).toBe(
      'rules put hosts in quarantine, 5 at once at most: infected-host, answer-flood',
    );
  });

  it.each([
    ['networks: [192.0.2.0/24]', 'for: 19h', ':2:', 'is for 18h at most, by which switches end it, and here for 19h'],
    ['networks: [192.0.2.0/24]', '', ':2:', 'is for 18h at most, by which switches end it, and here for 1d: set for'],
    ['networks: []', 'for: 1h', ':2:', 'quarantine-dns needs inside.networks'],
    [
      'networks: [192.0.2.0/24] }\nquerylog: { anonymise: { key_file: k }',
      'for: 1h',
      ':3:',
      'quarantine-dns does not go with querylog.anonymise: a pseudonym may be the address of another host',
    ],
  ])('refuses a quarantine: %s, %s', (inside, given, place, problem) => {
    const rule = `{ findings: [infected-host], min_score: 1, action: quarantine-dns, ${given} }`;
    const text = `inside: { ${inside} }\nresponse: { rules: [${rule}] }\n`;
    let message = 'none';
    try {
      parseConfig(text, 'gluewall.yaml');
    } catch (error) {
      message = messageOf(error);
    }
    expect(message).toContain(problem);
    expect(message).toContain(place);
  });

  it.each([
    [
      'rules: [{ findings: [bot-group], min_score: 1, action: quarantine, for: 1h }]',
      'a finding of bot-group is not about one host that could be put in quarantine',
    ],
    ['rpz: { listen: "127.0.0.1:5354", unsigned: loopback }', 'response.rpz.file: '],
    ['rpz: { file: z, listen: "127.0.0.1:5354" }', 'needs tsig, or unsigned: loopback, else nobody is answered'],
    [
      'rpz: { file: z, listen: "192.0.2.1:5354", unsigned: loopback }',
      'loopback is for a listener on a loopback address',
    ],
    ['rpz: { file: z, notify: ["192.0.2.53:53"] }', 'who is told would ask in vain: set listen'],
    ['rpz: { file: z, zone: com }', 'want a name with two labels or more'],
    ['rpz: { file: z, zone: rpz.example.org }', 'would take the place of corp.rpz.example.org of inside.zones'],
    ['rules: [{ findings: [c2-server], min_score: 1, action: rpz }]', 'action rpz needs response.rpz'],
    [
      'rpz: { file: z }, rules: [{ findings: [infected-host], min_score: 1, action: rpz }]',
      'a finding of infected-host is about hosts, which a Response Policy Zone does not block',
    ],
  ])('refuses %s', (response, problem) => {
    expect(problemOf(response)).toContain(problem);
  });
});
