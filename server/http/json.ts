/** Reading JSON strictly: what another reader might understand differently is refused. */
import { ApiError } from '#kernel/errors.ts'

const DEEPEST = 100

/** A quoted text with its escapes resolved, quoted; as it is where they are wrong, which JSON.parse will say. */
function unescaped(quoted: string): string {
  try {
    return `"${JSON.parse(quoted)}"`
  } catch {
    return quoted
  }
}

const invalid = (parseError: string) =>
  new ApiError('InvalidRequestBody', `The request body is not valid JSON: ${parseError}`, { details: { parseError } })

/**
 * The single JSON object in a body; an empty body is an empty object.
 * @throws ApiError 400 for anything else: other values, broken JSON, nesting deeper than 100, a key given twice, a number too
 *   large to be one, a byte order mark
 */
export function readObject(text: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  checkShape(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid((error as Error).message)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ApiError('InvalidRequestBody')
  return value as Record<string, unknown>
}

/** What JSON.parse lets pass. Looks at structure only; JSON.parse judges the rest. */
function checkShape(text: string): void {
  const open: (Set<string> | undefined)[] = []
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]|-?\d[\d.eE+-]*/g
  for (const match of text.matchAll(token)) {
    const found = match[0]
    const first = found[0]
    if (first === '{' || first === '[') {
      if (open.length === DEEPEST) throw invalid(`it is nested deeper than ${DEEPEST} levels`)
      open.push(first === '{' ? new Set() : undefined)
    } else if (first === '}' || first === ']') open.pop()
    else if (first === '"') {
      if (match[1] === undefined) continue
      const keys = open.at(-1)
      const quoted = found.slice(0, -match[1].length)
      const key = quoted.includes('\\') ? unescaped(quoted) : quoted
      if (keys?.has(key)) throw invalid(`the key ${key.slice(0, 100)} is given twice`)
      keys?.add(key)
    } else if (!Number.isFinite(Number(found))) throw invalid(`${found.slice(0, 50)} is not a number that can be kept`)
  }
}
