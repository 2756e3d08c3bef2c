/** `1 host`, `2 hosts`; `several` where an s does not make it. */
export function counted(value: number, what: string, several = `${what}s`): string {
  return `${value} ${value === 1 ? what : several}`;
}

/** A share from 0 to 1 with the digits that say something: `93 %`, `0.4 %`. What is neither 0 nor 1 does not look so. */
export function percent(share: number): string {
  const value = 100 * share;
  if (value > 0 && value < 0.05) return 'below 0.1 %';
  if (value >= 99.5 && value < 100) return 'above 99 %';
  return `${value > 0 && value < 0.95 ? value.toFixed(1) : Math.round(value)} %`;
}
