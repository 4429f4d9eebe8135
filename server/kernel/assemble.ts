/** Assembles modules into a model, and rejects inconsistent declarations. */
import type { TableName } from '#db/tables.ts'
import { actionsOf, type Permission, type ProjectModule } from './access/permissions.ts'
import { permissionsInRules, remaining } from './access/rules.ts'
import type {
  Chapter,
  Declared,
  Extension,
  JobKind,
  Model,
  Module,
  Operation,
  Parts,
  Property,
  Reference,
  RemovalStep,
  Resource,
} from './declaration.ts'
import { completed, modelOf } from './model.ts'
import { standardOperations } from './standard.ts'

/**
 * The model of these modules.
 * @param modules in topological order: each after the modules that it needs
 * @throws Error with the file of a declaration that has a dangling reference, or is a duplicate
 */
export function assemble(modules: readonly Module[]): Model {
  const names = new Set<string>()
  for (const { name, needs } of modules) {
    if (names.has(name)) throw new Error(`There are two modules named "${name}".`)
    const missing = needs.find((need) => !names.has(need))
    if (missing) throw new Error(`The module "${name}" needs "${missing}", which does not come before it.`)
    names.add(name)
  }
  const declared = modules.flatMap(({ resources = [] }) => resources)
  refuseDoubles(declared)
  const parts: readonly Parts[] = [...modules, ...modules.flatMap(({ derives }) => derives?.(declared) ?? [])]
  const resources = hidingRemoved(
    extended(
      declared,
      parts.flatMap((one) => one.extends ?? []),
    ),
  )
  const operations = [...parts.flatMap((one) => one.operations ?? []), ...resources.flatMap(standardOperations)]
  const bodies = new Map(parts.flatMap((one) => Object.entries(one.bodies ?? {})))
  refuseDangling(resources, operations, [...bodies.keys()])
  const removals = new Map<TableName, RemovalStep[]>()
  for (const { removals: own = [] } of parts)
    for (const { tables, step } of own) for (const table of tables) removals.getOrInsertComputed(table, () => []).push(step)
  const projectModules = parts.flatMap((one) => one.projectModules ?? [])
  const permissions = [
    ...parts.flatMap((one) => one.permissions ?? []).map((entry) => ({ module: null, ...entry })),
    ...projectModules.flatMap((one) => one.permissions),
  ]
  refuseUnknownPermissions(permissions, projectModules)
  const chapters = parts.flatMap((one) => one.chapters ?? [])
  refuseUntold(operations, chapters)
  return modelOf(resources, {
    permissions,
    projectModules,
    apiActions: actionsOf(permissions),
    operations,
    bodies,
    demo: parts.flatMap((one) => one.demo ?? []),
    chapters,
    migrations: parts.flatMap((one) => one.migrations ?? []),
    documents: parts.flatMap(({ documents = [] }) => documents),
    references: referencesAmong(resources),
    removals,
    jobs: distinct(parts.flatMap(({ jobs = [] }) => jobs)),
    subscribers: parts.flatMap(({ subscribes = [] }) => subscribes),
    additions: parts.flatMap(({ additions }) => additions ?? []),
  })
}

/**
 * The referencing columns of each table, with their `whenGone`. Several resources may share a table: each column counts once.
 * @throws Error if a column has two values of `whenGone`, or the referenced resource has no successor
 */
function referencesAmong(resources: readonly Resource[]): ReadonlyMap<TableName, readonly Reference[]> {
  const byName = new Map(resources.map((resource) => [resource.name, resource]))
  const known = new Map<string, Reference>()
  const found = new Map<TableName, Reference[]>()
  for (const { file, name: by, table, properties, references = {} } of resources) {
    const own = properties.flatMap(({ column, to, options: { whenGone } }) =>
      column && to && whenGone ? [{ column, to, whenGone }] : [],
    )
    const further = Object.entries(references).map(([column, one]) => ({ column, ...one }))
    for (const { column, to, whenGone } of [...own, ...further]) {
      const target = byName.get(to)
      if (!target) throw new Error(`${file}: ${by} refers by ${column} to ${to}, which no module declares.`)
      const needsSuccessor = (typeof whenGone === 'object' ? whenGone.otherwise : whenGone) === 'successor'
      if (needsSuccessor && !resources.some((one) => one.table === target.table && one.successor))
        throw new Error(`${file}: ${by} refers by ${column} to the successor of a ${to}, which has none.`)
      const place = `${table}.${column}`
      const other = known.get(place)
      if (other && other.whenGone !== whenGone) throw new Error(`${file}: ${by} and ${other.by} disagree about ${place}.`)
      if (other) continue
      const reference = { by, column, whenGone }
      known.set(place, reference)
      found.getOrInsertComputed(target.table, () => []).push(reference)
    }
  }
  return found
}

/** Throws if two kinds of jobs have the same name. */
function distinct(kinds: readonly JobKind[]): readonly JobKind[] {
  const names = new Set<string>()
  for (const { name } of kinds) {
    if (names.has(name)) throw new Error(`There are two kinds of jobs named "${name}".`)
    names.add(name)
  }
  return kinds
}

function refuseDoubles(declared: readonly Declared[]): void {
  const known = new Map<string, Declared>()
  for (const resource of declared) {
    const other = known.get(resource.name)
    if (other) throw new Error(`${resource.file}: ${resource.name} is declared in ${other.file} already.`)
    known.set(resource.name, resource)
  }
}

