/** A private key as systemd gives it to a service with LoadCredential=. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadTlsSettings } from '../../src/core/tls-settings.ts';
import { describeIf } from '../support/describe-if.ts';
import { LAB_START_MS, LabCertificates } from '../support/lab-certificates.ts';

const NOW_MS = LAB_START_MS + 86_400_000;
/** Gives one user more the right to read: the mode then shows `r` for the group, which is the mask of the list. */
const ALLOW_USER = `
import os, struct, sys
USER_OBJ, USER, GROUP_OBJ, MASK, OTHER, NOBODY = 1, 2, 4, 16, 32, 0xffffffff
entries = [(USER_OBJ, 4, NOBODY), (USER, 4, 65534), (GROUP_OBJ, 0, NOBODY), (MASK, 4, NOBODY), (OTHER, 0, NOBODY)]
acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
os.setxattr(sys.argv[1], 'system.posix_acl_access', acl)
`;

describeIf(['root', 'namespaces'], 'the key of a credential', () => {
  let lab: LabCertificates;
  let folder: string;

  beforeAll(async () => {
    lab = await LabCertificates.make();
    folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=0700', 'tmpfs', folder]);
  });

  afterAll(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
    lab.remove();
  });

  function credential(mode: number): string {
    const path = join(folder, `key-${mode.toString(8)}`);
    writeFileSync(path, lab.controller.key!);
    chmodSync(path, mode);
    return path;
  }

  const load = (key: string) => loadTlsSettings({ ...lab.files, key }, NOW_MS).key;

  it('is taken where it belongs to the service, as on systemd 252', () => {
    expect(load(credential(0o400))).toBe(lab.controller.key);
  });

  it('is taken where it belongs to root, with a list of who may read it besides, as on systemd 257', () => {
    const path = credential(0o400);
    execFileSync('/usr/bin/python3', ['-c', ALLOW_USER, path]);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('440');
    expect(load(path)).toBe(lab.controller.key);
  });

  it('is not taken where others than root and its group may read it, or change it', () => {
    for (const mode of [0o404, 0o444, 0o460, 0o644]) expect(() => load(credential(mode))).toThrow('read by others');
  });
});
