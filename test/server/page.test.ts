// The page in a real browser: live, accessible, harmless whatever tools are called, and able to do what it offers.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeMirrored } from '../../gateway/mcp/headers.ts';
import type { View, Watched } from '../support/browser.ts';
import { hasBrowser, openPage, startBrowser } from '../support/browser.ts';
import { rawCall } from '../support/clients.ts';
import type { RpcMessage } from '../support/gated-upstream.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Within this the page follows; each update comes a second after the last. */
const LIVE_MS = 2000;
/** For what has no promise to keep. */
const WAIT_MS = 8000;

let browser: Browser;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
afterAll(() => browser?.close());
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const echo = {
  name: 'echo',
  description: 'Says it again.',
  inputSchema: {
    type: 'object',
    properties: {
      text: { type: 'string', description: 'What to say' },
      times: { type: 'integer', minimum: 1 },
      tone: { enum: ['plain', 'loud'] },
      more: { type: 'object' },
    },
    required: ['text'],
  },
};

interface Setting {
  readonly gateway: TestGateway;
  readonly upstream: GatedUpstream;
}

async function start(config: Record<string, unknown> = {}, tools: unknown[] = [echo]): Promise<Setting> {
  const upstream = await GatedUpstream.start((call) =>
    call.text(JSON.stringify(call.message.params?.arguments)),
  );
  upstream.tools = tools;
  closing.push(() => upstream.close());
  const pools = [{ name: 'demo', endpoints: [{ url: upstream.url }] }];
  const gateway = await startGateway({ pools, routes: [{ path: '/mcp', pools: ['demo'] }], ...config });
  closing.push(() => gateway.stop());
  await listed(gateway, tools.length);
  return { gateway, upstream };
}

/** Waits until the gateway has asked for the tools. */
async function listed(gateway: TestGateway, count: number): Promise<void> {
  await expect
    .poll(async () => (await (await fetch(gateway.adminUrl)).text()).match(/data-path/g)?.length, {
      timeout: WAIT_MS,
    })
    .toBe(count);
}

async function open(gateway: TestGateway, view?: View): Promise<Watched> {
  const watched = await openPage(browser, gateway.adminUrl, view);
  closing.push(() => watched.page.context().close());
  await watched.page.getByText('live', { exact: true }).waitFor();
  return watched;
}

async function call(gateway: TestGateway, name = 'echo', args: Record<string, unknown> = { text: 'hi' }) {
  const { body, headers } = modernRequest('tools/call', { name, arguments: args });
  return rawCall(gateway.url, body, { ...headers, 'mcp-name': encodeMirrored(name) });
}

