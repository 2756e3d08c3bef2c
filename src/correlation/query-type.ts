import { RECORD_TYPE } from '../dns/registry.ts';

/** Types whose records hold what the sender likes, and so carry commands and stolen data: Feederbot and Morto use TXT. */
export function isCarrier(type: number | undefined): boolean {
  return type === RECORD_TYPE.TXT || type === RECORD_TYPE.NULL;
}
