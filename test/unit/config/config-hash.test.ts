import { describe, expect, it } from 'vitest';
import { configHash } from '../../../src/config/config-hash.ts';
import { parseConfig } from '../../../src/config/load.ts';

const hashOf = (yaml: string) => configHash(parseConfig(yaml, 'gluewall.yaml'));

describe('configHash', () => {
  it('is 12 hexadecimal digits, and the same for the same meaning', () => {
    const hash = hashOf('warmup: 48h\nallow: [203.0.113.53]\n');
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(hashOf('# another file\nallow:\n  - 203.0.113.53\nwarmup: 2d\n')).toBe(hash);
  });

  it('is another for another meaning', () => {
    const hash = hashOf('allow: [203.0.113.53]\n');
    expect(hashOf('allow: [203.0.113.54]\n')).not.toBe(hash);
    expect(hashOf('allow: [203.0.113.53]\nhold: { time: 60ms }\n')).not.toBe(hash);
  });

  it('leaves out who asks the database, and sees which it is', () => {
    const store = (url: string) => hashOf(`store: { kind: mariadb, url: "${url}" }\n`);
    const hash = store('mysql://gluewall@198.51.100.7/dns');
    expect(store('mysql://other@198.51.100.7/dns')).toBe(hash);
    expect(store('mysql://gluewall@198.51.100.8/dns')).not.toBe(hash);
  });
});
