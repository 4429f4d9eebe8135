/** File links: work packages point to files in storages. */
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { signedIn, through } from '#kernel/access/rules.ts'
import type { Draft, Loaded } from '#kernel/declaration.ts'
import { resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { manageLinks, viewLinksOfWork } from './access.ts'
import { type OriginData, originDataFault, originDataKind } from './kinds.ts'

/** Computed columns that rules read. */
interface Computed {
  /** The project of the work package. */
  readonly project_id: number
}

type Row = Tables['file_links']

const ofWork = {
  find: ({ project_id, work_package_id }: Partial<Row & Computed>) => ({ id: work_package_id, project_id }),
}
const view = through('work_package_id', 'work_packages', viewLinksOfWork, ofWork)
const manage = through('work_package_id', 'work_packages', manageLinks(), ofWork)

/** How a file is at its storage, for the viewer. */
export const fileStates = {
  'permission:ViewAllowed': said`View allowed`,
  'permission:ViewNotAllowed': said`View not allowed`,
  NotFound: said`Not found`,
  Error: said`Error`,
} as const
export type FileState = keyof typeof fileStates

/** The name of the states of files among what a request tells once. */
export const FILE_STATES = 'the states of linked files'

const stateOf = ({ id }: Row, { context }: Loaded): FileState | undefined =>
  (context.told.get(FILE_STATES) as ReadonlyMap<number, FileState> | undefined)?.get(id)

const self = ({ id }: Row): string => `/api/v3/file_links/${id}`

export const FileLink = resource<'file_links', unknown, Computed>('FileLink', 'file_links', {
  path: 'file_links',
  description: 'A link of a work package to a file or folder in a file storage.',
  glossary: {
    originData: 'The file, as far as it is known: the last data that the storage has given.',
    creator: 'The user who linked the file.',
    storage: 'The storage of the file.',
    container: 'The work package.',
    status: 'URN that says whether the caller may view the file. Present only if the storage has been asked.',
    staticOriginOpen: 'Redirects to the file in its storage.',
    staticOriginOpenLocation: 'Redirects to the folder of the file.',
    staticOriginDownload: 'Redirects to a download of the file.',
  },
  example: { id: 21, originData: { id: '5503', name: 'mast.pdf', mimeType: 'application/pdf' } },
  title: ({ origin_data }) => (origin_data as OriginData).name,
  order: { column: 'id' },
  visible: view,
  copied: { with: 'fileLinks', needs: 'storages', by: 'work_package_id' },
  // The work package, which the operation has checked by then, decides who links files to it.
  may: { create: signedIn, delete: manage },
  computedColumns: {
    project_id: (_, table) =>
      sql`(select work_packages.project_id from work_packages where work_packages.id = ${name(`${table}.work_package_id`)})`,
  },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    originData: p.of(originDataKind, { required: true, label: said`Origin data`, fault: originDataFault }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    creator: p.link('User', { readOnly: true, alwaysNamed: true, whenGone: 'successor' }),
    storage: p.link('Storage', {
      required: true,
      embed: true,
      filter: 'list',
      whenGone: 'remove',
      // A storage that the project uses.
      eligible: ({ row }) =>
        sql`storages.id in (
          select u.storage_id from project_storages u join work_packages w on w.project_id = u.project_id
          where w.id = ${row.work_package_id})`,
    }),
    container: p.link('WorkPackage', { column: 'work_package_id', readOnly: true, embed: true, whenGone: 'remove' }),
  }),
  actions: {
    status: {
      href: (row, page) => `urn:openproject-org:api:v3:file-links:${stateOf(row, page)}`,
      title: (row, page) => fileStates[stateOf(row, page) ?? 'Error'],
      when: (row, page) => stateOf(row, page) !== undefined,
    },
    staticOriginOpen: { href: (row) => `${self(row)}/open` },
    staticOriginOpenLocation: { href: (row) => `${self(row)}/open?location=true` },
    staticOriginDownload: { href: (row) => `${self(row)}/download` },
  },
  defaults: ({ viewer }) => ({ creator_id: viewer.id }),
  derive: [({ row }: Draft<Row>) => (row.origin_data ? { origin_id: (row.origin_data as OriginData).id } : {})],
  operations: ['show', 'delete'],
})
