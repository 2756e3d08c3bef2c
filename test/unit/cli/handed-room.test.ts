import { describe, expect, it } from 'vitest';
import { HandedRoom } from '../../../src/cli/handed-room.ts';

describe('the room for what is handed over', () => {
  it('is bounded in octets, and free again for what was taken', () => {
    const room = new HandedRoom(['gate', 'capture'], 100);
    expect(room.take('gate', 60, 3, true)).toBe(true);
    expect(room.take('capture', 41, 1, true)).toBe(false);
    expect(room.take('capture', 40, 1, true)).toBe(true);
    room.taken(60);
    expect(room.take('gate', 60, 2, true)).toBe(true);
    expect(room.figures).toEqual({ handed: { gate: 5, capture: 1 }, lost: { gate: 0, capture: 1 } });
  });

  it('counts as lost what nobody is there to take, and begins anew with a new thread', () => {
    const room = new HandedRoom(['gate'], 100);
    expect(room.take('gate', 1, 4, false)).toBe(false);
    expect(room.take('gate', 100, 1, true)).toBe(true);
    room.clear();
    expect(room.take('gate', 100, 1, true)).toBe(true);
    expect(room.figures).toEqual({ handed: { gate: 2 }, lost: { gate: 4 } });
  });
});
