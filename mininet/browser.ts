/** The browser of the machine, without a window, as tests, screenshots and benchmarks use it. */
import { type Browser, chromium } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';
/** What keeps it from asking anybody else for anything. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts one with a profile of its own; whoever starts it closes it. Rejects where there is no Chromium. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, headless: true, args: ARGUMENTS });
}
