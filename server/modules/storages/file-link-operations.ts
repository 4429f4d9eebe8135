/** Links of a work package to files: their list, with what the storages say of the files, and their creation, several at once. */
import { isDeepStrictEqual } from 'node:util'
import type { Row } from '#db/database.ts'
import { among, amongTexts, updateEach } from '#db/dialect.ts'
import { FALSE, name, sql } from '#db/sql.ts'
import type { ApiRequest, Context, Operation, Payload } from '#kernel/declaration.ts'
import { ApiError, badRequest, combined, invalidQuery, violation } from '#kernel/errors.ts'
import { demand, holds, ok, operation, rowAt } from '#kernel/operation.ts'
import { index, pageLinks } from '#kernel/read/list.ts'
import { visibleRows, visibleRowsWhere } from '#kernel/read/load.ts'
import { collection } from '#kernel/read/represent.ts'
import { represented } from '#kernel/read/single.ts'
import { extension } from '#kernel/resource.ts'
import { save, writing } from '#kernel/write/commit.ts'
import { sentLink, toErrors } from '#kernel/write/payload.ts'
import { type Prepared, prepareWrite } from '#kernel/write/prepare.ts'
import { said } from '#text/messages.ts'
import { manageLinks, viewLinksOfWork } from './access.ts'
import { remoteFor } from './connections.ts'
import { FILE_STATES, FileLink, type FileState } from './file-links.ts'
import { redirect, withConnection } from './files.ts'
import { type OriginData, withoutSlashes } from './kinds.ts'
import { nextcloudPage } from './remotes/nextcloud.ts'
import { type Found, RemoteError, type StorageRow } from './remotes/remote.ts'

const MOST = 20

const listHref = ({ id }: Row): string => `/api/v3/work_packages/${id}/file_links`

/** Links to the list, and for adding to it. */
export const workPackageExtension = extension('WorkPackage', 'work_packages', {
  glossary: { fileLinks: 'Files in file storages that it links to.', addFileLink: 'Links files.' },
  actions: {
    fileLinks: { href: listHref, may: viewLinksOfWork },
    addFileLink: { href: listHref, method: 'post', may: manageLinks() },
  },
})

const workPackageAt = async ({ context, params }: Pick<ApiRequest<'id'>, 'context' | 'params'>): Promise<Row> =>
  rowAt(params.id, context.model.of('WorkPackage'), context)

const listFileLinks = operation({
  method: 'GET',
  path: '/work_packages/:id/file_links',
  summary: 'List the file links of a work package',
  description:
    'Lists the files that the work package links to; none to callers who may not see file links. The storages to which the caller is connected are asked for the current data of the files, unless `pageSize` is 0: see the link `status`.',
  tag: 'FileLink',
  answers: { status: 200, of: 'FileLink', as: 'collection' },
  query: ['filters', 'pageSize'],
  run: async (ask) => {
    const { context } = ask
    const workPackage = await workPackageAt(ask)
    const maySee = await holds(context, viewLinksOfWork, workPackage)
    const within = maySee ? sql`file_links.work_package_id = ${workPackage.id}` : FALSE
    const list = () => index(context, context.model.of(FileLink), { within })
    try {
      const found = await list()
      if (context.params.get('pageSize') === '0' || found.total === 0) return ok(found)
      await synchronise(context, workPackage)
      return ok(await list())
    } catch (error) {
      const isOfFilter = error instanceof ApiError && error.identifier === 'InvalidQuery' && context.params.has('filters')
      throw isOfFilter ? invalidQuery(said`The query parameter 'filters' is missing or malformed.`) : error
    }
  },
})