/** The resources with the extensions of other modules, in the order of the modules. */
function extended(declared: readonly Declared[], extensions: readonly Extension[]): Resource[] {
  const byName = Map.groupBy(extensions, ({ of }) => of)
  const known = new Set(declared.map(({ name }) => name))
  for (const { of, file } of extensions)
    if (!known.has(of)) throw new Error(`${file}: it adds to ${of}, which no module declares.`)
  return declared.map((resource) => {
    let more: Partial<Declared> = resource
    const properties: Property[] = [...resource.properties]
    for (const extension of byName.get(resource.name) ?? []) {
      for (const { name } of extension.properties)
        if (properties.some((one) => one.name === name))
          throw new Error(`${extension.file}: ${resource.name} has a property ${name} already.`)
      properties.push(...extension.properties)
      more = merged(more, extension.more)
    }
    return completed(resource, { ...more, properties })
  })
}

/** The resources, with rules that hide rows which are being removed gradually. */
function hidingRemoved(resources: readonly Resource[]): Resource[] {
  const tables = new Set(resources.flatMap(({ gradual, table }) => (gradual ? [table] : [])))
  return resources.map((resource) => {
    const { table, visible, addressable } = resource
    if (!tables.has(table)) return resource
    return {
      ...resource,
      visible: remaining(visible, table),
      ...(addressable && { addressable: remaining(addressable, table) }),
    }
  })
}

const maps = ['may', 'actions', 'computedColumns', 'pageLoaders', 'kept', 'embedLoaders', 'filters', 'sorts', 'glossary'] as const
const steps = ['derive', 'check', 'after'] as const

type Facts = NonNullable<Declared['facts']>

function merged(one: Partial<Declared>, more: Extension['more']): Partial<Declared> {
  const result: Record<string, unknown> = { ...one, ...more }
  for (const key of maps) if (one[key] || more[key]) result[key] = { ...one[key], ...more[key] }
  for (const key of steps) if (one[key] || more[key]) result[key] = [...(one[key] ?? []), ...(more[key] ?? [])]
  if (one.facts && more.facts) result.facts = joined(one.facts, more.facts)
  return result
}

/** The facts of both. Throws if a name is given twice. */
const joined =
  (one: Facts, more: Facts): Facts =>
  async (draft, context) => {
    const [known, further] = await Promise.all([one(draft, context), more(draft, context)])
    const double = Object.keys(further).find((name) => name in known)
    if (double) throw new Error(`The fact "${double}" is given twice.`)
    return { ...known, ...further }
  }

/** Throws if an operation's tag is in no chapter of the OpenAPI document. */
function refuseUntold(operations: readonly Operation[], chapters: readonly Chapter[]): void {
  // Models of tests have no chapters.
  if (chapters.length === 0) return
  const known = new Set(chapters.flatMap(({ of }) => of))
  for (const { file = '', method, path, tag } of operations)
    if (!known.has(tag)) throw new Error(`${file}: ${method} ${path} has the tag ${tag}, which is in no chapter of a module.`)
}

/**
 * Throws if a permission is declared twice, or a rule or another permission refers to an undeclared one. Rules are created when
 * their files are loaded, so all except those created by requests are known by then.
 */
function refuseUnknownPermissions(permissions: readonly Permission[], projectModules: readonly ProjectModule[]): void {
  const known = new Set<string>()
  for (const { name } of permissions) {
    if (known.has(name)) throw new Error(`The permission ${name} is declared twice.`)
    known.add(name)
  }
  // Models of tests have no permissions, so their rules are not checked.
  if (known.size === 0) return
  for (const { name, dependencies = [] } of permissions)
    for (const one of dependencies)
      if (!known.has(one)) throw new Error(`The permission ${name} needs ${one}, which no module declares.`)
  for (const { name, requires } of projectModules)
    for (const one of requires)
      if (!projectModules.some((other) => other.name === one))
        throw new Error(`The project module ${name} needs ${one}, which no module declares.`)
  for (const [name, file] of permissionsInRules())
    if (!known.has(name)) throw new Error(`${file}: a rule names the permission ${name}, which no module declares.`)
}

/** Throws for a reference to an undeclared resource. */
function refuseDangling(resources: readonly Resource[], operations: readonly Operation[], types: readonly string[]): void {
  const known = new Set([...resources.map(({ name }) => name), ...types])
  const check = (where: string, name: string | undefined) => {
    if (name !== undefined && !known.has(name)) throw new Error(`${where} refers to ${name}, which no module declares.`)
  }
  for (const { file, name, properties, filters = {}, kept, pageLoaders = {} } of resources) {
    const untold = kept && Object.keys(pageLoaders).find((loader) => !kept[loader])
    if (untold) throw new Error(`${file}: the texts of ${name} are kept, but not told what they depend on of "${untold}".`)
    for (const property of properties) check(`${file}: ${name}.${property.name}`, property.to)
    for (const [own, { to }] of Object.entries(filters)) check(`${file}: ${name}, filter ${own}`, to)
  }
  const paths = new Set<string>()
  for (const { method, path, answers, takes, file = '' } of operations) {
    check(`${file}: ${method} ${path}`, answers.of)
    check(`${file}: ${method} ${path}`, takes)
    const place = `${method} ${path.replace(/:\w+/g, ':')}`
    if (paths.has(place)) throw new Error(`${file}: ${method} ${path} is declared twice.`)
    paths.add(place)
  }
}
