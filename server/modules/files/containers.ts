/** What files can be attached to: a table of kinds, filled by declarations. */
import type { Row } from '#db/database.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import type { Resource } from '#kernel/declaration.ts'
import { resourceNamed } from '#kernel/resource.ts'
import { either, type Rule, type Scope } from '#kernel/rules.ts'

export interface Container {
  readonly resource: Resource
  /** Who may attach something to a row of it. */
  readonly add: Rule
  /** Who may take something away again. */
  readonly remove: Rule
  /** Who may upload what is to be attached to a row that does not exist yet; judged anywhere. */
  readonly uncontained: Rule
  /** The columns and extras of its rows that these rules and its visibility read, besides the id. */
  readonly reads: readonly string[]
}

const kinds = new Map<string, Container>()

/** Adds a kind to the table. */
export function declareContainer(kind: Container): void {
  kinds.set(kind.resource.name, kind)
}

/** The kind of container that a `container_type` names. */
export function containerNamed(type: string): Container {
  const kind = kinds.get(type)
  if (!kind) throw new Error(`Nothing can be attached to a ${type}.`)
  return kind
}

/** What an attachment's row calls a column of its container. */
const lent = (kind: Container, column: string): string => `computed_${kind.resource.table}_${column}`

/** The columns that rules read of a container, selected with every attachment in it. */
export const lentBy = (kind: Container): Record<string, (scope: Scope, table: string) => Sql> =>
  Object.fromEntries(
    kind.reads.map((column) => [
      lent(kind, column),
      (scope: Scope, table: string) => {
        const of = kind.resource.table
        const value = kind.resource.extras?.[column]?.(scope, of) ?? name(`${of}.${column}`)
        return sql`(select ${value} from ${name(of)} where ${name(`${of}.id`)} = ${name(`${table}.container_id`)}
          and ${name(`${table}.container_type`)} = ${kind.resource.name})`
      },
    ]),
  )

/** The container of an attachment, as far as rules read it. */
const containerOf = (kind: Container, attachment: Row): Row => ({
  id: attachment['container_id'],
  ...Object.fromEntries(kind.reads.map((column) => [column, attachment[lent(kind, column)]])),
})

/** A rule of the container, asked of what is attached to it; of the kinds declared so far. */
export const ofContainer = (pick: (kind: Container) => Rule): Rule =>
  either(
    ...[...kinds.values()].map((kind): Rule => {
      const { name: type, table: of } = kind.resource
      const rule = pick(kind)
      return {
        needs: rule.needs,
        // One container is looked up for each attachment: to collect all that satisfy the rule would take far longer.
        where: (scope, table) => sql`(${name(`${table}.container_type`)} = ${type} and exists (
          select 1 from ${name(of)} where ${name(`${of}.id`)} = ${name(`${table}.container_id`)} and ${rule.where(scope, of)}))`,
        holds: (viewer, row) => row['container_type'] === type && rule.holds(viewer, containerOf(kind, row)),
        anywhere: rule.anywhere,
      }
    }),
  )

/** A rule that is made when it is first asked for: once all kinds are declared. */
export function lazily(make: () => Rule): Rule {
  let made: Rule | undefined
  const rule = () => {
    made ??= make()
    return made
  }
  return {
    get needs() {
      return rule().needs
    },
    where: (scope, table) => rule().where(scope, table),
    holds: (viewer, row) => rule().holds(viewer, row),
    anywhere: (viewer) => rule().anywhere(viewer),
  }
}

/** The resource that an attachment's container is. */
export const resourceOf = (attachment: Row): Resource => resourceNamed(attachment['container_type'])
