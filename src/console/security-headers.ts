import type { MiddlewareHandler } from 'hono';

/** Nothing from elsewhere, nothing inline, nobody frames it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()',
  'X-Frame-Options': 'DENY',
};

/** A year (RFC 6797 §6.1.1); not for names below ours, which are not ours to decide on. */
const STRICT_TRANSPORT_SECURITY = 'max-age=31536000';

/** What every answer says to a browser, errors among them. Answers below /api are kept by nobody. */
export function securityHeaders(isTls: boolean): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
    if (isTls) headers.set('Strict-Transport-Security', STRICT_TRANSPORT_SECURITY);
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store');
  };
}
