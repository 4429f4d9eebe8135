/** Viewers: the principals that requests act as, and the types of the rules that are judged for them. */
import type { Engine, Row } from '#db/database.ts'
import type { Sql } from '#db/sql.ts'
import type { CacheTopic, Snapshot } from '#kernel/cache.ts'

/** How much of what a principal may see and do is open to a request. What is not said is not limited. */
export interface Limits {
  /** The ids of the only projects in which anything is seen or done. */
  readonly projects?: readonly number[]
  /** Whether nothing is written. */
  readonly readOnly?: true
}

/**
 * What a request shows of the person behind it: that they have lately shown who they are (`fresh`), that they have done so some
 * time ago, so that the session may have been stolen and they are to do it again (`stale`), or only what they have been given, as
 * by a token, which can show nothing more (`none`).
 */
export type Proof = 'fresh' | 'stale' | 'none'

/** As whom a request acts, and within which limits. */
export interface Identity {
  readonly principal: Row
  readonly limits?: Limits
  /** `none` unless said otherwise. */
  readonly proof?: Proof
  /** When the credential is good no more by itself; undefined where that is never, or the session's end. */
  readonly until?: string
  /** The id of the API token. */
  readonly token?: number
}

/** The principal a request acts as. Shared by all requests of that principal within the same limits until permissions change. */
export interface Viewer {
  readonly id: number
  /** Tells viewers apart: of one principal there is one for each set of limits. */
  readonly key: string
  readonly row: Row
  readonly limits: Limits
  /** Whether the viewer administers the instance, which nobody does who is limited to some projects. */
  readonly admin: boolean
  readonly signedIn: boolean
  /** The sets that rules have asked for so far, by name. */
  readonly sets: Map<string, IdSet>
  /** The permissions beyond projects; undefined until a rule asks for them. */
  globals: ReadonlySet<string> | undefined
  /** Rules as they were read for this viewer. */
  readonly rights: WeakMap<Rule, Right>
}

/** Ids for which something holds. */
export interface IdSet {
  readonly ids: ReadonlySet<number>
  readonly list: readonly number[]
  /** Whether it holds for every row there is, so that no condition is needed. */
  readonly everything: boolean
}

/** For whom a set is read: a viewer, or any person, whose id is then an expression. */
export interface Asker extends Pick<Viewer, 'admin' | 'limits'>, Partial<Pick<Viewer, 'sets'>> {
  readonly id: number | Sql
}

/** A set of ids beyond the permissions, which rules read by `within`. */
export interface NamedSet {
  /** Tells it apart from all others. */
  readonly name: string
  /** The sets that the query reads by `heldIn`, `heldOn` and `heldGlobally`: they are loaded first, and others cannot be read. */
  readonly reads?: readonly string[]
  /** A query that gives the column `id`. It may depend only on the tables that permissions depend on. */
  readonly query: (asker: Asker, engine: Engine) => Sql
}

/** A set that a rule reads of its viewer: of ids under a permission or role, or a named one; `global`: the permissions beyond projects. */
export type Need = string | NamedSet

/** By an index of the column in question, or in another way, so that each row found is tested. */
export type Means = 'index' | 'test'

/** A rule, judged for one viewer. `rights` gives it, once the sets that the rule reads are there. */
export interface Right {
  /**
   * The condition on a row of `table`.
   * @param means how rows are to be found by their columns; without it, by the size of the sets
   */
  where(table: string, means?: Means): Sql
  /** The same judged on a row, or on a draft that is no row yet. */
  holds(row: object): boolean
  /** Whether it could hold for any row. */
  readonly anywhere: boolean
}

/** Asks a rule for people instead of rows. */
export interface PeopleQuery {
  readonly engine: Engine
  /** The columns of the row at hand; undefined asks for the people for whom the rule could hold on any row. */
  readonly row: ((column: string) => Sql) | undefined
  /** The id of the only person in question. Within it no table goes by the name `person_…`. */
  readonly candidate?: Sql
  /** How deep the query stands in another one, for the names of its tables. */
  readonly depth?: number
}

/**
 * Who may see or do something. It has four readings: as SQL, in memory, and "anywhere at all", which are those of a viewer's `Right`;
 * and, from a row, the people for whom it holds.
 */
export interface Rule {
  /** The sets of the viewer that it reads. */
  readonly needs: readonly Need[]
  /** Judges it for a viewer whose sets are there. Called by `rights` alone. */
  judge(viewer: Viewer, engine: Engine): Right
  /** A query that gives the ids of the people for whom it holds, as `user_id`, one of them perhaps more than once: `peopleFor` gives each once. */
  people(query: PeopleQuery): Sql
}

/** The tables that permissions depend on. */
export const permissionTopics: readonly CacheTopic[] = [
  'principals',
  'memberships',
  'roles',
  'projects',
  'custom_fields',
  'custom_actions',
  'work_package_deletions',
  'removals',
]

/** The viewer for a principal's row, within limits. */
export function viewerOf(snapshot: Snapshot, row: Row, limits: Limits = {}): Promise<Viewer> {
  const { projects, readOnly } = limits
  const key = `${row.id}${projects ? ` in ${projects}` : ''}${readOnly ? ' reading' : ''}`
  return snapshot.remember(`viewer ${key}`, permissionTopics, () => ({
    id: row.id as number,
    key,
    row,
    limits,
    admin: Boolean(row.admin) && row.status === 1 && !projects,
    signedIn: row.type === 'User',
    sets: new Map(),
    globals: undefined,
    rights: new WeakMap(),
  }))
}
