// A real browser for tests of the page: the system's Chromium, which asks the network for nothing of its own.
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { findProgram } from '../../scripts/system-packages.ts';

const program = findProgram(['chromium', 'chromium-browser', 'google-chrome']);

/** Whether this machine has a browser to test with; tests that need it are skipped without. */
export const hasBrowser = program !== undefined;

/** How a page is looked at. */
export interface View {
  readonly width: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** What a page asked for and said. */
export interface Watched {
  readonly page: Page;
  /** URLs of all requests. */
  readonly requests: string[];
  /** Errors on the console, violations of the content security policy among them, and exceptions. */
  readonly errors: string[];
}

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: program as string,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Opens a page that is watched from its first request on. */
export async function openPage(
  browser: Browser,
  url: string,
  view: View = { width: 1280 },
): Promise<Watched> {
  const { width, height = 900, scheme = 'light' } = view;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const requests: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (line) => {
    if (line.type() === 'error') errors.push(line.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(url);
  return { page, requests, errors };
}
