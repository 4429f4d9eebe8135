/** Links and actions of work packages. */
import type { Tables } from '#db/tables.ts'
import { inProject, signedIn } from '#kernel/access/rules.ts'
import type { Action, Loaded } from '#kernel/declaration.ts'
import { said } from '#text/messages.ts'
import type { Relatives } from './hierarchy.ts'

type WorkPackage = Tables['work_packages']

export const self = (row: { id: number }) => `/api/v3/work_packages/${row.id}`

/** The loaded relatives. */
export const relatives = ({ loaded }: Loaded): Relatives => loaded.relatives

export const isMilestone = ({ type_id }: { type_id: number }, { loaded }: Loaded): boolean =>
  loaded.types.get(type_id)?.is_milestone ?? false
export const isNoMilestone = (row: { type_id: number }, page: Loaded): boolean => !isMilestone(row, page)

/** Computed columns of a work package; flags have the value of the database engine. */
export interface Watched {
  readonly is_watched: unknown
}

const isWatched = ({ is_watched }: Watched): boolean => Boolean(is_watched)

export const links: Record<string, Action<WorkPackage & Watched>> = {
  schema: { href: ({ project_id, type_id }) => `/api/v3/work_packages/schemas/${project_id}-${type_id}` },
  ancestors: { links: ({ parent_id }, page) => (parent_id === null ? undefined : relatives(page).above.get(parent_id)) ?? [] },
  children: {
    links: ({ id }, page) => relatives(page).below.get(id),
    when: ({ id }, page) => relatives(page).below.has(id),
  },
  watchers: { href: (row) => `${self(row)}/watchers`, may: inProject('view_work_package_watchers') },
  availableWatchers: { href: (row) => `${self(row)}/available_watchers`, may: inProject('add_work_package_watchers') },
  watch: {
    href: (row) => `${self(row)}/watchers`,
    method: 'post',
    may: signedIn,
    when: (row) => !isWatched(row),
    payload: (_, { context }) => ({ user: { href: `/api/v3/users/${context.viewer.id}` } }),
  },
  unwatch: {
    href: (row, { context }) => `${self(row)}/watchers/${context.viewer.id}`,
    method: 'delete',
    may: signedIn,
    when: isWatched,
  },
  addWatcher: {
    href: (row) => `${self(row)}/watchers`,
    method: 'post',
    payload: () => ({ user: { href: '/api/v3/users/{user_id}' } }),
    templated: true,
    may: inProject('add_work_package_watchers'),
  },
  removeWatcher: {
    href: (row) => `${self(row)}/watchers/{user_id}`,
    method: 'delete',
    templated: true,
    may: inProject('delete_work_package_watchers'),
  },
  addChild: {
    href: ({ project_id }, { related }) =>
      `/api/v3/projects/${related.get('Project')?.get(project_id)?.identifier ?? project_id}/work_packages`,
    method: 'post',
    title: ({ subject }) => said`Add child of ${subject}`,
    may: inProject('add_work_packages'),
    when: isNoMilestone,
  },
  changeParent: {
    href: self,
    method: 'patch',
    title: ({ subject }) => said`Change parent of ${subject}`,
    may: inProject('manage_subtasks'),
  },
  previewMarkup: { href: (row) => `/api/v3/render/markdown?context=${self(row)}`, method: 'post', harmless: true },
}

type Shown = (property: string) => string | undefined

/** A work package in a text, in few words. */
export const summaryInTexts = ({ id, subject }: WorkPackage, shown: Shown): string =>
  `${shown('type') ?? ''} #${id}: ${subject}`.trimStart()

/** A work package in a text, with its status, dates and assignee as far as the reader may see them. */
export function detailsInTexts(row: WorkPackage, shown: Shown): string {
  const dates = [shown('startDate'), shown('dueDate') ?? shown('date')].filter((date) => date !== undefined)
  const more = [shown('status'), dates.join(' – '), shown('assignee')].filter((part) => part)
  return `${summaryInTexts(row, shown)}${more.length > 0 ? ` (${more.join(', ')})` : ''}`
}
