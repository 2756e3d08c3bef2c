import { randomInt } from 'node:crypto';

/** Without letters that are taken for digits. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 6;

/** Such as `F-7k2m9q`: one of 10⁹. */
export function randomFindingId(): string {
  return `F-${Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
}

/** What somebody typed, as the beginning of an id: in any case, with or without `F-`. */
export function idBeginning(text: string): string {
  const letters = text.toLowerCase().replace(/^f-/, '');
  return `F-${letters}`;
}
