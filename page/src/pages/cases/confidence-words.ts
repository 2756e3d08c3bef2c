import { percent } from '../../../../src/core/words.ts';

/** A confidence from 0 to 1 in words and as a share: no share alone says how much it is worth. */
export function confidenceWords(confidence: number): string {
  return `${wordOf(confidence)} (${percent(confidence)})`;
}

function wordOf(confidence: number): string {
  if (confidence >= 0.9) return 'very likely';
  if (confidence >= 0.6) return 'likely';
  if (confidence >= 0.3) return 'possible';
  return confidence >= 0.1 ? 'unlikely' : 'very unlikely';
}
