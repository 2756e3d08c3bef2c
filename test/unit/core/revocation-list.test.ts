import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRevocationList } from '../../../src/core/revocation-list.ts';
import type { TlsEnd } from '../../support/lab-certificates.ts';
import { LabFederation } from '../../support/lab-federation.ts';

let lab: LabFederation;
let pem: string;
let gone: TlsEnd;
beforeAll(async () => {
  lab = await LabFederation.make();
  gone = await lab.end('gone.example');
  lab.revoke(gone);
  const times = ['-crl_lastupdate', '20261120120000Z', '-crl_nextupdate', '20261220120000Z'];
  pem = readFileSync(lab.revocationList(...times), 'latin1');
}, 60_000);
afterAll(() => lab.remove());

const TIMES = { thisUpdateMs: Date.UTC(2026, 10, 20, 12), nextUpdateMs: Date.UTC(2026, 11, 20, 12) };

/** The octets of the list, as PEM again. */
const asPem = (octets: Buffer) => `-----BEGIN X509 CRL-----\n${octets.toString('base64')}\n-----END X509 CRL-----\n`;
const octetsOf = (text: string) => Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');

/** Behind the header of the list begins what is signed. */
const SIGNED_AT = 4;

describe('readRevocationList', () => {
  it('says whose it is, and which certificates it has', async () => {
    const list = readRevocationList(pem)!;
    const others = await LabFederation.make();
    expect(list.isOf(new X509Certificate(others.ca).publicKey)).toBe(false);
    others.remove();
    expect(list.isOf(new X509Certificate(lab.ca).publicKey)).toBe(true);
    expect(list.isOf(generateKeyPairSync('ed25519').publicKey)).toBe(false);
    expect(list.revokes(new X509Certificate(String(gone.cert)).serialNumber)).toBe(true);
    expect(list.revokes(new X509Certificate(lab.ca).serialNumber)).toBe(false);
  });

  it('says when a list of openssl was made, and when it ends', () => {
    expect(readRevocationList(pem)).toMatchObject(TIMES);
  });

  it('reads times behind 2049, which are written otherwise', () => {
    const times = ['-crl_lastupdate', '20500101000000Z', '-crl_nextupdate', '20510101000000Z'];
    const late = readFileSync(lab.revocationList(...times), 'latin1');
    expect(readRevocationList(late)).toMatchObject({ thisUpdateMs: Date.UTC(2050), nextUpdateMs: Date.UTC(2051) });
  });

  it('every truncation is none, and every changed octet is read without a throw', () => {
    const octets = octetsOf(pem);
    const authority = new X509Certificate(lab.ca).publicKey;
    for (let length = 0; length < octets.length; length++) {
      expect(readRevocationList(asPem(octets.subarray(0, length)))).toBeUndefined();
    }
    for (let at = 0; at < octets.length; at++) {
      for (const bit of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(octets);
        changed[at]! ^= bit;
        const times = readRevocationList(asPem(changed));
        if (times === undefined) continue;
        expect(Number.isFinite(times.thisUpdateMs)).toBe(true);
        expect(() => times.revokes('0102')).not.toThrow();
        if (at >= SIGNED_AT && at < SIGNED_AT + 100) expect(times.isOf(authority)).toBe(false);
      }
    }
  });

  it.each(['', 'x', '-----BEGIN X509 CRL-----\n-----END X509 CRL-----'])('%j is none', (text) => {
    expect(readRevocationList(text)).toBeUndefined();
  });
});
