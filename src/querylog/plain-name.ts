import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name, parseName, ROOT } from '../dns/name.ts';

/** A name in presentation form (RFC 1035 §5.1) of any length, with or without the final dot; undefined when it is none. */
export function readName(text: string): Name | undefined {
  // An octet takes four characters at most.
  if (text.length > 4 * MAX_NAME_OCTETS) return undefined;
  return text.includes('\\') ? parseName(text) : readPlainName(text);
}

/** A name in which each dot ends a label and every other character is an octet of one: nothing is escaped. */
export function readPlainName(text: string): Name | undefined {
  if (text === '.') return ROOT;
  const length = text.endsWith('.') ? text.length - 1 : text.length;
  if (length === 0 || length > MAX_NAME_OCTETS - 2) return undefined;
  let wire = '';
  for (let start = 0; start <= length; ) {
    const dot = text.indexOf('.', start);
    const end = dot < 0 ? length : dot;
    if (end === start || end - start > MAX_LABEL_OCTETS) return undefined;
    wire += String.fromCharCode(end - start) + text.slice(start, end);
    start = end + 1;
  }
  return `${wire}\0` as Name;
}