/** Asks the storages for the linked files of a work package, keeps what has changed, and notes the states for the answer. */
async function synchronise(context: Context, workPackage: Row): Promise<void> {
  const links = await visibleRowsWhere(context, context.model.of(FileLink), sql`file_links.work_package_id = ${workPackage.id}`)
  const byStorage = Map.groupBy(links, ({ storage_id }) => storage_id as number)
  const storages = await context.db.all<StorageRow>(
    sql`select * from storages where ${among(context.engine, name('id'), [...byStorage.keys()])}`,
  )
  const states = new Map<number, FileState>()
  const changed: { id: number; origin_data: OriginData }[] = []
  await Promise.all(
    storages.map(async (storage) => {
      const own = byStorage.get(storage.id) ?? []
      const found = await findIn(context, storage, own)
      for (const link of own) {
        const one = found?.get(link.origin_id)
        if (!one) continue
        states.set(link.id, one.state)
        if (one.state !== 'permission:ViewAllowed') continue
        if (!isDeepStrictEqual(one.file, link.origin_data)) changed.push({ id: link.id, origin_data: one.file })
      }
    }),
  )
  context.told.set(FILE_STATES, states)
  if (changed.length === 0) return
  const alike = sql`updated_at = ${context.now.toISOString()}`
  await context.outside.transaction((tx) => tx.run(updateEach(tx.engine, 'file_links', ['origin_data'], changed, alike)))
}

/** What a storage says of files; undefined without a connection. */
async function findIn(
  context: Context,
  storage: StorageRow,
  links: readonly Row[],
): Promise<ReadonlyMap<string, Found> | undefined> {
  const ids: string[] = links.map((link) => link.origin_id)
  const remote = await remoteFor(context, storage)
  return remote?.find(ids).catch((error: unknown) => {
    if (!(error instanceof RemoteError)) throw error
    return error.failure === 'unconnected' ? undefined : new Map(ids.map((id): [string, Found] => [id, { state: 'Error' }]))
  })
}

const createFileLinks = operation({
  method: 'POST',
  path: '/work_packages/:id/file_links',
  summary: 'Link files to a work package',
  description:
    'Links up to 20 files, all of them or none. The storage of each is given by its link or its address, and must be used by the project. A file that is linked already stays as it is, and is part of the answer.',
  tag: 'FileLink',
  answers: { status: 201, of: 'FileLink', as: 'collection' },
  takes: 'FileLinks',
  run: async (ask) => {
    const { context, db } = ask
    const workPackage = await workPackageAt(ask)
    await demand(context, manageLinks(), workPackage)
    const links = context.model.of(FileLink)
    const elements = elementsIn(ask.body)
    const hosts = await storagesByHost(context, elements)
    const prepared: Prepared[] = []
    for (const element of elements) {
      prepared.push(
        await prepareWrite(context, links, undefined, withStorage(element, hosts), { work_package_id: workPackage.id }),
      )
    }
    const errors = prepared.flatMap(({ violations }, i) => errorsOf(violations, elements[i] as Payload))
    if (errors.length > 0) throw combined(errors)
    const ids = await writing(db, links, async (tx) => {
      const known = new Map<string, number>()
      const keyOf = (row: Row) => `${row.storage_id} ${row.origin_id}`
      const origins = prepared.map(({ draft }) => draft.row.origin_id as string)
      const there = await tx.all(sql`
        select id, storage_id, origin_id from file_links
        where work_package_id = ${workPackage.id} and ${amongTexts(tx.engine, name('origin_id'), origins)}`)
      for (const row of there) known.set(keyOf(row), row.id)
      for (const { draft, facts } of prepared) {
        const key = keyOf(draft.row)
        if (!known.has(key)) known.set(key, await save(tx, context, links, draft, facts))
      }
      return prepared.map(({ draft }) => known.get(keyOf(draft.row)) as number)
    })
    const rows = await visibleRows(await context.renewed(), links, [...new Set(ids)])
    const shown = await represented(context, links, rows)
    const page = { filters: [], offset: 1, pageSize: MOST, select: undefined }
    const body = {
      ...collection(context.path, shown, { pageSize: MOST, offset: 1 }),
      _links: pageLinks(context.path, context, page, shown.length, true, {}),
    }
    return { status: 201, body }
  },
})

