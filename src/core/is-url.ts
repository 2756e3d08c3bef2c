/** Whether a place is one of the web; else it is a file. */
export function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}
