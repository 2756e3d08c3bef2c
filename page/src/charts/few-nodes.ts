import type { Botnet } from '../../../src/correlation/pictures/botnet.ts';

const FEW = 10;

/** Whether a low picture is high enough for it. */
export function hasFewNodes({ nodes }: Botnet): boolean {
  return nodes.length <= FEW;
}
