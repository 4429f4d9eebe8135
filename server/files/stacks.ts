/**
 * Stack traces of the bundle, which name the sources. Node can do that too, but reads all source maps when it loads the code, which
 * a starting server would wait for; here they are read with the first stack trace that somebody looks at.
 */
import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isBundled } from './package.ts'

const maps = new Map<string, SourceMap | undefined>()

function mapOf(file: string): SourceMap | undefined {
  const map = `${file}.map`
  return maps.getOrInsertComputed(file, () =>
    existsSync(map) ? new SourceMap(JSON.parse(readFileSync(map, 'utf8'))) : undefined,
  )
}

/** A line of a stack trace; it names the source instead of the bundle if there is a source map. */
function inSources(frame: NodeJS.CallSite): string {
  const [url, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()]
  if (!url?.startsWith('file:') || line === null || column === null) return `${frame}`
  const file = fileURLToPath(url)
  const entry = mapOf(file)?.findEntry(line - 1, column - 1)
  if (!entry || !('originalSource' in entry)) return `${frame}`
  const source = `${resolve(dirname(file), entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  return `${frame}`.replace(`${url}:${line}:${column}`, () => source)
}

/** Makes all stack traces of this process name the sources, if it runs the bundle. */
export function nameSources(): void {
  if (!isBundled) return
  Error.prepareStackTrace = (error, frames) => [String(error), ...frames.map((frame) => `    at ${inSources(frame)}`)].join('\n')
}