/** The elements of a collection that a client sends. */
function elementsIn(body: Payload): readonly Payload[] {
  const isObject = (value: unknown): value is Payload => typeof value === 'object' && value !== null && !Array.isArray(value)
  const { elements } = isObject(body._embedded) ? body._embedded : {}
  if (!Array.isArray(elements) || !elements.every(isObject)) throw badRequest(said`_embedded.elements must be a list of objects.`)
  const fault =
    elements.length === 0
      ? said`can't be blank`
      : elements.length > MOST
        ? said`are too many (maximum is ${MOST} elements)`
        : undefined
  if (fault) throw toErrors({ properties: [] }, [violation('elements', said`Elements ${fault}.`, { complete: true })])[0]
  return elements
}

const hostIn = (element: Payload): string | undefined => {
  const link = sentLink(element, 'storageUrl') as { href?: unknown } | undefined
  return typeof link?.href === 'string' ? withoutSlashes(link.href.trim()) : undefined
}

/** The ids of the storages with the addresses in elements, by address; whether they can be seen is judged with their links. */
async function storagesByHost(context: Context, elements: readonly Payload[]): Promise<ReadonlyMap<string, number>> {
  const hosts = elements.map(hostIn).filter((host) => host !== undefined)
  if (hosts.length === 0) return new Map()
  const rows = await context.db.all<{ id: number; host: string }>(
    sql`select id, host from storages where ${amongTexts(context.engine, name('host'), hosts)}`,
  )
  return new Map(rows.map(({ id, host }) => [host, id]))
}

/** An element with the link to its storage in place of the storage's address. */
function withStorage(element: Payload, hosts: ReadonlyMap<string, number>): Payload {
  const host = hostIn(element)
  if (host === undefined) return element
  return { ...element, _links: { storage: { href: `/api/v3/storages/${hosts.get(host) ?? UNKNOWN}` } } }
}

/** The id of no storage. */
const UNKNOWN = 2147483647

/** The errors of an element, each with the name of the file. */
function errorsOf(violations: Prepared['violations'], element: Payload): ApiError[] {
  const file = (element.originData as OriginData | undefined)?.name
  return toErrors(FileLink, violations).map(
    ({ identifier, sentence, details }) =>
      new ApiError(
        identifier,
        typeof file === 'string' ? said`File link ${file}: ${sentence}` : sentence,
        details ? { details } : {},
      ),
  )
}

const storageOf = async (row: Row, { db }: Context): Promise<StorageRow> =>
  (await db.one<StorageRow>(sql`select * from storages where id = ${row.storage_id}`)) as StorageRow

const openFileLink = operation({
  method: 'GET',
  path: '/file_links/:id/open',
  summary: 'Open a linked file',
  description: 'Redirects to the file in its storage or, with `location=true`, to its folder.',
  tag: 'FileLink',
  answers: { status: 303 },
  query: ['location'],
  run: async ({ context, params }) => {
    const row = await rowAt(params.id, context.model.of(FileLink), context)
    const storage = await storageOf(row, context)
    const isLocation = context.params.get('location') === 'true'
    if (storage.type === 'Nextcloud') return redirect(nextcloudPage(storage, row.origin_id, isLocation))
    return redirect(await withConnection(context, storage, (remote) => remote.open(row.origin_id, isLocation)))
  },
})

const downloadFileLink = operation({
  method: 'GET',
  path: '/file_links/:id/download',
  summary: 'Download a linked file',
  description:
    'Redirects to a download of the file, whose address needs no credentials; without a connection, to the page that connects the caller.',
  tag: 'FileLink',
  answers: { status: 303 },
  run: async ({ context, params }) => {
    const row = await rowAt(params.id, context.model.of(FileLink), context)
    const storage = await storageOf(row, context)
    return redirect(await withConnection(context, storage, (remote) => remote.download(row.origin_id)))
  },
})

export const operations: readonly Operation[] = [listFileLinks, createFileLinks, openFileLink, downloadFileLink]
