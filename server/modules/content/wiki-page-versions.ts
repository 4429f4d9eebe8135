/** Versions of wiki pages: what a page said after each of its changes. */
import { name, sql } from '#db/sql.ts'
import { both, having, inProject, through } from '#kernel/access/rules.ts'
import { demand, nested } from '#kernel/operation.ts'
import { resource } from '#kernel/resource.ts'

/** Who reads the versions of a page: asked of the page. */
export const viewVersions = both(inProject('view_wiki_pages'), inProject('view_wiki_edits'))

/** What an entry of the history takes from the page as it was. */
interface Kept {
  readonly project_id: number
  readonly title: string
  readonly text: string | null
}

const kept = (own: keyof Kept) => (_: unknown, table: string) =>
  sql`(select v.${name(own)} from wiki_page_versions v where v.journal_id = ${name(`${table}.id`)})`

export const WikiPageVersion = resource<'journals', unknown, Kept>('WikiPageVersion', 'journals', {
  path: 'wiki_page_versions',
  label: 'version of a wiki page',
  plural: 'versions of wiki pages',
  description:
    'A version of a wiki page: its title and text after a change. Changes that a user makes in quick succession are one.',
  glossary: {
    number: 'Number of the version, from 1.',
    title: 'The title at that time.',
    text: 'The text at that time.',
    user: 'The user who made the change.',
    wikiPage: 'The page.',
  },
  example: { number: 2, title: 'Knots' },
  title: ({ title, version }) => `${title} (${version})`,
  places: ({ resource_id }) => [{ resource: 'WikiPage', id: resource_id }],
  order: { column: 'version', descending: true },
  visible: both(
    having('resource', 'wiki_pages'),
    through('resource_id', 'wiki_pages', viewVersions, {
      find: ({ resource_id, project_id }) => ({ id: resource_id, project_id }),
    }),
  ),
  computedColumns: { project_id: kept('project_id'), title: kept('title'), text: kept('text') },
  properties: (p) => ({
    id: p.integer(),
    number: p.integer({ column: 'version', sort: true }),
    title: p.text(),
    text: p.markdown(),
    createdAt: p.dateTime(),
    updatedAt: p.dateTime(),
    wikiPage: p.link('WikiPage', { column: 'resource_id' }),
    user: p.link('User', { alwaysNamed: true, whenGone: 'successor' }),
  }),
  operations: ['show'],
  extensions: ['show'],
})

export const listVersions = nested({
  parents: ['wiki_pages'],
  extensions: ['wiki_pages'],
  parent: 'WikiPage',
  resource: WikiPageVersion,
  as: 'versions',
  summary: 'List the versions of a wiki page',
  description:
    'Lists what a wiki page said after each of its changes, newest first. To restore a version, update the page with its text.',
  query: ['sortBy', 'select', 'offset', 'pageSize'],
  within: async (page, context) => {
    await demand(context, viewVersions, page)
    return { within: sql`journals.resource_id = ${page.id}` }
  },
})
