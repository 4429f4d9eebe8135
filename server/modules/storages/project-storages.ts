/** Project storages: the storages that projects use, each with a folder of the project. */
import type { Transaction } from '#db/database.ts'
import { among, insert } from '#db/dialect.ts'
import { name, raw, sql, TRUE } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { either, having, inProject, not } from '#kernel/access/rules.ts'
import type { Context, CopyingInto, Draft, Filter, Loaded } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { onTexts } from '#kernel/read/operators.ts'
import { resource } from '#kernel/resource.ts'
import { entryOf } from '#kernel/write/history.ts'
import { removeRows } from '#kernel/write/removal.ts'
import { said } from '#text/messages.ts'
import { manageInProject, viewLinks } from './access.ts'
import { folderKind, withoutSlashes } from './kinds.ts'
import { accessOf, isConfigured, loadAccess } from './knowledge.ts'
import { isManageable, manage } from './managing.ts'

type Row = Tables['project_storages']

/** How a project's folder comes about: there is none, somebody chooses it, or this server manages it. */
const modes = ['inactive', 'manual', 'automatic']

const readsFiles = inProject('read_files')

/** Members who cannot read the files of a folder that is managed automatically cannot open it either. */
export const mayOpen = either(not(having('project_folder_mode', 'automatic')), readsFiles)

/** Keeps the id of a folder that a client names by its address; an empty one where it is a folder of another storage. */
function withFolder({ row, before, given }: Draft<Row>): Partial<Row> {
  if (row.project_folder_mode === 'inactive') return { project_folder_id: null }
  // A job creates it.
  if (row.project_folder_mode === 'automatic')
    return { project_folder_id: before?.project_folder_mode === 'automatic' ? before.project_folder_id : null }
  if (!given.has('projectFolder') || row.project_folder_id === null) return {}
  const [storage, ...folder] = String(row.project_folder_id).split('/')
  return { project_folder_id: storage === String(row.storage_id) ? folder.join('/') : '' }
}

interface Facts {
  /** Whether this server can manage folders in the storage. */
  readonly isManageable: boolean
}

async function lookUp({ row }: Draft<Row>, { db }: Context): Promise<Facts> {
  const storage = await db.one(sql`select id from storages where id = ${row.storage_id ?? null} and ${isManageable}`)
  return { isManageable: storage !== undefined }
}

const offered = ({ isManageable }: Facts): readonly string[] => modes.filter((mode) => mode !== 'automatic' || isManageable)

function check({ row, given }: Draft<Row>): Violation[] {
  if (row.project_folder_id === '') return [violation('projectFolder', said`must be a folder of the storage`)]
  const isMissing = row.project_folder_mode === 'manual' && (row.project_folder_id ?? null) === null
  return isMissing && !given.has('projectFolder') ? [violation('projectFolder', said`can't be blank`)] : []
}

/** Removes the links of the project's work packages to files in the storage as well, and the members' rights in a managed folder. */
async function removeLinks(
  tx: Transaction,
  { project_id, storage_id, project_folder_mode }: Row,
  context: Context,
): Promise<true> {
  const rows = await tx.all<{ id: number }>(sql`
    select f.id from file_links f join work_packages w on w.id = f.work_package_id
    where w.project_id = ${project_id} and f.storage_id = ${storage_id}`)
  const { model } = context
  const links = rows.map(({ id }) => id)
  await removeRows(tx, model, model.of('FileLink'), links, entryOf(context))
  if (project_folder_mode === 'automatic') await manage(tx, storage_id, context.now)
  return true
}

/** Has the folder created, or taken from the members where it is managed no more. */
async function manageFolder(tx: Transaction, { row, before }: Draft<Row>, _: Facts, { now }: Context): Promise<void> {
  const isManaged = [row, before].some((one) => one?.project_folder_mode === 'automatic')
  if (isManaged) await manage(tx, row.storage_id as number, now)
}

/** Rows with a folder that can be copied. */
const hasManagedFolder = sql`project_storages.project_folder_mode = 'automatic' and project_storages.project_folder_id is not null`

/** A copy shares a folder that somebody has chosen; one that this server manages is its own, and a job creates it. */
const ofCopy = ({ project_folder_mode }: Row, { context }: CopyingInto): Partial<Row> => ({
  creator_id: context.viewer.id,
  ...(project_folder_mode === 'automatic' && { project_folder_id: null }),
})

