/** Items of hierarchies and weighted lists. */
import type { Row } from '#db/database.ts'
import { signedIn, within } from '#kernel/access/rules.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Loaded, Operation } from '#kernel/declaration.ts'
import { ApiError, badRequest, notFound } from '#kernel/errors.ts'
import { guarded, ok, operation, rowAt } from '#kernel/operation.ts'
import { load } from '#kernel/read/load.ts'
import { isId } from '#kernel/read/operators.ts'
import { collection, represent } from '#kernel/read/represent.ts'
import { resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { definitionsFor, seenFields } from './definitions.ts'

/** All items, and the children of each by position. */
interface Forest {
  readonly items: ReadonlyMap<number, Row>
  readonly below: ReadonlyMap<number | null, readonly Row[]>
}

async function forestOf({ db, snapshot }: Context): Promise<Forest> {
  const items = await allRows(db, snapshot, 'custom_field_items', 'position')
  const below = await snapshot.remember('custom field items', ['custom_field_items'], () =>
    Map.groupBy([...items.values()], (item) => item.parent_id),
  )
  return { items, below }
}

/** The path from the root to an item, inclusive. */
function pathTo({ items }: Forest, item: Row): Row[] {
  const path = [item]
  for (let above = items.get(item.parent_id); above; above = items.get(above.parent_id)) path.unshift(above)
  return path
}

/** An item and its descendants to a depth, in preorder. */
function branchesOf(forest: Forest, item: Row, depth: number): Row[] {
  const below = depth > 0 ? (forest.below.get(item.id) ?? []) : []
  return [item, ...below.flatMap((child) => branchesOf(forest, child, depth - 1))]
}

const forest = ({ loaded }: Loaded): Forest => loaded.forest
const nameOf = ({ label, short }: Row): string => (short ? `${label} (${short})` : (label ?? ''))

/** Display text of a weight: without trailing zeros; exponential for very small and very large numbers. */
function readable(weight: string): string {
  const number = Number(weight)
  const size = Math.abs(number)
  if (number !== 0 && (size < 1e-4 || size >= 1e12)) return number.toExponential()
  return weight.includes('.') ? weight.replace(/(?<!0)0+$/, '').replace(/\.$/, '') : weight
}

export const HierarchyItem = resource('HierarchyItem', 'custom_field_items', {
  path: 'custom_field_items',
  description: 'An item of a hierarchy or weighted list custom field.',
  glossary: {
    label: 'Display name.',
    short: 'Short name.',
    weight: 'Number for calculated values, in a weighted list.',
    formattedWeight: 'Display text of the weight.',
    depth: 'Number of levels below the root.',
    branch: 'The items from the root to it.',
  },
  example: {
    label: 'Deck',
    short: 'D1',
    weight: '1.5',
    formattedWeight: '1.5',
    depth: 1,
  },
  title: nameOf,
  cached: 'all',
  order: { column: 'position' },
  guards: { all: signedIn, show: signedIn },
  visible: within(seenFields, 'custom_field_id'),
  pageLoaders: { forest: (_, context) => forestOf(context) },
  properties: (p) => ({
    id: p.integer(),
    label: p.text(),
    short: p.text(),
    weight: p.text(),
    formattedWeight: p.text({ value: ({ weight }) => (weight === null ? null : readable(weight)) }),
    depth: p.integer({ value: (row, page) => pathTo(forest(page), row).length - 1 }),
    parent: p.link('HierarchyItem', { when: ({ parent_id }) => parent_id !== null }),
    children: p.links('HierarchyItem', {
      load: async (rows, context) => {
        const { below } = await forestOf(context)
        return new Map(rows.map(({ id }) => [id, (below.get(id) ?? []).map((child) => child.id)]))
      },
    }),
  }),
  actions: { branch: { href: ({ id }) => `/api/v3/custom_field_items/${id}/branch` } },
  operations: ['show'],
})

/** Items as a plain collection. */
async function listed(path: string, items: readonly Row[], context: Context): Promise<object> {
  const page = await load(context, context.model.of(HierarchyItem), items)
  return collection(
    path,
    items.map((item) => represent(context.model.of(HierarchyItem), item, page)),
  )
}

const listBranch = operation({
  method: 'GET',
  path: '/custom_field_items/:id/branch',
  summary: 'List the branch of an item of a custom field',
  description: 'Lists the ancestors of an item, root first, and the item itself.',
  tag: 'HierarchyItem',
  guard: signedIn,
  answers: { status: 200, of: 'HierarchyItem', as: 'collection' },
  run: async ({ context, params }) => {
    const item = await rowAt(params.id, context.model.of(HierarchyItem), context)
    return ok(await listed(context.path, pathTo(await forestOf(context), item), context))
  },
})

/** The number in a parameter. Throws 400 for other values. */
function readNumber(context: Context, parameter: string): number | undefined {
  const text = context.params.get(parameter)
  if (text === null) return undefined
  if (!/^-?\d{1,9}$/.test(text)) throw badRequest(said`The parameter ${parameter} is not a number.`)
  return Number(text)
}

const listItems = operation({
  method: 'GET',
  path: '/custom_fields/:id/items',
  summary: 'List the items of a custom field',
  description:
    'Lists the items of a hierarchy or a weighted list, each followed by its descendants: all items, or those below `parent`, down to `depth`.',
  tag: 'HierarchyItem',
  guard: signedIn,
  answers: { status: 200, of: 'HierarchyItem', as: 'collection' },
  query: ['parent', 'depth'],
  run: async ({ context, params }) => {
    await guarded(context.model.of(HierarchyItem), context)
    const fields = await definitionsFor(context.db, context.snapshot, context.viewer)
    const field = isId(params.id) ? fields.find(({ id }) => id === Number(params.id)) : undefined
    if (!field) throw notFound()
    if (field.format !== 'hierarchy' && field.format !== 'weighted_item_list')
      throw new ApiError(
        'PropertyConstraintViolation',
        said`The custom field has no items: only hierarchies and weighted lists have.`,
      )
    const woods = await forestOf(context)
    const own = [...woods.items.values()].filter((item) => item.custom_field_id === field.id)
    const parent = readNumber(context, 'parent')
    const start = own.find((item) => (parent === undefined ? item.parent_id === null : item.id === parent))
    if (!start) throw notFound()
    const depth = readNumber(context, 'depth')
    const items = branchesOf(woods, start, depth === undefined || depth < 0 ? Number.POSITIVE_INFINITY : depth)
    return ok(await listed(context.path + searchOf(context), items, context))
  },
})

const searchOf = ({ params }: Context): string => (params.size > 0 ? `?${params}` : '')

export const operations: readonly Operation[] = [listBranch, listItems]
