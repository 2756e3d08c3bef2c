import type { Gap } from './messages.ts';

/**
 * The gaps behind which a source may be that has not answered: nothing is known of its log. What was only cut has been said in part, and
 * a node that is found twice on the way has looked into its log the first time.
 */
export function silentSources(gaps: readonly Gap[]): number {
  return gaps.filter(isSilence).length;
}

export function isSilence({ reason }: Gap): boolean {
  return reason !== 'too many' && reason !== 'loop';
}
