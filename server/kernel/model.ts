/** A model with the additions of one database, such as the custom fields that a viewer sees. */
import type { Reader, Row } from '#db/database.ts'
import type { Viewer } from '#kernel/access/viewer.ts'
import type { Snapshot } from './cache.ts'
import type { Addition, Declared, Model, Resource } from './declaration.ts'

/** A resource assembled from its declaration. */
export function completed(declared: Declared | Resource, more: Partial<Resource> & Pick<Resource, 'properties'>): Resource {
  const { properties } = more
  return { ...declared, ...more, property: new Map(properties.map((property) => [property.name, property])) }
}

/** A model of these resources and the other parts `rest`. */
export function modelOf(resources: readonly Resource[], rest: Omit<Model, 'of' | 'resources'>): Model {
  const byName = new Map<string, Resource>()
  const model: Model = {
    ...rest,
    resources,
    of: (ref) => {
      const found = byName.get(typeof ref === 'string' ? ref : ref.name)
      if (!found) throw new Error(`No resource is named ${typeof ref === 'string' ? ref : ref.name}.`)
      return found
    },
  }
  for (const resource of resources) byName.set(resource.name, resource)
  // Some of these rows derive from other resources, so they are computed on first use.
  for (const resource of resources) {
    const { staticRows } = resource
    if (!staticRows) continue
    let rows: Resource['rows']
    Object.defineProperty(resource, 'rows', {
      get: () => {
        rows ??= staticRows(model)
        return rows
      },
      enumerable: false,
    })
  }
  return model
}

const models = new WeakMap<Viewer, { readonly base: Model; readonly revision: number; readonly model: Model }>()

/** The model with this database's additions for a viewer. */
export async function modelFor(model: Model, db: Reader, snapshot: Snapshot, viewer: Viewer): Promise<Model> {
  const known = models.get(viewer)
  if (known?.base === model && known.revision === snapshot.revision) return known.model
  const added = await withAdditionsFor(model, db, snapshot, viewer)
  models.set(viewer, { base: model, revision: snapshot.revision, model: added })
  return added
}

async function withAdditionsFor(model: Model, db: Reader, snapshot: Snapshot, viewer: Viewer): Promise<Model> {
  const found = await Promise.all(model.additions.map((source) => source(db, snapshot, viewer)))
  const sources = found.filter((one) => one !== undefined)
  if (sources.length === 0) return model
  const topics = [...new Set(sources.flatMap((one) => one.topics))]
  const key = JSON.stringify(found.map((one) => one?.key))
  return snapshot.remember(`additions ${key}`, topics, () =>
    sources.reduce((grown, { make }) => withAdditions(grown, make()), model),
  )
}

function withAdditions(model: Model, additions: ReadonlyMap<string, Addition>): Model {
  const { of: _, resources, ...rest } = model
  return modelOf(
    resources.map((resource) => {
      const addition = additions.get(resource.name)
      if (addition) return grown(resource, addition)
      return resource.staticRows ? { ...resource } : resource
    }),
    rest,
  )
}

function grown(resource: Resource, { properties = [], hiddenComputed = [], filters, sorts }: Addition): Resource {
  const { packedProperties = [] } = resource
  return completed(resource, {
    properties: [...resource.properties, ...properties],
    filters: { ...resource.filters, ...filters },
    sorts: { ...resource.sorts, ...sorts },
    hiddenComputed: [...(resource.hiddenComputed ?? []), ...hiddenComputed],
    packedProperties: [...packedProperties, ...[...properties, ...hiddenComputed].filter((property) => property.packed)],
  })
}

/** Unpacks values that share a column into members of their own, where properties read them. */
export function unpack<R extends readonly Row[]>({ packedProperties = [] }: Resource, rows: R): R {
  for (const row of rows) {
    for (const { column, many, packed: place } of packedProperties) {
      if (!place || !column) continue
      const value = row[place.column]?.[place.key] ?? null
      const list = Array.isArray(value) ? value : value === null ? [] : [value]
      row[column] = many ? (list.length > 0 ? list : null) : (list[0] ?? null)
    }
  }
  return rows
}

/** A row without packed values, and the packed values by their column and key. */
export function unpacked({ packedProperties = [] }: Resource, row: Row): { own: Row; shared: Readonly<Record<string, Row>> } {
  const own: Row = { ...row }
  const shared: Record<string, Row> = {}
  for (const { column, packed: place } of packedProperties) {
    if (!place || !column || !(column in row)) continue
    shared[place.column] = { ...shared[place.column], [place.key]: row[column] ?? null }
    delete own[column]
  }
  return { own, shared }
}

/** Packs values back into their shared column, without null values. */
export function pack(resource: Resource, row: Row): Row {
  const { own, shared } = unpacked(resource, row)
  for (const [column, values] of Object.entries(shared)) {
    const filled = Object.entries({ ...own[column], ...values }).filter(([, value]) => value !== null)
    own[column] = filled.length > 0 ? Object.fromEntries(filled) : null
  }
  return own
}