/** Has a job copy the folders that this server manages, as far as the viewer reads the files in them. */
async function copyFolders(
  tx: Transaction,
  pairs: ReadonlyMap<number, number>,
  { context, from, parts }: CopyingInto,
): Promise<void> {
  const ids = [...pairs.keys()]
  const rows = await tx.all<Row>(
    sql`select * from project_storages where ${among(tx.engine, sql`id`, ids)} and ${hasManagedFolder}`,
  )
  const [reads] = await rights(context, readsFiles)
  const isCopied = parts.includes('storageProjectFolders') && reads.holds({ project_id: from })
  for (const { id, storage_id, project_folder_id } of rows) {
    const copy = { storage_id, project_storage_id: pairs.get(id), name: '', copied_from: project_folder_id }
    if (isCopied) await tx.run(insert('managed_folders', copy))
    await manage(tx, storage_id, context.now)
  }
}

/** The storages of a page, and what is known of each, by storage. */
async function loadStorages(rows: readonly Row[], context: Context) {
  const ids = [...new Set(rows.map(({ storage_id }) => storage_id))]
  const storages = await context.db.all<Tables['storages']>(
    sql`select * from storages where ${among(context.engine, raw('id'), ids)}`,
  )
  const access = await loadAccess(storages, context)
  return new Map(storages.map((one) => [one.id, isConfigured(one, accessOf(one, { loaded: { access } }))]))
}

const openHref = ({ id, storage_id }: Row, { loaded }: Loaded): string | null =>
  loaded.configured.get(storage_id) ? `/api/v3/project_storages/${id}/open` : null

const storageUrl: Filter = {
  label: said`Storage URL`,
  strategy: 'list',
  where: ({ operator, values }, { engine }, table) => {
    const host = sql`(select storages.host from storages where storages.id = ${name(`${table}.storage_id`)})`
    return onTexts(engine, operator, values.map(withoutSlashes), host)
  },
}

export const ProjectStorage = resource<'project_storages', Facts>('ProjectStorage', 'project_storages', {
  path: 'project_storages',
  description: 'The use of a file storage in a project, with the folder of the project in it.',
  glossary: {
    projectFolderMode:
      '`inactive` without a folder, `manual` for a chosen folder, `automatic` for a folder that this server creates, renames with the project and shares with its members; for storages with an application password, and for drives.',
    projectFolder: 'The folder of the project. Present only if there is one.',
    project: 'The project.',
    storage: 'The storage.',
    creator: 'The user who added the storage to the project.',
    open: 'Redirects to the folder of the project, or to the root of the storage. Null until the storage is configured.',
    openWithConnectionEnsured: 'The same as `open`.',
  },
  example: { id: 12, projectFolderMode: 'manual', projectFolder: '/api/v3/storages/42/files/30' },
  title: 'project_folder_mode',
  untitled: true,
  belongsTo: 'project_id',
  paginated: false,
  visible: viewLinks(),
  copied: {
    with: { storages: TRUE, storageProjectFolders: hasManagedFolder },
    needs: 'storages',
    change: ofCopy,
    also: copyFolders,
  },
  may: { create: manageInProject, update: manageInProject, delete: manageInProject },
  // Who sees a storage follows from the projects that use it.
  topics: ['projects'],
  properties: (p) => ({
    id: p.integer({ sort: true }),
    projectFolderMode: p.text({
      required: true,
      hasDefault: true,
      allowed: { texts: (_, facts) => offered(facts) },
    }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    projectFolder: p.of(folderKind, {
      column: 'project_folder_id',
      value: ({ storage_id: storage, project_folder_id: folder }) => folder && { storage, folder },
      writable: true,
      nullable: false,
      inLinks: {},
    }),
    project: p.link('Project', {
      required: true,
      writable: ({ before }) => !before,
      filter: 'list',
      whenGone: 'remove',
    }),
    storage: p.link('Storage', {
      required: true,
      writable: ({ before }) => !before,
      filter: 'list',
      whenGone: 'remove',
    }),
    creator: p.link('User', { readOnly: true, alwaysNamed: true, whenGone: 'successor' }),
  }),
  filters: { storageUrl },
  pageLoaders: { configured: loadStorages },
  actions: {
    open: { href: openHref, may: mayOpen },
    openWithConnectionEnsured: { href: openHref, may: mayOpen },
  },
  defaults: ({ viewer }) => ({ creator_id: viewer.id, project_folder_mode: 'inactive' }),
  facts: lookUp,
  derive: [withFolder],
  check: [check],
  after: [manageFolder],
  remove: removeLinks,
  operations: ['index', 'show', 'create', 'update', 'delete'],
  extensions: ['create', 'update', 'delete'],
})
