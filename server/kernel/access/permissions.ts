/** Permissions: the rights that roles can carry, the project modules that they belong to, and the API actions that they give. */

/** Where a permission can be held: everywhere, in a project, on one shared work package, on one project list. */
export type PermissionScope = 'global' | 'project' | 'work_package' | 'project_query'

/** One right, before it is known to which project module it belongs. */
export interface Entry {
  readonly name: string
  readonly scopes: readonly PermissionScope[]
  /** Held by everybody to whom any role applies in the project; no role lists it. */
  readonly public?: true
  /** Who may hold it at least: `loggedin` keeps it out of the Anonymous role, `member` out of Non member as well. */
  readonly require?: 'loggedin' | 'member'
  /** Permissions that a role carrying this one must carry too (public ones count as carried). */
  readonly dependencies?: readonly string[]
  /** False: administrators do not hold it by being administrators. */
  readonly grantToAdmin?: false
  /** Ids of the API actions it gives, such as `work_packages/create`. */
  readonly actions?: readonly string[]
}

/** One right. */
export interface Permission extends Entry {
  /** The project module that must be enabled for it to count; null: always counts. */
  readonly module: string | null
}

/** A part of the product that each project enables or disables. */
export interface ProjectModule {
  readonly name: string
  /** Project modules that must be enabled beside it. */
  readonly requires: readonly string[]
  /** Whether new projects start with it. */
  readonly enabledByDefault: boolean
  /** The rights that count only where it is enabled. */
  readonly permissions: readonly Permission[]
}

/** An API action: something a principal can be capable of, and the permissions of which any one suffices. */
export interface ApiAction {
  readonly id: string
  readonly permissions: readonly string[]
  readonly scopes: readonly PermissionScope[]
  /** The project modules of those permissions; null stands for "no module". */
  readonly modules: readonly (string | null)[]
}

const held =
  (...scopes: PermissionScope[]) =>
  (name: string, traits: Omit<Entry, 'name' | 'scopes'> = {}): Entry => ({ name, scopes, ...traits })

/** A permission that belongs to no project. */
export const global = held('global')
/** A permission that is held in projects. */
export const project = held('project')
/** A permission that is held in projects, and on a work package that is shared. */
export const shareable = held('work_package', 'project')
/** A permission that is held on a list of projects. */
export const projectQuery = held('project_query')

/** Declares a project module with the permissions that count only where it is enabled. */
export const projectModule = (
  name: string,
  { requires = [], startsOn = false }: { requires?: readonly string[]; startsOn?: boolean } = {},
  ...permissions: readonly Entry[]
): ProjectModule => ({
  name,
  requires,
  enabledByDefault: startsOn,
  permissions: permissions.map((entry) => ({ module: name, ...entry })),
})

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** The API actions that permissions give, sorted by id; each with all the permissions that give it. */
export function actionsOf(permissions: readonly Permission[]): ApiAction[] {
  const givers = Map.groupBy(
    permissions.flatMap((permission) => (permission.actions ?? []).map((id) => ({ id, permission }))),
    ({ id }) => id,
  )
  return [...givers]
    .map(([id, all]) => {
      const given = all.map(({ permission }) => permission)
      return {
        id,
        permissions: given.map(({ name }) => name),
        scopes: unique(given.flatMap(({ scopes }) => scopes)),
        modules: unique(given.map(({ module }) => module)),
      }
    })
    .sort((one, other) => (one.id < other.id ? -1 : 1))
}
