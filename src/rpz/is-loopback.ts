/** Whether an address that the system names is of this machine alone (127.0.0.0/8, ::1, and the first as IPv6 sockets show it). */
export function isLoopbackAddress(text: string): boolean {
  return text === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(text);
}
