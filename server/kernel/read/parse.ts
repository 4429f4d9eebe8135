/** Parses query parameters, independent of resources. */

import { inflateSync, unzipSync } from 'node:zlib'
import type { Row } from '#db/database.ts'
import type { Context, FilterUse } from '#kernel/declaration.ts'
import { badRequest, invalidQuery } from '#kernel/errors.ts'
import { shapeFault } from '#kernel/json.ts'
import { said } from '#text/messages.ts'

/** Query parameters packed into `eprops` (base64 of compressed JSON) replace the others. */
export function unpackParams(params: URLSearchParams): URLSearchParams {
  const packed = params.get('eprops')
  if (packed === null) return params
  let text: string
  try {
    const bytes = Buffer.from(packed.replaceAll(' ', '+'), 'base64')
    const limit = { maxOutputLength: 1_000_000 }
    text = (bytes[0] === 0x1f ? unzipSync(bytes, limit) : inflateSync(bytes, limit)).toString('utf8')
  } catch {
    throw badRequest(said`eprops is not base64 of zlib or gzip compressed data.`)
  }
  const fault = shapeFault(text)
  if (fault !== undefined) throw badRequest(said`eprops does not hold valid JSON: ${fault}.`)
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch {
    throw badRequest(said`eprops does not hold valid JSON.`)
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw badRequest(said`eprops does not hold a JSON object.`)
  const unpacked = new URLSearchParams(params)
  unpacked.delete('eprops')
  for (const [key, value] of Object.entries(values)) {
    unpacked.set(key, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return unpacked
}

/** The page number; the first for anything but a positive number. */
export const readOffset = (text: string | null): number => {
  const offset = Number.parseInt(text ?? '', 10)
  return offset > 0 ? Math.min(offset, 1_000_000_000) : 1
}

/** Elements per page: the default without a parameter, the maximum for -1 and for larger values; 0 for totals only. */
export function readPageSize(text: string | null, context: Context): number {
  const { apiv3_max_page_size: maximum, per_page_options: options } = context.settings
  const size = Number.parseInt(text ?? '', 10)
  if (Number.isNaN(size)) return Math.min(...options, maximum)
  return size < 0 || size > maximum ? maximum : size
}

/** Parses a JSON parameter. Throws InvalidQuery with the parser's message. */
export function readJson(text: string, parameter: string): unknown {
  const fault = shapeFault(text)
  if (fault !== undefined) throw invalidQuery(said`The parameter ${parameter} is not valid JSON: ${fault}`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalidQuery(said`The parameter ${parameter} is not valid JSON: ${(error as Error).message}`)
  }
}

/** Parses a `filters` parameter without validation. The last filter of a name counts. */
export function readFilters(text: string): FilterUse[] {
  const list = readJson(text, 'filters')
  if (!Array.isArray(list))
    throw invalidQuery(
      said`The parameter filters is not a JSON array of objects such as [{"id":{"operator":"=","values":["1"]}}].`,
    )
  const uses = new Map<string, FilterUse>()
  for (const entry of list) {
    const [own, use] = Object.entries((entry ?? {}) as Record<string, Row>)[0] ?? []
    if (own === undefined || typeof use !== 'object' || use === null || typeof use.operator !== 'string') {
      throw invalidQuery(
        said`The parameter filters holds an entry that is not of the form {"name":{"operator":"=","values":[…]}}.`,
      )
    }
    const values = use.values === null || use.values === undefined ? [] : Array.isArray(use.values) ? use.values : [use.values]
    uses.set(own, { name: own, operator: use.operator, values: values.filter((v: unknown) => v !== null).map(textOf) })
  }
  return [...uses.values()]
}

/** A value as text; values other than strings, numbers and booleans match no filter. */
const textOf = (value: unknown): string =>
  typeof value === 'object' ? '\u0000' : value === true ? 't' : value === false ? 'f' : String(value)
/** Parses a `select` parameter: `total,elements/id,self`, ignoring quotes and brackets. */
export function readSelect(text: string | null): string[] | undefined {
  if (text === null) return undefined
  return text
    .replace(/^\s*\[|\]\s*$/g, '')
    .split(',')
    .map((part) =>
      part
        .trim()
        .replace(/^["']|["']$/g, '')
        .trim(),
    )
    .filter(Boolean)
}

/** `filters` as a parameter of a link. */
export const writeFilters = (uses: readonly FilterUse[]): string =>
  JSON.stringify(uses.map(({ name: own, operator, values }) => ({ [own]: { operator, values } })))
