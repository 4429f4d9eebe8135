/** Packs the package, and uses npm as somebody would who has nothing else: what `npm run packed` and `npm run examples` share. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')
const TEN_MINUTES = 600_000
/** What no archive has: what is there for those who develop the product, and what belongs to one machine. */
const FOREIGN = /^(?:test|testing|examples|scripts|bench|docs|data)\/|\.test\.|(?<!\.d)\.ts$|\.key$|\.db$|^\.ci/

/**
 * The environment without the variables of the developer's own Halyard, of the npm that runs this, and of where Node finds modules.
 * How this machine reaches the registry (a proxy, certificates) stays: without it npm repeats each request for many minutes.
 */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(HALYARD_|npm_(package|lifecycle|command|execpath)|NODE_(PATH|OPTIONS)$)/i.test(name),
  ),
)

/** A folder that is removed when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-packed-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  return folder
}

/** Runs npm in a folder; gives its output. Throws if npm fails, or has not ended after ten minutes. */
export const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', args, {
    cwd,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TEN_MINUTES,
  })

/** Packs the clone into a folder; gives the path of the archive. Throws if it has what it must not have. */
export function pack(folder: string): string {
  const [{ filename, files, name }] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], root)) as [
    { filename: string; name: string; files: { path: string }[] },
  ]
  assert.deepEqual(
    files.map(({ path }) => path).filter((path) => FOREIGN.test(path)),
    [],
  )
  console.log(`${name}: ${files.length} files.`)
  return join(folder, filename)
}
