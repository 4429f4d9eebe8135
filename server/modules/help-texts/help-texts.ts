/** Help texts: explanations of the attributes of work packages and projects. */
import { amongTexts } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { both, either, globally, lacking, signedIn, within } from '#kernel/access/rules.ts'
import type { Context, Draft, Property } from '#kernel/declaration.ts'
import { isLock, resource, snakeCase } from '#kernel/resource.ts'
import { removeRows, whenRemoved } from '#kernel/write/removal.ts'
import { seenFields } from '#modules/custom-fields/definitions.ts'

type HelpTexts = Tables['help_texts']
type Proposal = Draft<HelpTexts>

const scopes = ['WorkPackage', 'Project'] as const

const edit = globally('edit_attribute_help_texts')
/** Attributes of the product are known to everybody; a custom field is known to those who see it. */
const known = either(lacking('custom_field_id'), within(seenFields, 'custom_field_id'))

/** The attributes of a scope that can have a text, as far as the viewer knows of them. */
function attributesOf(scope: string | undefined, { model }: Context): readonly Property[] {
  if (!scopes.some((one) => one === scope)) return []
  const resource = model.of(scope as (typeof scopes)[number])
  return resource.properties.filter((one) => one.options.inSchema !== false && !isLock(resource, one))
}

/** The names of the attributes that can have a text; any name in an unknown scope, so that only the scope is refused. */
const namesIn = ({ scope, attribute }: Proposal['row'], context: Context): readonly string[] =>
  scopes.some((one) => one === scope) ? attributesOf(scope, context).map(({ name }) => name) : [attribute ?? '']

const attributeOf = ({ scope, attribute }: HelpTexts, context: Context) =>
  attributesOf(scope, context).find(({ name }) => name === attribute)

/** The custom field that the attribute is. */
const fieldOf = ({ row }: Proposal): Partial<HelpTexts> => {
  const id = /^customField(\d+)$/.exec(row.attribute ?? '')?.[1]
  return { custom_field_id: id === undefined ? null : Number(id) }
}

const isNew = ({ before }: Proposal): boolean => !before

export const HelpText = resource('HelpText', 'help_texts', {
  path: 'help_texts',
  description:
    'An explanation of an attribute of work packages or projects, which clients show beside it. Each attribute has one at most.',
  glossary: {
    attribute: 'The attribute, by its name in the API, such as `startDate` or `customField3`.',
    attributeCaption: 'The attribute, by the name that people read.',
    attributeFieldName: 'The attribute, in snake_case.',
    scope: 'What has the attribute: `WorkPackage` or `Project`.',
    caption: 'A short text for below the attribute.',
    helpText: 'The explanation.',
    editText: 'The page on which the text is edited.',
  },
  example: { attribute: 'startDate', attributeCaption: 'Start date', attributeFieldName: 'start_date', scope: 'WorkPackage' },
  title: 'attribute',
  untitled: true,
  order: { column: 'id' },
  paginated: false,
  visible: both(signedIn, known),
  guards: { all: signedIn, index: signedIn },
  may: { create: edit, update: both(edit, known), delete: both(edit, known) },
  attachments: { add: edit, reads: ['custom_field_id'] },
  properties: (p) => ({
    id: p.integer(),
    attribute: p.text({
      required: true,
      unique: 'scope',
      writable: isNew,
      allowed: { texts: ({ row }, _, context) => namesIn(row, context) },
    }),
    attributeCaption: p.text({ readOnly: true, value: (row, { context }) => attributeOf(row, context)?.label }),
    attributeFieldName: p.text({
      readOnly: true,
      value: ({ attribute }) => snakeCase(attribute).replace(/^(custom_field)(\d)/, '$1_$2'),
    }),
    scope: p.text({ required: true, hasDefault: true, writable: isNew, allowed: { texts: () => scopes } }),
    caption: p.text({ max: 255 }),
    helpText: p.markdown({ required: true }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
  }),
  actions: {
    editText: { href: ({ id }) => `/admin/attribute_help_texts/${id}/edit`, type: 'text/html', may: edit },
  },
  defaults: () => ({ scope: 'WorkPackage' }),
  derive: [fieldOf],
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

/** The texts of removed custom fields. */
export const removals = [
  whenRemoved('custom_fields', async (tx, ids, entry, model) => {
    const names = ids.map((id) => `customField${id}`)
    const gone = await tx.all<{ id: number }>(
      sql`select id from help_texts where ${amongTexts(tx.engine, sql`attribute`, names)} order by id`,
    )
    await removeRows(
      tx,
      model,
      model.of('HelpText'),
      gone.map(({ id }) => id),
      entry,
    )
  }),
]
