/**
 * Builds what is installed: the sources as JavaScript in `dist`, bundled, because Node finds and reads a few large files much faster
 * than hundreds of small ones. Packages stay outside. Files that are the same are left alone, so that a running server still finds
 * its own.
 */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  packages: 'external',
  sourcemap: 'linked',
  // Sources are part of the package's repository, not of its archive.
  sourcesContent: false,
  write: false,
  logLevel: 'warning',
}

/** What tests import, which runs on older versions of Node. */
const testing: BuildOptions = { entryPoints: { index: 'testing/index.ts' }, outdir: join(dist, 'testing'), target: 'node18' }

/** The server, and the program that extracts texts: that may read nothing but its own folder; and what tests import. */
const parts: readonly BuildOptions[] = [
  { entryPoints: { main: 'server/main.ts' }, outdir: join(dist, 'server'), splitting: true },
  {
    entryPoints: { process: 'server/files/contents/process.ts', watch: 'server/files/contents/watch.ts' },
    outdir: join(dist, 'contents'),
  },
  testing,
  {
    ...testing,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href" },
  },
]

/** The types of what tests import, by their paths; none where the compiler is not installed. */
function declarations(): ReadonlyMap<string, Uint8Array> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  if (!existsSync(compiler)) return new Map()
  const folder = mkdtempSync(join(tmpdir(), 'halyard-types-'))
  try {
    execFileSync(process.execPath, [compiler, '--project', join(root, 'testing'), '--outDir', folder], { stdio: 'inherit' })
    const text = readFileSync(join(folder, 'index.d.ts'))
    // The same for both kinds of modules, each of which needs an extension of its own.
    return new Map(['index.d.ts', 'index.d.cts'].map((name) => [join(dist, 'testing', name), text]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Written last, at each build. */
const main = join(dist, 'server', 'main.js')

/** Whether no source is newer than the build. */
function isFresh(): boolean {
  if (!existsSync(main)) return false
  const built = statSync(main).mtimeMs
  const sources = ['server', 'testing'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(root, folder, file)),
  )
  return [...sources, import.meta.filename, join(root, 'package.json')].every((file) => statSync(file).mtimeMs < built)
}

/** Builds all parts, if a source is newer than they are. Throws if the bundler is not installed, or a source is wrong. */
export async function build(): Promise<void> {
  if (isFresh()) return
  const { build: bundle } = await import('esbuild')
  const written = new Set<string>()
  const write = (path: string, contents: Uint8Array) => {
    written.add(path)
    if (existsSync(path) && Buffer.compare(readFileSync(path), contents) === 0) return
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
  for (const part of parts) {
    const { outputFiles = [] } = await bundle({ ...common, ...part })
    for (const { path, contents } of outputFiles) write(path, contents)
  }
  for (const [path, contents] of declarations()) write(path, contents)
  for (const file of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name)
    if (file.isFile() && !written.has(path)) rmSync(path)
  }
  const now = new Date()
  utimesSync(main, now, now)
}

/** Whether all that the build needs is installed; not so after `npm ci --omit=dev`. */
function canBuild(): boolean {
  try {
    return existsSync(fileURLToPath(import.meta.resolve('esbuild')))
  } catch {
    return false
  }
}

if (import.meta.main) {
  if (canBuild()) await build()
  else if (!existsSync(dist)) console.log('There is no bundler among the installed packages; Halyard runs from its sources.')
}
