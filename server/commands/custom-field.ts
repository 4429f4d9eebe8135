/** `halyard custom-field`: administers custom fields. */
import type { Reader } from '#db/database.ts'
import { amongTexts } from '#db/dialect.ts'
import { name as column, raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { FormatError } from '#kernel/kinds.ts'
import type { Extensible, Format } from '#modules/custom-fields/definitions.ts'
import { formats } from '#modules/custom-fields/formats.ts'
import { type ItemPlan, makeField, removeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { UsageError } from '#server/usage.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'
import { showList, showResult } from './output.ts'

export async function listFields(invocation: Invocation): Promise<void> {
  const fields = await withDatabase(invocation.config.databaseUrl, (db) =>
    db.all<Tables['custom_fields']>(sql`select * from custom_fields order by resource, position, id`),
  )
  const rows = fields.map(
    ({ id, resource, name, format, required, multiple, searchable, admin_only: secret, for_all: everywhere }) => {
      const traits = [
        required && 'required',
        multiple && 'multiple values',
        searchable && 'searchable',
        secret && 'administrators only',
        !everywhere && 'selected projects only',
      ]
      return { id, resource, name, format, attributes: traits.filter((trait) => trait !== false && trait !== null) }
    },
  )
  showList(invocation, rows, {
    ID: ({ id }) => id,
    RESOURCE: ({ resource }) => resource,
    NAME: ({ name }) => name,
    FORMAT: ({ format }) => format,
    ATTRIBUTES: ({ attributes }) => attributes.join(', '),
  })
}

/** The values of a comma-separated list. */
const list = (text: unknown): string[] =>
  typeof text === 'string'
    ? text
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean)
    : []

/** Creates a field and prints its API name. */
export async function createField(invocation: Invocation): Promise<void> {
  const { config, flags, words } = invocation
  const [resource, name, format] = words as [Extensible, string, Format]
  const number = (flag: string): number => {
    const text = String(flags[flag] ?? '0')
    if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${flag} must be a number.`)
    return Number(text)
  }
  const isList = format === 'list'
  const given = flags.default as string | undefined
  const id = await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) =>
      makeField(tx, {
        resource,
        name,
        format,
        required: flags.required === true,
        multiple: flags.multiple === true,
        searchable: flags.searchable === true,
        admin_only: flags['admin-only'] === true,
        min_length: number('min-length'),
        max_length: number('max-length'),
        ...(flags.pattern !== undefined && { pattern: String(flags.pattern) }),
        ...(flags.section !== undefined && { section: String(flags.section) }),
        ...(flags.formula !== undefined && { formula: String(flags.formula) }),
        ...(flags.projects !== undefined && { projects: await idsOf(tx, 'projects', 'identifier', list(flags.projects)) }),
        ...(flags.types !== undefined && { types: await idsOf(tx, 'types', 'name', list(flags.types)) }),
        ...(given !== undefined && (isList ? { chosen: list(given) } : { default_value: valueFrom(format, given) })),
        options: list(flags.options),
        items: forest(list(flags.items)),
      }),
    ),
  )
  showResult(invocation, { id, name, property: `customField${id}` }, `Created ${name}: customField${id}`)
}

/** Converts a default to the value of the column. */
function valueFrom(format: Format, text: string): string | number | boolean | null {
  const { kind, to } = formats[format] ?? {}
  if (!kind || to) throw new Error(`A field of the format ${format} cannot have a default.`)
  try {
    return kind.parse(kind.type === 'Formattable' ? { raw: text } : text) as string | number | boolean | null
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new Error(`The default has the wrong format: expected ${error.expected}.`, { cause: error })
  }
}

async function idsOf(db: Reader, table: 'projects' | 'types', by: string, names: readonly string[]): Promise<number[]> {
  const rows = await db.all<{ id: number; name: string }>(
    sql`select id, ${column(by)} as name from ${raw(table)} where ${amongTexts(db.engine, column(by), names)}`,
  )
  const missing = names.find((one) => !rows.some((row) => row.name === one))
  if (missing !== undefined) throw new Error(`Not found in ${table}: "${missing}".`)
  return rows.map((row) => row.id)
}

/** Parses the paths of hierarchy items, such as `Europe/Spain (ES)`, or `Low=0.25` with a weight. */
function forest(paths: readonly string[]): ItemPlan[] {
  const split = paths.map((path) => path.split('/').map((part) => part.trim()))
  const heads = Map.groupBy(split, ([head = '']) => head)
  return [...heads].map(([head, own]) => {
    const [ending = '', short, weight] = /(?:\(([^()]+)\)|=(-?[\d.]+))$/.exec(head) ?? []
    const label = head.slice(0, head.length - ending.length).trimEnd()
    const items = forest(own.filter((path) => path.length > 1).map((path) => path.slice(1).join('/')))
    return { label, ...(short && { short }), ...(weight && { weight }), items }
  })
}

export async function deleteField({ config, words }: Invocation): Promise<void> {
  const id = idIn(words[0], 'custom field', 'custom-field list')
  const isGone = await withDatabase(config.databaseUrl, (db) => db.transaction((tx) => removeField(tx, product, id)))
  if (!isGone) throw new Error(`There is no custom field ${id}.`)
  console.log(`Removed custom field ${id}.`)
}
