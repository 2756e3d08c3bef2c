import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { AllowList } from '../../../src/policy/allow-list.ts';
import { addressOf } from '../../support/observations.ts';

function setUp(addresses: readonly string[], size = 10) {
  const list = new AllowList(addresses.map(addressOf), size);
  const told: string[] = [];
  list.subscribe({
    allowed: (address) => told.push(`allowed ${formatAddress(address)}`),
    revoked: (address) => told.push(`revoked ${formatAddress(address)}`),
  });
  return { list, told };
}

describe('AllowList', () => {
  it('holds what was configured, without telling', () => {
    const { list, told } = setUp(['192.0.2.1', '2001:db8::1']);
    expect(list.has(addressOf('192.0.2.1'))).toBe(true);
    expect(list.has(addressOf('2001:db8:0::1'))).toBe(true);
    expect(list.has(addressOf('192.0.2.2'))).toBe(false);
    expect(list.all().map(formatAddress)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(told).toEqual([]);
  });

  it('tells each change once', () => {
    const { list, told } = setUp([]);
    const address = addressOf('192.0.2.1');
    expect(list.add(address)).toBe('added');
    expect(list.add(address)).toBe('present');
    expect(list.remove(address)).toBe('removed');
    expect(list.remove(address)).toBe('absent');
    expect(list.has(address)).toBe(false);
    expect(told).toEqual(['allowed 192.0.2.1', 'revoked 192.0.2.1']);
  });

  it('has changed by the time it tells', () => {
    const { list } = setUp([]);
    const address = addressOf('192.0.2.1');
    const seen: boolean[] = [];
    list.subscribe({ allowed: () => seen.push(list.has(address)), revoked: () => seen.push(list.has(address)) });
    list.add(address);
    list.remove(address);
    expect(seen).toEqual([true, false]);
  });

  it('is bounded', () => {
    const { list, told } = setUp(['192.0.2.1'], 2);
    expect(list.add(addressOf('192.0.2.2'))).toBe('added');
    expect(list.add(addressOf('192.0.2.3'))).toBe('full');
    expect(list.add(addressOf('192.0.2.1'))).toBe('present');
    expect(told).toEqual(['allowed 192.0.2.2']);
    list.remove(addressOf('192.0.2.1'));
    expect(list.add(addressOf('192.0.2.3'))).toBe('added');
  });
});
