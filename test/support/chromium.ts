/** The system's Chromium, driven by Playwright, for tests of pages. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const found = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => existsSync(path))

/** The reason to skip tests without a browser; false with one. In CI it is required. */
export const browserMissing: string | false =
  found || process.env.CI === 'true' ? false : 'no Chromium on this machine (on Debian: apt-get install chromium)'

/** Starts the browser; the caller has to close it. */
export const startBrowser = (): Promise<Browser> =>
  // As root, as in CI, Chromium does not start in its sandbox. It loads nothing but our own pages.
  chromium.launch({ ...(found && { executablePath: found }), args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })

/** Viewports and colour schemes for pages. */
export const looks = [
  { name: 'wide-light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'narrow-dark', colorScheme: 'dark', viewport: { width: 375, height: 720 } },
] as const satisfies readonly (BrowserContextOptions & { name: string })[]

/** Asserts that a page is accessible by axe, and fits the width of the screen. */
export async function assertFit(page: Page, name: string): Promise<void> {
  // The legacy mode opens no second page for each check; it would miss frames of other sites, which do not exist.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
  assert.deepEqual(found, [], name)
  const [wide, screen] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
  assert.ok(wide <= screen, `${name} is ${wide} wide on a screen of ${screen}`)
}

const folder = process.env.HALYARD_TEST_SCREENSHOTS

/** Saves a screenshot of a page in the folder HALYARD_TEST_SCREENSHOTS, if set. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!folder) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
