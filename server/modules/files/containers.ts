/** Containers: resources whose declarations allow attachments. */
import type { Row } from '#db/database.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import { both, either, having, through } from '#kernel/access/rules.ts'
import type { Attachable, Context, Declared, Resource, Rule, Scope } from '#kernel/declaration.ts'

/** A resource with attachments, and its rules for them. */
export interface Container extends Required<Attachable> {
  readonly resource: Declared
}

/** The containers among resources. */
export const containersAmong = (resources: readonly Declared[]): readonly Container[] =>
  resources.flatMap((resource) => {
    const { attachments, belongsTo } = resource
    if (!attachments) return []
    const { add, remove = add, uncontained = add, reads = belongsTo ? [belongsTo] : [] } = attachments
    return [{ resource, add, remove, uncontained, reads, may: attachments.may ?? { create: uncontained, update: add } }]
  })

/** The name in an attachment's row for a column of its container. */
const containerColumn = (kind: Container, column: string): string => `computed_${kind.resource.table}_${column}`

/** The container's columns that rules read, selected with each attachment. */
export const containerColumns = (kind: Container): Record<string, (scope: Scope, table: string) => Sql> =>
  Object.fromEntries(
    kind.reads.map((column) => [
      containerColumn(kind, column),
      (scope: Scope, table: string) => {
        const of = kind.resource.table
        const value = kind.resource.computedColumns?.[column]?.(scope, of) ?? name(`${of}.${column}`)
        return sql`(select ${value} from ${name(of)} where ${name(`${of}.id`)} = ${name(`${table}.container_id`)}
          and ${name(`${table}.container_type`)} = ${kind.resource.name})`
      },
    ]),
  )

/** The container of an attachment, with the columns that rules read. */
const containerOf = (kind: Container, attachment: Row): Row => ({
  id: attachment.container_id,
  ...Object.fromEntries(kind.reads.map((column) => [column, attachment[containerColumn(kind, column)]])),
})

/** A rule of the container, applied to its attachments. */
export const ofContainer = (kinds: readonly Container[], pick: (kind: Container) => Rule): Rule =>
  either(
    ...kinds.map((kind) => {
      const { name: type, table } = kind.resource
      // Looks up one container per attachment: collecting all that match the rule would take far longer.
      const asked = through('container_id', table, pick(kind), { find: (row) => containerOf(kind, row), each: true })
      return both(having('container_type', type), asked)
    }),
  )

/** The resource of an attachment's container. */
export const resourceOf = (attachment: Row, { model }: Context): Resource => model.of(attachment.container_type)
