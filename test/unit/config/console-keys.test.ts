import { describe, expect, it } from 'vitest';
import { composeYaml } from '../../../src/config/compose.ts';
import { configDifference } from '../../../src/config/difference.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { summarise } from '../../../src/config/summary.ts';

const consoleOf = (yaml: string) => parseConfig(yaml, 'gluewall.yaml').console;
const TLS = 'tls: {key: key.pem, certificate: certificate.pem}';
const OIDC = 'issuer: "https://id.example", client_id: gluewall, client_secret_file: secret';

describe('console', () => {
  it('has limits for sessions, and no listener unless it is said', () => {
    expect(consoleOf('mode: monitor\n')).toEqual({ session: { idle: 1_800_000, absolute: 43_200_000 } });
  });

  it.each([
    ['127.0.0.1:8453', { host: '127.0.0.1', port: 8453 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:1', { host: 'localhost', port: 1 }],
  ])('listens with plain HTTP on loopback: %s', (listen, place) => {
    expect(consoleOf(`console: {listen: "${listen}"}\n`).listen).toEqual(place);
  });

  it.each(['0.0.0.0:8453', '192.0.2.1:8453', '[::]:8453', 'gluewall.example:8453', '127.0.0.1.example:1'])(
    'listens elsewhere with TLS alone: %s',
    (listen) => {
      expect(() => consoleOf(`console: {listen: "${listen}"}\n`)).toThrow(
        /1:11: console\.listen on .*set console\.tls/,
      );
      expect(consoleOf(`console: {listen: "${listen}", ${TLS}}\n`).listen).toBeDefined();
    },
  );

  it.each([
    ['console: {listen: 8453}\n', 'console.listen: want text'],
    ['console: {port: 8453}\n', 'console.port'],
    ['console: {tls: {key: k}}\n', 'console.tls.certificate'],
    ['console: {session: {idle: 2h, absolute: 1h}}\n', 'console.session.idle is above console.session.absolute'],
    ['console: {session: {idle: 1s}}\n', 'console.session.idle'],
    ['console: {public_url: "http://gluewall.example"}\n', 'want https://HOST'],
    ['console: {public_url: "https://gluewall.example/path"}\n', 'want https://HOST'],
    ['console: {public_url: "https://user@gluewall.example"}\n', 'want https://HOST'],
    [`console: {public_url: "http://localhost:1", ${TLS}}\n`, 'console.public_url is http'],
    [`console: {oidc: {${OIDC}}}\n`, 'nobody gets a role'],
    ['console: {oidc: {issuer: "http://id.example", client_id: x, client_secret_file: y}}\n', 'http only for loopback'],
    [`console: {oidc: {${OIDC}, roles: {root: [x]}}}\n`, 'console.oidc.roles.root'],
    [`console: {oidc: {${OIDC}, client_secret: x}}\n`, 'console.oidc.client_secret'],
  ])('says what is wrong with %j', (yaml, problem) => {
    expect(() => consoleOf(yaml)).toThrow(problem);
  });

  it('takes who may sign in from a provider, by a claim', () => {
    expect(consoleOf(`console: {oidc: {${OIDC}, roles: {analyst: [soc], admin: [ops, root]}}}\n`).oidc).toEqual({
      issuer: 'https://id.example',
      client_id: 'gluewall',
      client_secret_file: 'secret',
      name_claim: 'preferred_username',
      role_claim: 'groups',
      roles: { viewer: [], analyst: ['soc'], admin: ['ops', 'root'] },
      label: 'Sign in with your organisation',
    });
  });

  it('is the same when it is written and read again', () => {
    const yaml = `console: {listen: "0.0.0.0:443", public_url: "https://gluewall.example", ${TLS}, oidc: {${OIDC}, roles: {admin: [x]}}}\n`;
    const config = parseConfig(yaml, 'gluewall.yaml');
    expect(parseConfig(composeYaml(config), 'gluewall.yaml')).toEqual(config);
  });

  it('is read at the start: a reload says so', () => {
    const before = parseConfig('console: {listen: "127.0.0.1:1"}\n', 'gluewall.yaml');
    const after = parseConfig('console: {listen: "127.0.0.1:2"}\n', 'gluewall.yaml');
    expect(configDifference(before, after).map(({ path, isLive }) => [path, isLive])).toEqual([
      ['console.listen', false],
    ]);
  });

  it('is said in a sentence', () => {
    const config = parseConfig(`console: {listen: "0.0.0.0:443", ${TLS}, oidc: {${OIDC}, roles: {admin: [x]}}}\n`, 'f');
    expect(summarise(config).sentences).toContain(
      'console at https://0.0.0.0:443: sessions end after 30m without use, and after 12h, sign-in by https://id.example too',
    );
    expect(summarise(parseConfig('mode: monitor\n', 'f')).sentences.join()).not.toContain('console');
  });
});
