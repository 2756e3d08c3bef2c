import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';

const listenOf = (yaml: string) => parseConfig(yaml, 'gluewall.yaml').metrics.listen;

describe('metrics.listen', () => {
  it('is none unless it is said', () => {
    expect(listenOf('mode: monitor\n')).toBeUndefined();
    expect(listenOf('metrics: {}\n')).toBeUndefined();
  });

  it('is a host and a port', () => {
    expect(listenOf('metrics: { listen: "127.0.0.1:9653" }\n')).toEqual({ host: '127.0.0.1', port: 9653 });
    expect(listenOf('metrics: { listen: "[::1]:9653" }\n')).toEqual({ host: '::1', port: 9653 });
  });

  it.each([
    ['metrics: { listen: 9653 }\n', '1:20: metrics.listen: '],
    ['metrics: { listen: "127.0.0.1" }\n', 'is no listen address: want HOST:PORT'],
    ['metrics: { listen: "127.0.0.1:65536" }\n', 'is no listen address: want HOST:PORT'],
    ['metrics: { port: 9653 }\n', 'metrics.port'],
  ])('says what is wrong with %j', (yaml, problem) => {
    expect(() => listenOf(yaml)).toThrow(problem);
  });
});
