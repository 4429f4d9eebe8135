/** The pages that grids are placed on, and the widgets that each of them takes: a page is one entry of `pages`. */
import { both, either, having, inAnyProject, inProject, own, unconfined } from '#kernel/access/rules.ts'
import type { Rule } from '#kernel/declaration.ts'
import { inLanguage, type Language, type Message, said } from '#text/messages.ts'

/** The place of a widget: its first lines, and those after its last cells. */
export type Area = readonly [startRow: number, endRow: number, startColumn: number, endColumn: number]

/** What a new grid has where the client says nothing. */
export interface Layout {
  readonly rows: number
  readonly columns: number
  readonly widgets: readonly (readonly [identifier: string, ...Area])[]
}

export interface Page {
  /** Its address, which grids are found by; `:project` stands for the identifier of a project. */
  readonly address: string
  /** The permissions in the project for seeing and for writing its grids; where there are none, a grid is its owner's. */
  readonly permissions?: { readonly view: string; readonly manage: string }
  /** There can be several grids of a project on it, which can be deleted. */
  readonly hasMany?: true
  /** The widgets by identifier, with the permissions that adding one takes: in the project, or in any project. */
  readonly widgets: Readonly<Record<string, readonly string[]>>
  readonly layout: Layout
}

type Options = Readonly<Record<string, unknown>>

interface WidgetKind {
  /** The name of a new widget, in the language of whoever adds it; later it is data. */
  readonly name?: Message
  /** The other options of a new widget. */
  readonly options: Options
  /** Options that are formattable texts. */
  readonly texts?: readonly string[]
}

const named = (name: Message, options: Options = {}): WidgetKind => ({ name, options })

/** A list of open work packages that have the viewer as their `role`. */
const mine = (name: Message, role: string): WidgetKind =>
  named(name, {
    queryProps: {
      'columns[]': ['id', 'project', 'type', 'subject'],
      filters: JSON.stringify([{ status: { operator: 'o', values: [] } }, { [role]: { operator: '=', values: ['me'] } }]),
    },
  })

const everyDay = { days: [true, true, true, true, true, true, true] }

const kinds: Readonly<Record<string, WidgetKind>> = {
  custom_text: { ...named(said`Text`, { text: null }), texts: ['text'] },
  documents: named(said`Documents`),
  members: named(said`Members`),
  news: named(said`News`),
  project_description: named(said`Description`),
  project_details: named(said`Project details`),
  project_favorites: named(said`Favorite projects`),
  project_status: named(said`Project status`),
  subprojects: named(said`Subprojects`),
  time_entries_current_user: named(said`My spent time`, everyDay),
  time_entries_project: named(said`Spent time`, everyDay),
  work_package_query: { options: {} },
  work_packages_accountable: mine(said`Work packages I am accountable for`, 'responsible'),
  work_packages_assigned: mine(said`Work packages assigned to me`, 'assignee'),
  work_packages_calendar: named(said`Calendar`),
  work_packages_created: mine(said`Work packages created by me`, 'author'),
  work_packages_graph: named(said`Work packages graph`),
  work_packages_overview: named(said`Work packages overview`),
  work_packages_table: named(said`Work packages`),
  work_packages_watched: mine(said`Work packages watched by me`, 'watcher'),
}

export const pages: Readonly<Record<string, Page>> = {
  my: {
    address: '/my/page',
    widgets: {
      custom_text: ['view_project'],
      documents: [],
      news: [],
      project_favorites: [],
      time_entries_current_user: [],
      work_packages_accountable: [],
      work_packages_assigned: [],
      work_packages_calendar: [],
      work_packages_created: [],
      work_packages_table: ['save_queries'],
      work_packages_watched: [],
    },
    layout: {
      rows: 1,
      columns: 2,
      widgets: [
        ['work_packages_assigned', 1, 2, 1, 2],
        ['work_packages_created', 1, 2, 2, 3],
      ],
    },
  },
  overview: {
    address: '/projects/:project',
    permissions: { view: 'view_project', manage: 'manage_overview' },
    widgets: {
      custom_text: [],
      documents: [],
      members: [],
      news: [],
      project_description: [],
      project_details: [],
      project_status: [],
      subprojects: [],
      time_entries_project: [],
      work_packages_calendar: [],
      work_packages_graph: ['save_queries', 'manage_public_queries'],
      work_packages_overview: [],
      work_packages_table: ['save_queries', 'manage_public_queries'],
    },
    layout: {
      rows: 3,
      columns: 2,
      widgets: [
        ['project_description', 1, 2, 1, 2],
        ['project_status', 1, 2, 2, 3],
        ['project_details', 2, 3, 1, 2],
        ['members', 2, 3, 2, 3],
        ['work_packages_overview', 3, 4, 1, 3],
      ],
    },
  },
  boards: {
    address: '/projects/:project/boards',
    permissions: { view: 'show_board_views', manage: 'manage_board_views' },
    hasMany: true,
    widgets: { work_package_query: [] },
    layout: { rows: 1, columns: 1, widgets: [] },
  },
}

export const pageNames: readonly string[] = Object.keys(pages)

const isOwner = both(own('user_id'), unconfined)

/** A rule that holds on the grids of each page for which `of` gives one. */
const byPage = (of: (page: Page) => Rule | undefined): Rule =>
  either(
    ...Object.entries(pages).flatMap(([name, page]) => {
      const rule = of(page)
      return rule ? [both(having('page', name), rule)] : []
    }),
  )

const managing = ({ permissions }: Page) => (permissions ? inProject(permissions.manage) : isOwner)

export const view = byPage(({ permissions }) => (permissions ? inProject(permissions.view) : isOwner))
export const manage = byPage(managing)
export const remove = byPage((page) => (page.hasMany ? managing(page) : undefined))
/** Rule for uploading what is attached to a grid later: on pages of projects. */
export const upload = either(
  ...Object.values(pages).flatMap(({ permissions }) => (permissions ? [inProject(permissions.manage)] : [])),
)

/** The rule for managing the grids that a page has in a project, judged on the project; none for pages of their owners. */
export const managedProjects: ReadonlyMap<string, Rule> = new Map(
  Object.entries(pages).flatMap(([name, { permissions }]) => (permissions ? [[name, inProject(permissions.manage, 'id')]] : [])),
)

/** The rules for adding the widgets of a page, judged on the grid. */
const addable: ReadonlyMap<string, readonly (readonly [identifier: string, Rule])[]> = new Map(
  Object.entries(pages).map(([name, { permissions, widgets }]) => [
    name,
    Object.entries(widgets).map(([identifier, needed]) => [
      identifier,
      both(...needed.map((permission) => (permissions ? inProject(permission) : inAnyProject(permission)))),
    ]),
  ]),
)

/** The rules for adding the widgets of a page, by identifier; of no page or an unknown one, those of all pages. */
export const rulesOfWidgets = (page: string | null | undefined): readonly (readonly [identifier: string, Rule])[] =>
  addable.get(page ?? '') ?? pageNames.flatMap((name) => addable.get(name) ?? [])

/** The options of a new widget. */
export function defaultOptions(identifier: string, language: Language): Options {
  const { name, options = {} } = kinds[identifier] ?? {}
  return name === undefined ? options : { name: inLanguage(name, language), ...options }
}

/** The options of a widget that are formattable texts. */
export const textOptions = (identifier: string): readonly string[] => kinds[identifier]?.texts ?? []
