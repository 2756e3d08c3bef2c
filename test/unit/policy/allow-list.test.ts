import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { AllowList } from '../../../src/policy/allow-list.ts';
import { allowEntry } from '../../support/allow-entries.ts';
import { addressOf } from '../../support/observations.ts';

function setUp(size = 10) {
  const list = new AllowList(size);
  const told: string[] = [];
  list.subscribe({
    allowed: (address) => told.push(`allowed ${formatAddress(address)}`),
    revoked: (address) => told.push(`revoked ${formatAddress(address)}`),
  });
  return { list, told };
}

describe('AllowList', () => {
  it('holds what was added, by address', () => {
    const { list } = setUp();
    list.add(allowEntry('192.0.2.1'));
    list.add(allowEntry('2001:db8::1'));
    expect(list.get(addressOf('192.0.2.1'))).toMatchObject({ reason: 'test', owner: 'admin' });
    expect(list.get(addressOf('2001:db8:0::1'))).toBeDefined();
    expect(list.get(addressOf('192.0.2.2'))).toBeUndefined();
    expect([...list.all()].map(({ address }) => formatAddress(address))).toEqual(['192.0.2.1', '2001:db8::1']);
  });

  it('tells each change', () => {
    const { list, told } = setUp();
    const address = addressOf('192.0.2.1');
    expect(list.add(allowEntry('192.0.2.1'))).toBe('added');
    expect(list.remove(address)).toBe('removed');
    expect(list.remove(address)).toBe('absent');
    expect(list.get(address)).toBeUndefined();
    expect(told).toEqual(['allowed 192.0.2.1', 'revoked 192.0.2.1']);
  });

  it('has changed by the time it tells', () => {
    const { list } = setUp();
    const address = addressOf('192.0.2.1');
    const seen: boolean[] = [];
    const look = () => seen.push(list.get(address) !== undefined);
    list.subscribe({ allowed: look, revoked: look });
    list.add(allowEntry('192.0.2.1'));
    list.remove(address);
    expect(seen).toEqual([true, false]);
  });

  it('is bounded; an address that is there can be renewed all the same', () => {
    const { list } = setUp(2);
    list.add(allowEntry('192.0.2.1'));
    expect(list.add(allowEntry('192.0.2.2'))).toBe('added');
    expect(list.add(allowEntry('192.0.2.3'))).toBe('full');
    expect(list.add(allowEntry('192.0.2.1', { reason: 'other' }))).toBe('renewed');
    expect(list.get(addressOf('192.0.2.1'))?.reason).toBe('other');
    list.remove(addressOf('192.0.2.1'));
    expect(list.add(allowEntry('192.0.2.3'))).toBe('added');
  });

  it('ends an entry when its time is over, and only then', () => {
    const { list, told } = setUp();
    list.add(allowEntry('192.0.2.1', { expiresAtMs: 5000 }));
    list.add(allowEntry('192.0.2.2'));
    list.expire(4999);
    expect(told).toEqual(['allowed 192.0.2.1', 'allowed 192.0.2.2']);
    list.expire(5000);
    list.expire(6000);
    expect(told.slice(2)).toEqual(['revoked 192.0.2.1']);
    expect(list.size).toBe(1);
  });

  it('goes by the newer of two entries for one address', () => {
    const { list, told } = setUp();
    list.add(allowEntry('192.0.2.1', { expiresAtMs: 5000 }));
    list.add(allowEntry('192.0.2.1', { expiresAtMs: 9000 }));
    list.expire(5000);
    expect(list.get(addressOf('192.0.2.1'))).toBeDefined();
    list.add(allowEntry('192.0.2.1', { expiresAtMs: 7000 }));
    list.expire(7000);
    expect(list.get(addressOf('192.0.2.1'))).toBeUndefined();
    list.expire(9000);
    expect(told.filter((line) => line.startsWith('revoked'))).toEqual(['revoked 192.0.2.1']);
  });

  it('lets no command change what the configuration has', () => {
    const { list } = setUp();
    list.add(allowEntry('192.0.2.1', { origin: 'configuration' }));
    expect(list.add(allowEntry('192.0.2.1', { expiresAtMs: 5000 }))).toBe('configured');
    expect(list.remove(addressOf('192.0.2.1'))).toBe('configured');
    list.expire(5000);
    expect(list.get(addressOf('192.0.2.1'))?.origin).toBe('configuration');
  });
});