async function violations(page: Page): Promise<string[]> {
  // As the protocol's own evaluation, which the content security policy does not concern.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations: found } = await checker.run();
    return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

const row = (page: Page, section: string, key: string) =>
  page.locator(`#${section} tr[data-key=${JSON.stringify(key)}]`);

describe.skipIf(!hasBrowser)('the page', () => {
  it('follows traffic within two seconds, without being loaded again', { retry: 2 }, async () => {
    const { gateway } = await start();
    const { page } = await open(gateway);
    await page.getByText('No tool has been called yet').waitFor();
    for (let i = 0; i < 7; i++) await call(gateway);
    const cells = row(page, 'tools', 'demo/echo').locator('td');
    await expect.poll(() => cells.first().textContent(), { timeout: LIVE_MS }).toContain('7');
    for (let i = 0; i < 5; i++) await call(gateway);
    await expect.poll(() => cells.first().textContent(), { timeout: LIVE_MS }).toContain('12');
    await expect
      .poll(() => page.locator('#clients').textContent(), { timeout: LIVE_MS })
      .toMatch(/127\.0\.0\.1/);
  });

  it('shows what is in flight, and what is refused', async () => {
    const { gateway, upstream } = await start({
      limits: { concurrency: 1, queue: { size: 1, timeout: '5s' } },
    });
    const { page } = await open(gateway);
    upstream.onCall = undefined;
    const calls = [call(gateway), call(gateway)];
    await upstream.whenHeld(1);
    const inFlight = page.locator('#pools tbody tr[data-key] td:nth-of-type(2)');
    await expect.poll(() => inFlight.textContent(), { timeout: LIVE_MS }).toBe('1');
    expect((await call(gateway)).status).toBe(429);
    const client = row(page, 'clients', '127.0.0.1');
    await expect.poll(() => client.textContent(), { timeout: LIVE_MS }).toContain('too_many_concurrent 1');
    expect(await client.locator('td').first().textContent()).toBe('2');
    expect(await client.getByText('waiting').count()).toBe(1);
    upstream.onCall = (held) => held.text('late');
    upstream.releaseAll();
    await Promise.all(calls);
  });

  it('has nothing that axe finds, at both widths and in both colour schemes', {
    timeout: 60_000,
  }, async () => {
    const { gateway } = await start();
    for (let i = 0; i < 3; i++) await call(gateway);
    for (const width of [1280, 390]) {
      for (const scheme of ['light', 'dark'] as const) {
        const { page } = await open(gateway, { width, scheme });
        await row(page, 'tools', 'demo/echo').waitFor();
        await page.selectOption('#tool', 'echo');
        await page.getByLabel('text (required)').fill('hi');
        await page.getByRole('button', { name: 'Call' }).click();
        await page.getByText('Answered').waitFor();
        for (const summary of await page.locator('summary').all()) await summary.click();
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        expect(wide).toBeLessThanOrEqual(width);
        await page.getByRole('button', { name: 'Purge cache' }).click();
        expect([width, scheme, await violations(page)]).toEqual([width, scheme, []]);
        await page.keyboard.press('Escape');
        expect([width, scheme, await violations(page)]).toEqual([width, scheme, []]);
        await page.context().close();
      }
    }
  });

  it('shows hostile names and descriptions as text', async () => {
    const image = '<img src=x onerror=alert(1)>';
    const names = [
      image,
      '"><script>alert(2)</script>',
      'a\u202egpj.exe',
      'n'.repeat(5000),
      "'; drop",
      '&lt;b&gt;',
    ];
    const tools = names.map((name) => ({
      name,
      description: `${image}\u202e <script>alert(3)</script>`,
      inputSchema: { type: 'object', properties: { [image]: { type: 'string', description: image } } },
    }));
    const { gateway } = await start({}, tools);
    for (const name of names) await call(gateway, name);
    const { page, errors } = await open(gateway);
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await expect.poll(() => page.locator('#tools tbody tr').count(), { timeout: WAIT_MS }).toBe(names.length);
    const shown = await page.locator('#tools tbody a').allTextContents();
    expect(shown).toContain(image);
    expect(shown).toContain('a\\u{202e}gpj.exe');
    expect(shown.every((text) => text.length <= 100)).toBe(true);
    await page.selectOption('#tool', image);
    await expect.poll(() => page.locator('#about').textContent(), { timeout: WAIT_MS }).toContain(image);
    expect(await page.locator('#fields label').textContent()).toContain(image);
    expect(await page.locator('img, #tools script').count()).toBe(0);
    expect([dialogs, errors]).toEqual([[], []]);
  });

  it('is small, asks nobody but the gateway, and runs no script and takes no style but its own', async () => {
    const { gateway } = await start();
    const { page, requests, errors } = await open(gateway);
    await call(gateway);
    await row(page, 'tools', 'demo/echo').waitFor();
    expect(requests.filter((url) => !url.startsWith(gateway.adminUrl))).toEqual([]);
    expect(errors).toEqual([]);
    const files = [...new Set(requests)].filter((url) => !url.endsWith('/events'));
    const sizes = await Promise.all(
      files.map(async (url) => (await (await fetch(url)).arrayBuffer()).byteLength),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(100_000);
    const ran = await page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'globalThis.intruded = true';
      const link = document.createElement('a');
      link.setAttribute('style', 'color: rgb(1, 2, 3)');
      document.body.append(script, link);
      [globalThis.intruded ?? null, getComputedStyle(link).color === 'rgb(1, 2, 3)']`);
    expect(ran).toEqual([null, false]);
    await expect
      .poll(() => errors.filter((line) => line.includes('Content Security Policy')).length, {
        timeout: WAIT_MS,
      })
      .toBe(2);
  });

  it('stops asking while it is hidden, and changes nothing when the operator thinks better of it', async () => {
    const { gateway } = await start();
    const { page, requests } = await open(gateway);
    const hide = (hidden: boolean) =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));`);
    await hide(true);
    await page.getByText('paused').waitFor();
    await hide(false);
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Drain/ }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Reload configuration' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(requests.filter((url) => url.includes('/admin/'))).toEqual([]);
  });

  it('drains and undrains an endpoint with the admin token', async () => {
    const { gateway } = await start({ admin: { token: 'sesame' } });
    const { page } = await open(gateway);
    const confirm = async (token?: string) => {
      if (token !== undefined) await page.getByLabel('Admin token').fill(token);
      await page.getByRole('button', { name: 'Confirm' }).click();
    };
    await page.getByRole('button', { name: /^Drain/ }).click();
    await confirm('wrong');
    await page.getByText(/^Refused/).waitFor();
    await page.getByRole('button', { name: /^Drain/ }).click();
    await confirm('sesame');
    await page.locator('#pools td', { hasText: 'draining' }).waitFor();
    expect((await call(gateway)).status).toBe(503);
    await page.getByRole('button', { name: /^Undrain/ }).click();
    expect(await page.getByLabel('Admin token').isVisible()).toBe(false);
    await confirm();
    await page.locator('#pools td', { hasText: 'available' }).waitFor();
    expect((await call(gateway)).status).toBe(200);
  });

  it('calls a tool with the arguments of its form, and shows who answered and how long it took', async () => {
    const { gateway, upstream } = await start();
    await call(gateway);
    const { page } = await open(gateway);
    await row(page, 'tools', 'demo/echo').getByRole('link').click();
    await page.getByLabel('text (required)').fill('hello');
    await page.getByLabel('times').fill('3');
    await page.getByLabel('tone').selectOption('loud');
    await page.getByLabel('more').fill('{"a":[1]}');
    await page.getByRole('button', { name: 'Call' }).click();
    await page.getByText('Answered').waitFor();
    const answer = (await page.locator('#answer').textContent()) ?? '';
    expect(answer).toContain(upstream.url);
    expect(answer).toMatch(/Total[\d.]+ ms/);
    const sent = upstream.messages.findLast(({ method }: RpcMessage) => method === 'tools/call');
    expect(sent?.params?.arguments).toEqual({ text: 'hello', times: 3, tone: 'loud', more: { a: [1] } });
    await expect.poll(() => row(page, 'clients', 'admin').count(), { timeout: LIVE_MS }).toBe(1);
  });

  it('can be worked by keyboard alone, and keeps the focus while figures change', async () => {
    const { gateway } = await start();
    const { page } = await open(gateway);
    const focused = () =>
      page.evaluate('document.activeElement.textContent.trim().split(/\\s+/)[0]') as Promise<string>;
    const reached: (string | undefined)[] = [];
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('Tab');
      reached.push(await focused());
      if (reached.at(-1) === 'Drain') break;
    }
    expect(reached).toEqual(expect.arrayContaining(['To', 'Reload', 'Purge', 'Drain']));
    for (let i = 0; i < 4; i++) await call(gateway);
    await row(page, 'tools', 'demo/echo').waitFor();
    expect(await focused()).toBe('Drain');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Confirm' }).press('Enter');
    await page.locator('#pools td', { hasText: 'draining' }).waitFor();
  });
});
