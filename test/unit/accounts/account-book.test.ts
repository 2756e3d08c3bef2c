import { expect, it } from 'vitest';
import type { AccountStore, KeptRecord } from '../../../src/accounts/account-store.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { accountRig, PASSWORD } from '../../support/account-rig.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const ANN = { name: 'ann', role: 'admin', password: PASSWORD } as const;

it('damaged records of accounts are left out, and said', async () => {
  const log = new RecordingLog();
  const store: AccountStore = new MemoryStore({ events: 10 });
  const first = await accountRig({ store });
  await first.services.userAdd(ANN);
  await first.book.stop();
  const [ann] = await store.loadRecords();
  const { json } = ann!;
  const damaged: KeptRecord[] = [
    { kind: 'user', id: 'eve', json },
    { kind: 'user', id: 'ben', json: json.slice(0, 40) },
    { kind: 'session', id: 's', json: '{"id":"s"}' },
    { kind: 'token', id: 't', json: 'null' },
  ];
  await store.saveRecords(damaged);
  const { services } = await accountRig({ store, log });
  expect(services.userList().map(({ name }) => name)).toEqual(['ann']);
  expect(log.lines).toEqual([expect.stringContaining('warn: 4 records of accounts make no sense')]);
});

it('what a store does not take is in force, said once, and tried again until it is taken', async () => {
  const log = new RecordingLog();
  const held: AccountStore = new MemoryStore({ events: 10 });
  let isAway = true;
  const store = new Proxy(held, {
    get: (target, name: keyof AccountStore) => {
      if (isAway && (name === 'saveRecords' || name === 'deleteRecords'))
        return () => Promise.reject(new GluewallError('store-away', 'the database is away'));
      return target[name].bind(target);
    },
  });
  const { book, services, clock } = await accountRig({ store, log });
  await services.userAdd(ANN);
  const { id } = await services.sessionOpen('ann', PASSWORD, '192.0.2.10');
  expect(await book.flush()).toBe(false);
  clock.advance(5000);
  expect(await book.flush()).toBe(false);
  expect(log.lines).toEqual([
    'error: accounts cannot be written: the database is away; it is in force, and tried again',
  ]);
  expect(services.userList()).toHaveLength(1);
  isAway = false;
  services.sessionRevoke(id, { user: 'ann', role: 'admin', from: 'x', token: undefined });
  clock.advance(5000);
  expect(await book.flush()).toBe(true);
  expect(log.lines.at(-1)).toBe('info: accounts can be written again');
  expect((await held.loadRecords()).map(({ kind }) => kind)).toEqual(['user']);
  await book.stop();
  await book.stop();
});
