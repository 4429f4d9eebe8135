/** What files can be attached to: resources whose declarations say so. */
import type { Row } from '#db/database.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import { both, either, having, through } from '#kernel/access/rules.ts'
import type { Attachable, Context, Declared, Resource, Rule, Scope } from '#kernel/declaration.ts'

/** A resource that files can be attached to, as its declaration says. */
export interface Container extends Attachable {
  readonly resource: Declared
}

/** All of these resources that files can be attached to. */
export const containersAmong = (resources: readonly Declared[]): readonly Container[] =>
  resources.flatMap((resource) => (resource.attachments ? [{ resource, ...resource.attachments }] : []))

/** What an attachment's row calls a column of its container. */
const containerColumn = (kind: Container, column: string): string => `computed_${kind.resource.table}_${column}`

/** The columns that rules read of a container, selected with every attachment in it. */
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

/** The container of an attachment, as far as rules read it. */
const containerOf = (kind: Container, attachment: Row): Row => ({
  id: attachment.container_id,
  ...Object.fromEntries(kind.reads.map((column) => [column, attachment[containerColumn(kind, column)]])),
})

/** A rule of the container, asked of what is attached to it. */
export const ofContainer = (kinds: readonly Container[], pick: (kind: Container) => Rule): Rule =>
  either(
    ...kinds.map((kind) => {
      const { name: type, table } = kind.resource
      // One container is looked up for each attachment: to collect all that satisfy the rule would take far longer.
      const asked = through('container_id', table, pick(kind), { find: (row) => containerOf(kind, row), each: true })
      return both(having('container_type', type), asked)
    }),
  )

/** The resource that an attachment's container is. */
export const resourceOf = (attachment: Row, { model }: Context): Resource => model.of(attachment.container_type)
