/** The kinds of log that are read, as in the configuration, in the order in which a file is tried on them. */
export const FORMAT_NAMES = [
  'bind',
  'infoblox',
  'unbound',
  'dnsmasq',
  'powerdns-recursor',
  'coredns',
  'dnstap',
  'windows-debug',
  'windows-etw',
] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];
