import { getPublicSuffix, parse } from 'tldts';
import { type Name, parentName, ROOT } from './name.ts';

/** Of the list: its ICANN section alone, and the name as it stands, whatever octets are in it. */
const LIST_OPTIONS = {
  allowPrivateDomains: false,
  extractHostname: false,
  validateHostname: false,
  detectIp: false,
} as const;
const PROVIDER_OPTIONS = { ...LIST_OPTIONS, allowPrivateDomains: true } as const;

/**
 * Whether a canonical name is the root, a TLD or another name under which a registry registers domains: by the ICANN section of
 * the public suffix list (publicsuffix.org), which holds for a name of one label that is not on it, too (its rule `*`).
 *
 * The private section is left out. It tells browsers whose cookies to keep apart, not where the DNS is cut: github.io is a domain
 * that its owner registered below io, with name servers of its own, and so what is below it is of a registrable domain.
 */
export function isPublicSuffix(name: Name): boolean {
  if (name === ROOT) return true;
  const text = listText(name);
  return !text.includes('.') || getPublicSuffix(text, LIST_OPTIONS) === text;
}

/** Whether customers of somebody, or of a registry, have names below it that are theirs: by both sections of the list. */
export function isSharedSuffix(name: Name): boolean {
  return isPublicSuffix(name) || getPublicSuffix(listText(name), PROVIDER_OPTIONS) === listText(name);
}

/** Whether a canonical name is just below a public suffix, so that all that somebody registered is below it. */
export function isRegistrableDomain(name: Name): boolean {
  return !isPublicSuffix(name) && isPublicSuffix(parentName(name));
}

/** Whether a canonical name ends in a suffix that is on the list, as names of the Internet do. */
export function hasListedSuffix(name: Name): boolean {
  return name !== ROOT && parse(listText(name), LIST_OPTIONS).isIcann === true;
}

/** As the list writes names; an octet that none of its names has, even a dot within a label, as an underscore. */
function listText(name: Name): string {
  const labels: string[] = [];
  for (let offset = 0; name.charCodeAt(offset) !== 0; offset += name.charCodeAt(offset) + 1) {
    labels.push(name.slice(offset + 1, offset + 1 + name.charCodeAt(offset)).replace(/[^a-z0-9-]/g, '_'));
  }
  return labels.join('.');
}
