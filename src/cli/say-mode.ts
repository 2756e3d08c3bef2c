import type { Log } from '../core/log.ts';

/** What a gluewall that starts judges and learns from. */
export interface StartFacts {
  readonly mode: 'monitor' | 'enforce';
  /** The modes in force, in words. */
  readonly modeText: string;
  readonly judgesNothing: boolean;
  readonly learnsNothing: boolean;
}

/** Says at the start what is in force, and what is left out. */
export function sayMode({ mode, modeText, judgesNothing, learnsNothing }: StartFacts, log: Log): void {
  log.info({ mode }, modeText);
  if (judgesNothing) log.warn({}, 'nothing is judged: inside.networks or outside.ports is empty');
  if (!learnsNothing) return;
  const problem = 'nothing is captured and so nothing learned: outside.ports names no interface';
  log.warn({}, `${problem}; name one there or in capture.interfaces, or set openflow.learn or dnstap.listen`);
}
